// A heap, a second worker of it, a foreign heap, and a model of what must be live: calls with arguments of
// every kind are made and held against it.

import assert from "node:assert/strict";
import fc from "fast-check";
import { SlabAllocator } from "offheap";
import { type AllocatorError, show } from "#src/base/errors.js";
import { bufferOf } from "#src/memory/kind.js";
import { heapOf } from "../heaps.ts";
import { anything, type Given, givenNumber, outcome, poison } from "./values.ts";

type Target =
  | "live"
  | "freed"
  | "inside"
  | "metadata"
  | "states"
  | "data"
  | "tail"
  | "end"
  | "foreign"
  | "odd";

export interface Call {
  readonly what: "allocate" | "deallocate" | "sizeOf" | "adopt" | "reap" | "cleanup" | "rare";
  readonly target: Target;
  readonly pick: number;
  readonly odd: Given;
  readonly size: Given;
  readonly sized: "none" | "right" | "odd";
}

const size = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 9000 }).map(givenNumber) }, anything);
export const call: fc.Arbitrary<Call> = fc.record({
  what: fc.constantFrom(
    ...(["allocate", "allocate", "allocate", "deallocate", "deallocate", "sizeOf", "adopt", "reap"] as const),
    ...(["cleanup", "rare"] as const),
  ),
  target: fc.constantFrom<Target>(
    "live",
    "live",
    "freed",
    "inside",
    "metadata",
    "states",
    "data",
    "tail",
    "end",
    "foreign",
    "odd",
  ),
  pick: fc.nat(2 ** 30),
  odd: anything,
  size,
  sized: fc.constantFrom("none", "right", "odd"),
});

/** A heap, a second worker in the same thread, and what must be live. */
export class CallBench {
  readonly allocator: SlabAllocator;
  readonly other: SlabAllocator;
  readonly classes: readonly number[];
  readonly live = new Map<number, number>();
  readonly freed: number[] = [];
  private readonly foreign: SlabAllocator;
  private readonly bytes: Buffer;

  constructor(allocator: SlabAllocator, books: boolean) {
    const heap = heapOf(allocator);
    this.allocator = allocator;
    this.other = SlabAllocator.attach(allocator.handle);
    this.classes = heap.layout.objectBytes;
    this.foreign = new SlabAllocator({ capacity: 8 << 20, maxWorkers: 2 });
    const length = books ? heap.layout.bookBytes : heap.layout.capacityBytes;
    this.bytes = Buffer.from(bufferOf(heap.source), heap.offset, length);
  }

  classOf(given: unknown): number {
    if (typeof given !== "number" || !Number.isInteger(given) || given <= 0) return 0;
    return this.classes.find((bytes) => bytes >= given) ?? 0;
  }

  addressFor({ target, pick, odd }: Call): unknown {
    const { layout, offset, dataAt } = heapOf(this.allocator);
    const live = [...this.live.keys()];
    const some = live[pick % Math.max(live.length, 1)] ?? dataAt;
    const last = dataAt + layout.chunkCount * 65_536;
    switch (target) {
      case "live":
        return some;
      case "freed":
        return this.freed[pick % Math.max(this.freed.length, 1)];
      case "inside":
        return some + 1 + (pick % ((this.live.get(some) ?? 8) - 1));
      case "metadata":
        return offset + (pick % layout.statesAt);
      case "states":
        return offset + layout.statesAt + (pick % (layout.bookBytes - layout.statesAt));
      case "data":
        return dataAt + (pick % (layout.chunkCount * 8192)) * 8;
      case "tail":
        return dataAt + (1 + (pick % layout.chunkCount)) * 65_536 - 8 * (1 + (pick % 13));
      case "end":
        return last + (pick % 3) * 8 - 8 + (pick % 2) * 2 ** 32;
      case "foreign":
        return this.foreign.allocate(1 + (pick % 64)) + 2 ** 20 * (pick % 7);
      case "odd":
        return odd.value();
    }
  }

  /** The error of a call, after which every byte is as it was; undefined when the call returned. */
  try(codes: Parameters<typeof outcome>[0], act: () => unknown): AllocatorError | undefined {
    const before = Buffer.from(this.bytes);
    const error = outcome(codes, act);
    if (error !== undefined && error.code !== "ERR_OUT_OF_MEMORY") {
      assert.ok(before.equals(this.bytes), `${error.code} came after something had been written`);
    }
    return error;
  }

  run(made: Call): void {
    const worker = made.pick % 3 === 0 ? this.other : this.allocator;
    const address = this.addressFor(made) as number;
    switch (made.what) {
      case "allocate":
        return this.allocate(worker, made.size.value());
      case "deallocate":
        return this.deallocate(worker, address, made);
      case "sizeOf":
      case "adopt":
        return this.ask(worker, made.what, address);
      case "reap":
        return this.reap(worker, made);
      case "cleanup":
        if (made.odd !== poison)
          outcome(["ERR_INVALID_OPTION"], () => worker.cleanup(made.odd.value() as object));
        return;
      case "rare":
        worker.stats();
        assert.deepEqual(worker.check(), []);
    }
  }

  private allocate(worker: SlabAllocator, given: unknown): void {
    const bytes = this.classOf(given);
    let address = 0;
    const codes = bytes === 0 ? (["ERR_INVALID_SIZE"] as const) : (["ERR_OUT_OF_MEMORY"] as const);
    const error = this.try(codes, () => {
      address = worker.allocate(given as number);
    });
    if (error !== undefined) return;
    assert.notEqual(bytes, 0, `allocate(${show(given)}) returned ${address}`);
    for (const [start, length] of this.live) {
      assert.ok(address + bytes <= start || start + length <= address, `${address} overlaps ${start}`);
    }
    this.live.set(address, bytes);
  }

  private deallocate(worker: SlabAllocator, address: number, made: Call): void {
    const bytes = this.live.get(address);
    const given = made.sized === "none" ? undefined : made.sized === "right" ? bytes : made.odd.value();
    const isRight = bytes !== undefined && (given === undefined || this.classOf(given) === bytes);
    const codes =
      bytes === undefined
        ? (["ERR_INVALID_ADDRESS", "ERR_DOUBLE_FREE"] as const)
        : (["ERR_SIZE_MISMATCH"] as const);
    const error = this.try(codes, () => worker.deallocate(address, given as number));
    assert.equal(
      error === undefined,
      isRight,
      `deallocate(${show(address)}): ${error?.message ?? "no error"}`,
    );
    if (!isRight) return;
    this.live.delete(address);
    this.freed.push(address);
  }

  private ask(worker: SlabAllocator, what: "sizeOf" | "adopt", address: number): void {
    const bytes = this.live.get(address);
    let answer: unknown;
    const error = this.try(["ERR_INVALID_ADDRESS", "ERR_DOUBLE_FREE"], () => {
      answer = worker[what](address);
    });
    assert.equal(error === undefined, bytes !== undefined, `${what}(${show(address)}): ${error?.message}`);
    if (error === undefined && what === "sizeOf") assert.equal(answer, bytes);
  }

  /** Ids of nobody: an empty report, and nothing happens. Those of the two who live are not for reaping. */
  private reap(worker: SlabAllocator, made: Call): void {
    const { workerId } = this.allocator;
    const candidates = [made.odd.value(), workerId + 128, 2 ** 40 + 3, 126, 5 * 128 + 7, worker.workerId];
    const id = candidates[made.pick % candidates.length] as number;
    if (id === this.allocator.workerId || id === this.other.workerId) {
      if (id === worker.workerId) assert.ok(this.try(["ERR_INVALID_WORKER"], () => worker.reap(id)));
      return;
    }
    const before = Buffer.from(this.bytes);
    const error = this.try(["ERR_INVALID_WORKER", "ERR_INVALID_OPTION"], () => {
      const options = made.size === poison ? {} : made.size.value();
      const report = worker.reap(id, options as { live: boolean });
      assert.equal(report.reaped, false);
    });
    if (typeof id !== "number") assert.ok(error, `reap(${show(id)}) returned`);
    assert.ok(before.equals(this.bytes));
  }

  /** Everything goes, and nothing is left. */
  finish(): void {
    for (const [address, bytes] of this.live) this.other.deallocate(address, bytes);
    this.other.detach();
    this.allocator.cleanup({ all: true });
    assert.deepEqual(this.allocator.check(), []);
    const { liveObjects, spanBytes } = this.allocator.stats();
    assert.deepEqual({ liveObjects, spanBytes }, { liveObjects: 0, spanBytes: 0 });
    this.allocator.destroy();
  }
}

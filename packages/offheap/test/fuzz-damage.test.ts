// Heaps whose books were damaged: some words or bytes of some region hold something else. attach refuses
// them, or check() names what is broken, in bounded time and without a crash; or the heap is whole: every
// object can be freed, and then everything be allocated.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { AllocatorError, type HeapHandle, SlabAllocator } from "offheap";
import type { ClassIndex, WorkerSlot } from "#src/base/brands.js";
import { counter, counterAt, type Layout } from "#src/memory/layout.js";
import { outcome, runs } from "./support/fuzz/values.ts";
import { heapOf } from "./support/heaps.ts";
import { assertDisjoint, assertZeroResidue } from "./support/residue.ts";

const capacity = 2 << 20;
const sizeClasses = [64, 1000, 8192];

/** A heap in use: objects of two workers, full and empty magazines, slabs of three classes, free chunks. */
function makeOriginal(): { bytes: Buffer; layout: Layout; live: Map<number, number>; version: number } {
  const memory = new SharedArrayBuffer(capacity);
  const first = new SlabAllocator({ memory, capacity, maxWorkers: 5, sizeClasses });
  const second = SlabAllocator.attach(first.handle);
  const live = new Map<number, number>();
  for (let i = 0; i < 200; i++) {
    const worker = i % 3 === 0 ? second : first;
    const address = worker.allocate(1 + ((i * 37) % 8000));
    if (i % 4 === 0) (i % 8 === 0 ? first : second).deallocate(address);
    else live.set(address, worker.sizeOf(address));
  }
  const { layout } = heapOf(first);
  assert.deepEqual(first.check(), []);
  return { bytes: Buffer.from(Buffer.from(memory)), layout, live, version: first.handle.version };
}

const original = makeOriginal();
const { layout } = original;

/** The regions of the books, as words from the heap's start. */
const regions: Record<string, readonly [number, number]> = {
  header: [0, layout.workersAt],
  workers: [layout.workersAt, layout.recordsAt],
  records: [layout.recordsAt, layout.claimsAt],
  claims: [layout.claimsAt, layout.mapAt],
  map: [layout.mapAt, layout.infoAt],
  info: [layout.infoAt, layout.chunkSetsAt],
  sets: [layout.chunkSetsAt, layout.statesAt / 4],
  states: [layout.statesAt / 4, layout.bookBytes / 4],
};

interface Change {
  readonly at: number;
  readonly how: "flip" | "set" | "copy";
  readonly bit: number;
  readonly value: number;
}

const value = fc.oneof(fc.constantFrom(0, -1, 1, 128, 0x7fffffff, -(2 ** 31), 0x01010101), fc.integer());
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(2 ** 30),
  how: fc.constantFrom("flip", "flip", "set", "copy"),
  bit: fc.nat(31),
  value,
});

/** A copy of the original, changed within a region. */
function damaged([from, end]: readonly [number, number], changes: readonly Change[]): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(capacity);
  original.bytes.copy(Buffer.from(memory));
  const words = new Int32Array(memory);
  for (const { at, how, bit, value: given } of changes) {
    // The first words of a region are hit more often: they are those in use.
    const index = from + (at % (at % 2 === 0 ? Math.min(end - from, 64) : end - from));
    const source = from + ((given >>> 0) % (end - from));
    if (how === "flip") words[index] = (words[index] as number) ^ (1 << bit);
    else words[index] = how === "set" ? given : (words[source] as number);
  }
  return memory;
}

/** Everything of a heap that passed as whole can be freed, and then everything be had. */
function expectWhole(allocator: SlabAllocator): void {
  for (const [address, bytes] of original.live) allocator.deallocate(address, bytes);
  for (const { workerId } of allocator.stats().workers) {
    if (workerId !== allocator.workerId) allocator.reap(workerId);
  }
  allocator.cleanup({ all: true });
  assertDisjoint(allocator, []);
  assertZeroResidue(allocator);
}

function inspect(memory: SharedArrayBuffer): "refused" | "named" | "whole" {
  const codes = ["ERR_INCOMPATIBLE_HEAP", "ERR_HEAP_BUSY", "ERR_DETACHED", "ERR_TOO_MANY_WORKERS"] as const;
  const handle = { kind: "offheap", version: original.version, memory, offset: 0 } as const;
  let allocator: SlabAllocator | undefined;
  outcome(codes, () => {
    allocator = SlabAllocator.attach(handle);
  });
  if (allocator === undefined) return "refused";
  const start = performance.now();
  const violations = allocator.check();
  allocator.stats();
  assert.ok(performance.now() - start < 10_000, `check and stats took ${performance.now() - start} ms`);
  if (violations.length > 0) return "named";
  expectWhole(allocator);
  return "whole";
}

describe("a heap with damaged books is refused, named, or whole", () => {
  const outcomes = new Map<string, number>();
  for (const [name, region] of Object.entries(regions)) {
    it(name, (context) => {
      outcomes.clear();
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
          const found = inspect(damaged(region, changes));
          outcomes.set(found, (outcomes.get(found) ?? 0) + 1);
        }),
        runs(150),
      );
      context.diagnostic(`${name}: ${[...outcomes].map(([found, count]) => `${count} ${found}`).join(", ")}`);
    });
  }
});

describe("calls on a heap with damaged books", () => {
  const everywhere = [0, layout.bookBytes / 4] as const;
  const place = fc.constantFrom(everywhere, ...Object.values(regions));

  // What they answer nobody can say; an error need not be an AllocatorError. But none hangs.
  it("come to an end", (context) => {
    const others = new Map<string, number>();
    fc.assert(
      fc.property(place, fc.array(change, { minLength: 1, maxLength: 30 }), (region, changes) => {
        const memory = damaged(region, changes);
        const handle = { kind: "offheap", version: original.version, memory, offset: 0 } as const;
        const start = performance.now();
        for (const error of use(handle)) {
          const [what, where] = (error.stack ?? "").split("\n");
          const key = `${what} ${where?.trim().split("/").at(-1)}`;
          others.set(key, (others.get(key) ?? 0) + 1);
        }
        assert.ok(performance.now() - start < 10_000, `took ${performance.now() - start} ms`);
      }),
      runs(300),
    );
    for (const [key, count] of others) context.diagnostic(`${count} times ${key}`);
  });

  it("say so instead of walking over billions of rounds that are not there", () => {
    const calls: ((allocator: SlabAllocator, address: number) => unknown)[] = [
      (allocator) => allocator.allocate(64),
      (allocator, address) => allocator.deallocate(address),
      (allocator) => allocator.cleanup(),
    ];
    for (const call of calls) {
      const allocator = new SlabAllocator({ capacity, maxWorkers: 2, sizeClasses });
      const address = allocator.allocate(64);
      allocator.cleanup();
      const base = counterAt(heapOf(allocator).layout, 1 as WorkerSlot, 1 as ClassIndex) + counter.base;
      heapOf(allocator).words[base] = 2 ** 30;
      assert.ok(
        outcome(["ERR_CORRUPT_HEAP"], () => call(allocator, address)),
        `${call} returned`,
      );
    }
  });

  /** Every call, one after another; returns the errors that are of no known kind. */
  function use(handle: HeapHandle): Error[] {
    const others: Error[] = [];
    const attempt = <T>(call: () => T): T | undefined => {
      try {
        return call();
      } catch (error) {
        if (!(error instanceof AllocatorError)) others.push(error as Error);
        return undefined;
      }
    };
    const allocator = attempt(() => SlabAllocator.attach(handle));
    if (allocator === undefined) return others;
    for (const size of sizeClasses) attempt(() => allocator.allocate(size));
    for (const address of original.live.keys()) attempt(() => allocator.deallocate(address));
    for (let i = 0; i < 40; i++) attempt(() => allocator.allocate(sizeClasses[i % 3] as number));
    attempt(() => allocator.cleanup());
    for (let id = 1; id <= 5; id++) attempt(() => allocator.reap(128 + id, { live: id % 2 === 0 }));
    attempt(() => allocator.stats());
    attempt(() => allocator.check());
    attempt(() => allocator.detach());
    return others;
  }
});

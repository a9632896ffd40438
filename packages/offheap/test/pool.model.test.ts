// The model test of pools: random lives of small heaps, several workers in one thread, compared with a plain Map:
// objects of all sizes, aligned, resized, freed by others, adopted; workers come, go, die; everything is reset.

import assert from "node:assert/strict";
import { it } from "node:test";
import { AllocatorError, type MemoryPool } from "offheap";
import type { Heap } from "#src/memory/heap.js";
import { readFill, writeFill } from "./support/fill.ts";
import { attachPoolTo, expectCode, makePoolHeap } from "./support/heaps.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertZeroResidue } from "./support/residue.ts";

const runs = 80;
const steps = 250;

interface LiveObject {
  readonly size: number;
  readonly id: number;
  readonly isAligned: boolean;
}

class PoolModel {
  readonly heap: Heap;
  readonly history: string[] = [];
  private readonly random: Random;
  private readonly workers: MemoryPool[] = [];
  private readonly live = new Map<number, LiveObject>();
  private nextId = 1;

  constructor(random: Random) {
    this.random = random;
    const sizeClasses = random.pick([
      [64],
      [64, 8192],
      [40, 1000, 24_000],
      [64, 8192, 9216, 10_240, 20_480, 32_768],
    ]);
    const slots = { slotsPerSlab: 4 + random.below(40), slabChunks: random.pick([1, 2, 3]), roundLimit: 2 };
    const chunks = 3 + random.below(30);
    this.heap = makePoolHeap({ capacity: (1 + chunks) * 65_536, sizeClasses, maxWorkers: 4 }, slots);
    this.workers.push(attachPoolTo(this.heap));
    this.note(`${chunks} chunks, classes ${sizeClasses}, ${JSON.stringify(slots)}`);
  }

  step(): void {
    const dice = this.random.below(100);
    if (dice < 45) this.allocate();
    else if (dice < 70) this.free();
    else if (dice < 80) this.resize();
    else if (dice < 84) this.refuse();
    else if (dice < 88) this.adopt();
    else if (dice < 91) this.worker().cleanup();
    else if (dice < 99) this.comeAndGo();
    else this.reset();
  }

  verify(): void {
    const worker = this.workers[0] as MemoryPool;
    assert.deepEqual(worker.check(), []);
    const stats = worker.stats();
    assert.equal(stats.liveObjects, this.live.size);
    let bytes = 0;
    for (const [address, { size }] of this.live) {
      assert.ok(worker.sizeOf(address) >= size);
      bytes += worker.sizeOf(address);
    }
    assert.equal(stats.liveBytes, bytes);
  }

  /** Frees all; the worker that is left. */
  finish(): MemoryPool {
    for (const address of [...this.live.keys()]) this.end(address);
    const [last, ...others] = this.workers as [MemoryPool, ...MemoryPool[]];
    for (const worker of others) worker.detach();
    return last;
  }

  private note(text: string): void {
    this.history.push(text);
  }

  private worker(): MemoryPool {
    return this.random.pick(this.workers);
  }

  private anyLive(): number {
    return this.random.pick([...this.live.keys()]);
  }

  private size(): number {
    return 1 + Math.floor(2 ** (this.random.below(18_500) / 1000));
  }

  /** What a call returns; `undefined` when it says that there is no room. */
  private withRoom(call: () => number): number | undefined {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof AllocatorError)) throw error;
      if (error.code === "ERR_OUT_OF_MEMORY" || /beyond|1 to/.test(error.message)) return undefined;
      throw error;
    }
  }

  private place(address: number, size: number, isAligned: boolean): void {
    const worker = this.worker();
    const end = address + worker.sizeOf(address);
    for (const other of this.live.keys()) {
      const isApart = other >= end || other + worker.sizeOf(other) <= address;
      assert.ok(isApart, `${address} to ${end} overlaps the object at ${other}`);
    }
    const id = this.nextId++;
    writeFill(worker, address, id);
    this.live.set(address, { size, id, isAligned });
  }

  private allocate(): void {
    const { random } = this;
    const size = this.size();
    const align = random.chance(30) ? 2 ** random.below(18) : undefined;
    const worker = this.worker();
    this.note(`${worker.workerId} allocates ${size}, align ${align}`);
    const address = this.withRoom(() => worker.allocate(size, align === undefined ? undefined : { align }));
    if (address === undefined) return;
    assert.equal(address % (align ?? 1), 0);
    this.place(address, size, align !== undefined);
  }

  private end(address: number): void {
    const { size, id, isAligned } = this.live.get(address) as LiveObject;
    const worker = this.worker();
    this.note(`${worker.workerId} frees ${address} (${size})`);
    readFill(worker, address, id);
    if (!isAligned && this.random.chance(50)) worker.deallocate(address, size);
    else worker.deallocate(address);
    this.live.delete(address);
  }

  private free(): void {
    if (this.live.size > 0) this.end(this.anyLive());
  }

  private resize(): void {
    if (this.live.size === 0) return;
    const [address, size, worker] = [this.anyLive(), this.size(), this.worker()];
    const { id, size: before } = this.live.get(address) as LiveObject;
    this.note(`${worker.workerId} resizes ${address} from ${before} to ${size}`);
    readFill(worker, address, id);
    const kept = worker.u8.slice(address, address + Math.min(before, size));
    const next = this.withRoom(() => worker.reallocate(address, size));
    if (next === undefined) {
      readFill(worker, address, id);
      return;
    }
    assert.deepEqual(Buffer.from(worker.u8.subarray(next, next + kept.length)), Buffer.from(kept));
    this.live.delete(address);
    this.place(next, size, true);
  }

  /** Wrong calls, which change nothing. */
  private refuse(): void {
    if (this.live.size === 0) return;
    const [address, worker] = [this.anyLive(), this.worker()];
    const inside = 1 + this.random.below(worker.sizeOf(address) - 1);
    expectCode("ERR_SIZE_MISMATCH", () => worker.deallocate(address, 0));
    expectCode("ERR_INVALID_ADDRESS", () => worker.deallocate(address + inside));
    expectCode("ERR_INVALID_ADDRESS", () => worker.reallocate(address + inside, 100));
  }

  private adopt(): void {
    if (this.live.size > 0) this.worker().adopt(this.anyLive());
  }

  private comeAndGo(): void {
    const { random, workers } = this;
    if (workers.length < 3 && random.chance(60)) {
      workers.push(attachPoolTo(this.heap));
      return;
    }
    if (workers.length < 2) return;
    const [gone] = workers.splice(1 + random.below(workers.length - 1), 1) as [MemoryPool];
    this.note(`${gone.workerId} goes`);
    if (random.chance(50)) gone.detach();
    else this.worker().reap(gone.workerId);
  }

  private reset(): void {
    this.note("all is reset");
    this.worker().reset();
    this.live.clear();
  }
}

function live(seed: number): void {
  const model = new PoolModel(new Random(seed));
  try {
    for (let step = 0; step < steps; step++) {
      model.step();
      model.verify();
    }
    assertZeroResidue(model.finish());
  } catch (error) {
    const last = [model.history[0], "…", ...model.history.slice(-25)].join("\n  ");
    throw new Error(`OFFHEAP_SEED=${seed} repeats this: ${last}\n${error}`, { cause: error });
  }
}

it("random lives of small pools agree with a plain Map at every step", (t) => {
  const seed = runSeed();
  t.diagnostic(`OFFHEAP_SEED=${seed}, ${runs} runs from it on`);
  for (let run = 0; run < runs; run++) live(seed + run);
});

it("a life that once failed stays whole", () => {
  // Rounds of before a reset, and state bytes behind the last slot of the next slab.
  live(2_142_401_741);
});

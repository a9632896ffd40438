// A request that fits in the object's place never fails: random lives of small heaps that are full, or nearly, with
// spans that another worker holds just now. Contents are kept, and what can be cut is cut.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AllocatorError, type MemoryPool } from "offheap";
import { claimClaimed, claimPagesHeld, classOf, isSlab, lengthOf, tag, tagOf } from "#src/arena/claim.js";
import { mapLarge, mapPages } from "#src/arena/span-map.js";
import type { WorkerPlace } from "#src/base/brands.js";
import type { Heap } from "#src/memory/heap.js";
import { readFill, writeFill } from "./support/fill.ts";
import { attachPoolTo, makePoolHeap } from "./support/heaps.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertZeroResidue } from "./support/residue.ts";

const runs = 60;
const steps = 120;
const chunk = 65_536;
const page = 2048;
/** A worker that is nobody: it holds what it holds for as long as the test wants. */
const holder = 4 as WorkerPlace;

/** Holds a random part of the spans of pages and slabs, as another worker does for a moment; what ends that. */
function holdSome(heap: Heap, random: Random, percent: number): () => void {
  const { words, layout } = heap;
  const before = new Map<number, number>();
  for (let at = layout.claimsAt; at < layout.claimsAt + layout.chunkCount; at++) {
    const claim = words[at] as number;
    const isPages = tagOf(claim) === tag.pages;
    if (!(isPages || isSlab(claim)) || !random.chance(percent)) continue;
    before.set(at, claim);
    words[at] = isPages
      ? claimPagesHeld(lengthOf(claim), holder)
      : claimClaimed(classOf(claim), lengthOf(claim), holder);
  }
  return () => {
    for (const [at, claim] of before) words[at] = claim;
  };
}

class FullHeap {
  readonly history: string[] = [];
  private readonly random: Random;
  private readonly heap: Heap;
  private readonly workers: MemoryPool[];
  private readonly live = new Map<number, number>();
  private readonly calls: ReturnType<MemoryPool["asMalloc"]>[];
  private nextId = 1;

  constructor(random: Random) {
    this.random = random;
    const sizeClasses = random.pick([
      [64],
      [24, 64, 1000, 8192],
      [8, 16, 104, 512, 24_000],
      [64, 8192, 9216, 32_768],
    ]);
    const slots = { slotsPerSlab: 4 + random.below(60), slabChunks: random.pick([1, 2, 3]), roundLimit: 2 };
    const chunks = 1 + random.below(12);
    this.heap = makePoolHeap({ capacity: (1 + chunks) * chunk, sizeClasses, maxWorkers: 4 }, slots);
    this.workers = [attachPoolTo(this.heap), attachPoolTo(this.heap)];
    this.calls = this.workers.map((worker) => worker.asMalloc());
    this.history.push(`${chunks} chunks, classes ${sizeClasses}, ${JSON.stringify(slots)}`);
  }

  /** Until not even one byte more can be had, but for a hole now and then. */
  fill(): void {
    const { random } = this;
    for (let size = 2 ** (6 + random.below(13)); size >= 1; size = Math.floor(size / 2)) {
      for (let tries = 0; tries < 400; tries++) {
        const address = this.tryAllocate(size - random.below(Math.ceil(size / 2)));
        if (address === undefined) break;
      }
    }
    for (let holes = random.below(3); holes > 0 && this.live.size > 1; holes--) this.free();
  }

  step(): void {
    const dice = this.random.below(100);
    if (this.live.size === 0) this.fill();
    else if (dice < 80) this.shrink();
    else if (dice < 92) this.free();
    else this.fill();
    assert.deepEqual((this.workers[0] as MemoryPool).check(), []);
  }

  finish(): MemoryPool {
    while (this.live.size > 0) this.free();
    const [last, other] = this.workers as [MemoryPool, MemoryPool];
    other.detach();
    return last;
  }

  private tryAllocate(size: number): number | undefined {
    const worker = this.random.pick(this.workers);
    const options = this.random.chance(30) ? { align: 2 ** this.random.below(17) } : undefined;
    try {
      const address = worker.allocate(size, options);
      this.place(address);
      return address;
    } catch (error) {
      if (error instanceof AllocatorError && error.code !== "ERR_CORRUPT_HEAP") return undefined;
      throw error;
    }
  }

  private place(address: number): void {
    const id = this.nextId++;
    writeFill(this.workers[0] as MemoryPool, address, id);
    this.live.set(address, id);
  }

  private free(): void {
    const address = this.random.pick([...this.live.keys()]);
    const worker = this.random.pick(this.workers);
    readFill(worker, address, this.live.get(address));
    worker.deallocate(address);
    this.live.delete(address);
  }

  private shrink(): void {
    const { random } = this;
    const address = random.pick([...this.live.keys()]);
    const turn = random.below(2);
    const worker = this.workers[turn] as MemoryPool;
    const before = worker.sizeOf(address);
    readFill(worker, address, this.live.get(address));
    const size = random.chance(10) ? before : 1 + random.below(random.chance(50) ? before : 100 % before);
    const kept = worker.u8.slice(address, address + size);
    const isHeld = random.chance(30);
    const letGo = isHeld ? holdSome(this.heap, random, random.pick([30, 100])) : () => {};
    const isC = random.chance(30);
    this.history.push(`${address}: ${before} to ${size}${isC ? " by realloc" : ""}${isHeld ? ", held" : ""}`);
    const next = isC
      ? (this.calls[turn]?.realloc(address, size) as number)
      : worker.reallocate(address, size);
    letGo();
    assert.notEqual(next, 0, "realloc returned NULL");
    assert.deepEqual(worker.u8.slice(next, next + size), kept);
    const after = worker.sizeOf(next);
    assert.ok(after >= size);
    if (isC && size > 8) assert.ok(next % 16 === 0 || next === address);
    if (next === address && !isHeld && !isC) {
      const unit = this.unitOf(address);
      assert.ok(after - size < unit, `${after} bytes are kept of ${before} for ${size}`);
    }
    this.live.delete(address);
    this.place(next);
  }

  /** What an object can be cut by: a slot by nothing. */
  private unitOf(address: number): number {
    const { words, layout, dataAt } = this.heap;
    const entry = words[layout.mapAt + Math.floor((address - dataAt) / chunk)] as number;
    if ((entry & mapPages) !== 0) return page;
    return (entry & mapLarge) !== 0 ? chunk : Number.POSITIVE_INFINITY;
  }
}

function live(seed: number): void {
  const model = new FullHeap(new Random(seed));
  try {
    for (let step = 0; step < steps; step++) model.step();
    assertZeroResidue(model.finish());
  } catch (error) {
    const last = [model.history[0], "…", ...model.history.slice(-12)].join("\n  ");
    throw new Error(`OFFHEAP_SEED=${seed} repeats this: ${last}\n${error}`, { cause: error });
  }
}

describe("a request that fits in the object's place", () => {
  it("never fails, whatever the heap's state, and keeps the contents", (t) => {
    const seed = runSeed();
    t.diagnostic(`OFFHEAP_SEED=${seed}, ${runs} runs from it on`);
    for (let run = 0; run < runs; run++) live(seed + run);
  });
});

// The model test of statistics: random lives of small heaps, several workers in one thread, and after every step each
// number of stats() is what the test has counted for itself. Now and then a span is held, as by a worker that is slow:
// then slots become strays, frees of page runs are yet to be collected, and who leaves leaves something behind.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AllocatorError, MemoryPool, type SlabAllocator } from "offheap";
import type { Heap } from "#src/memory/heap.js";
import { attachPoolTo, attachTo, heapOf, makeHeap } from "./support/heaps.ts";
import { Ledger } from "./support/ledger.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertZeroResidue } from "./support/residue.ts";

const runs = 60;
const steps = 220;
const maxWorkers = 5;

class Life {
  readonly history: string[] = [];
  /** A heap's strays were seen by the statistics so many times, and runs that were yet to be collected. */
  strays = 0;
  private readonly isPool: boolean;
  private readonly random: Random;
  private readonly heap: Heap;
  private readonly ledger: Ledger;
  private readonly workers: SlabAllocator[] = [];
  /** Claim words of spans that are held, by chunk. */
  private readonly held = new Map<number, number>();

  constructor(random: Random, isPool: boolean) {
    this.random = random;
    this.isPool = isPool;
    const sizeClasses = random.pick([[64], [64, 8192], [40, 1000, 24_000], [64, 9216, 19_456]]);
    const tiny = { slotsPerSlab: 4 + random.below(60), slabChunks: random.pick([1, 2, 3]), roundLimit: 3 };
    const chunks = 3 + random.below(14);
    const cleanupInterval = random.pick([0, 1, 5, 100]);
    const options = { capacity: (1 + chunks) * 65_536, sizeClasses, maxWorkers, cleanupInterval };
    // The first worker only looks and holds, so that no claim of its own is taken for one that it holds.
    const first = isPool ? new MemoryPool(options, { tiny }) : attachTo(makeHeap(options, tiny));
    this.workers.push(first);
    this.heap = heapOf(first);
    this.ledger = new Ledger(this.heap);
    this.join();
    this.note(JSON.stringify([options, tiny]));
  }

  step(): void {
    const dice = this.random.below(100);
    if (dice < 40) this.allocate();
    else if (dice < 64) this.free();
    else if (dice < 71) this.resize();
    else if (dice < 76) this.adopt();
    else if (dice < 82) this.cleanUp();
    else if (dice < 86) this.hold();
    else if (dice < 90) this.letGo();
    else if (dice < 94) this.join();
    else if (dice < 98) this.leave();
    else this.reset();
  }

  verify(): void {
    this.ledger.verify(this.workers);
    const { words } = this.heap;
    for (const worker of this.workers)
      for (const { index, countersAt } of worker["slow"].classes)
        if (index !== 0 && (words[countersAt + 5] as number) > 0) this.strays++;
    const violations = (this.workers[0] as SlabAllocator).check();
    const ofHeld = / is held by worker /;
    assert.deepEqual(
      violations.filter(({ message }) => !ofHeld.test(message)),
      [],
    );
    assert.equal(violations.length, this.held.size);
  }

  finish(): SlabAllocator {
    this.letGo();
    for (const address of this.ledger.live.keys()) this.freeOne(address);
    const [last, ...others] = this.workers.splice(0) as [SlabAllocator, ...SlabAllocator[]];
    for (const worker of others) worker.detach();
    return last;
  }

  private note(text: string): void {
    this.history.push(text);
  }

  private worker(): SlabAllocator {
    return this.workers[1 + this.random.below(this.workers.length - 1)] as SlabAllocator;
  }

  private anyLive(): number {
    return this.random.pick([...this.ledger.live.keys()]);
  }

  private size(): number {
    const { objectBytes } = this.heap.layout;
    if (!this.isPool || this.random.chance(50))
      return Math.max(this.random.pick(objectBytes) - this.random.below(8), 1);
    return 1 + Math.floor(2 ** (this.random.below(18_500) / 1000));
  }

  private withRoom(call: () => number): number | undefined {
    try {
      return call();
    } catch (error) {
      const isFull = error instanceof AllocatorError && error.code === "ERR_OUT_OF_MEMORY";
      if (isFull || /integers, 1 to/.test(String(error))) return undefined;
      throw error;
    }
  }

  private allocate(): void {
    const worker = this.worker();
    const size = this.size();
    const align = this.isPool && this.random.chance(20) ? 2 ** this.random.below(18) : undefined;
    const options = align === undefined ? undefined : { align, zeroed: this.random.chance(50) };
    this.note(`${worker.workerId} allocates ${size}, align ${align}`);
    const address = this.withRoom(() => (worker as MemoryPool).allocate(size, options));
    if (address === undefined) return;
    const usable = worker.sizeOf(address);
    const place = this.ledger.placeFor(size, usable, align);
    assert.equal(usable, place.bytes);
    this.ledger.allocated(address, worker.workerId % 128, place);
  }

  private free(): void {
    if (this.ledger.live.size > 0) this.freeOne(this.anyLive());
  }

  private freeOne(address: number): void {
    const worker = this.worker();
    this.note(`${worker.workerId} frees ${address}`);
    worker.deallocate(address);
    this.ledger.freed(address, worker.workerId % 128);
  }

  /** In place nothing is counted; a move is one more, and one that was freed, by who moves it. */
  private resize(): void {
    if (!this.isPool || this.ledger.live.size === 0) return;
    const [address, size, worker] = [this.anyLive(), this.size(), this.worker() as MemoryPool];
    const next = this.withRoom(() => worker.reallocate(address, size));
    this.note(`${worker.workerId} makes ${address} ${size} bytes long, at ${next}`);
    if (next === address) this.ledger.changed(address, { bytes: worker.sizeOf(address) });
    if (next === address || next === undefined) return;
    this.ledger.freed(address, worker.workerId % 128);
    const place = this.ledger.placeFor(size, worker.sizeOf(next));
    assert.equal(worker.sizeOf(next), place.bytes);
    this.ledger.allocated(next, worker.workerId % 128, place);
  }

  private adopt(): void {
    if (this.ledger.live.size === 0) return;
    const [address, worker] = [this.anyLive(), this.worker()];
    worker.adopt(address);
    this.ledger.changed(address, { owner: worker.workerId % 128 });
  }

  private cleanUp(): void {
    const worker = this.worker();
    this.note(`${worker.workerId} cleans up`);
    worker.cleanup();
  }

  /** Takes the claim of a slab or a span of pages that nobody holds, for the first worker. */
  private hold(): void {
    const { words, layout } = this.heap;
    const at = layout.claimsAt + this.random.below(layout.chunkCount);
    const claim = words[at] as number;
    const kind = claim & 7;
    if (this.held.has(at) || (kind !== 3 && kind !== 6)) return;
    this.note(`the span at chunk ${at - layout.claimsAt} is held`);
    this.held.set(at, claim);
    words[at] = (claim + 1) | (((this.workers[0] as SlabAllocator).workerId % 128) << 3);
  }

  private letGo(): void {
    if (this.held.size > 0) this.note("what is held is let go");
    for (const [at, claim] of this.held) this.heap.words[at] = claim;
    this.held.clear();
  }

  private join(): void {
    if (this.workers.length === maxWorkers) return;
    const worker = this.isPool ? attachPoolTo(this.heap) : attachTo(this.heap);
    this.note(`${worker.workerId} joins`);
    this.workers.push(worker);
  }

  private leave(): void {
    if (this.workers.length < 3) return;
    const [gone] = this.workers.splice(1 + this.random.below(this.workers.length - 1), 1) as [SlabAllocator];
    const place = gone.workerId % 128;
    const owned = this.ledger.ownedBy(place);
    const [isDead, live, reaper] = [this.random.chance(60), this.random.chance(50), this.worker()];
    this.note(`${gone.workerId} ${isDead ? `is reaped by ${reaper.workerId}, live ${live}` : "leaves"}`);
    if (!isDead) gone.detach();
    else {
      const report = reaper.reap(gone.workerId, { live });
      assert.equal(live ? report.freedObjects : report.liveObjects, owned.length);
    }
    for (const address of owned) {
      if (isDead && live) this.ledger.freed(address, reaper.workerId % 128);
      else this.ledger.changed(address, { owner: 0 });
    }
  }

  /** Everything is freed by who resets. */
  private reset(): void {
    if (!this.isPool) return;
    this.letGo();
    const worker = this.worker() as MemoryPool;
    this.note(`${worker.workerId} resets`);
    worker.reset();
    for (const address of [...this.ledger.live.keys()]) this.ledger.freed(address, worker.workerId % 128);
  }
}

function live(seed: number, isPool: boolean): number {
  const life = new Life(new Random(seed), isPool);
  try {
    for (let step = 0; step < steps; step++) {
      life.step();
      life.verify();
    }
    assertZeroResidue(life.finish());
    return life.strays;
  } catch (error) {
    const last = [life.history[0], "…", ...life.history.slice(-25)].join("\n  ");
    throw new Error(`OFFHEAP_SEED=${seed} repeats this: ${last}\n${error}`, { cause: error });
  }
}

describe("each number of the statistics, after every step of random lives", () => {
  for (const isPool of [false, true])
    it(`of ${isPool ? "pools" : "heaps of slabs"}`, (t) => {
      const seed = runSeed();
      t.diagnostic(`OFFHEAP_SEED=${seed}, ${runs} runs from it on`);
      let strays = 0;
      for (let run = 0; run < runs; run++) strays += live(seed + run, isPool);
      assert.ok(strays > 0, "no worker ever had strays");
    });
});

// The model test of wide classes: random lives of pools with the usual classes, whose workers free what others allocated,
// leave or die. When all is freed and each worker has cleaned up, no chunk is in a span, whoever built it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AllocatorError, MemoryPool } from "offheap";
import { attachPoolTo, heapOf } from "./support/heaps.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertEmpty } from "./support/residue.ts";
import { usedWell } from "./support/wide.ts";

const runs = 20;
const steps = 1500;
const MiB = 2 ** 20;
const chunkBytes = 65_536;
const maxWorkers = 5;

class Life {
  readonly seen = { slots: 0, runs: 0 };
  private readonly random: Random;
  private readonly pools: MemoryPool[];
  /** Bytes that each live object was filled with, by its address, and how many it was asked for with. */
  private readonly live = new Map<number, { size: number; fill: number }>();
  /** Sizes that come often, so that their classes get slabs. */
  private readonly usual: readonly number[];

  constructor(random: Random) {
    this.random = random;
    const capacity = random.pick([64, 128, 1024]) * MiB;
    const cleanupInterval = random.pick([0, 1, 20, 100]);
    this.pools = [this.worker(new MemoryPool({ capacity, maxWorkers, memory: "local", cleanupInterval }))];
    this.usual = Array.from({ length: 3 }, () => this.anySize());
  }

  step(): void {
    const dice = this.random.below(100);
    if (dice < 46) this.allocate();
    else if (dice < 88) this.free();
    else if (dice < 94) this.resize();
    else if (dice < 96) this.pool().cleanup({ all: this.random.chance(50) });
    else if (dice < 98 && this.pools.length < maxWorkers)
      this.pools.push(this.worker(attachPoolTo(heapOf(this.pools[0] as MemoryPool))));
    else if (this.pools.length > 1) this.leave();
  }

  /** All but one are gone; that one has freed everything. */
  finish(): MemoryPool {
    for (const address of [...this.live.keys()]) this.end(this.pool(), address);
    for (const pool of this.pools) pool.cleanup({ all: true });
    const [last, ...others] = this.pools as [MemoryPool, ...MemoryPool[]];
    assertEmpty(last);
    for (const pool of others) pool.detach();
    return last;
  }

  /** Some build slabs at once, most when a class has been asked for often. */
  private worker(pool: MemoryPool): MemoryPool {
    return this.random.chance(40) ? usedWell(pool) : pool;
  }

  private pool(): MemoryPool {
    return this.random.pick(this.pools);
  }

  private anySize(): number {
    return Math.floor(2 ** (12 + this.random.below(4500) / 1000));
  }

  private size(): number {
    return this.random.chance(70) ? this.random.pick(this.usual) - this.random.below(8) : this.anySize();
  }

  private withRoom(call: () => number): number | undefined {
    try {
      return call();
    } catch (error) {
      if (error instanceof AllocatorError && error.code === "ERR_OUT_OF_MEMORY") return undefined;
      throw error;
    }
  }

  private allocate(): void {
    const [pool, size] = [this.pool(), this.size()];
    const align = this.random.chance(10) ? 2 ** this.random.below(17) : 1;
    const address = this.withRoom(() =>
      align > 1 ? pool.allocate(size, { align, zeroed: true }) : pool.allocate(size),
    );
    if (address === undefined) return;
    assert.equal(address % align, 0);
    this.note(pool, address, size);
  }

  private note(pool: MemoryPool, address: number, size: number): void {
    const usable = pool.sizeOf(address);
    assert.ok(usable >= size && !this.live.has(address));
    if (size > 8192) this.seen[this.isSlot(address) ? "slots" : "runs"]++;
    const fill = this.random.below(256);
    pool.u8[address] = fill;
    pool.u8[address + usable - 1] = fill;
    this.live.set(address, { size: usable, fill });
  }

  /** By the map: only slabs have a class there. */
  private isSlot(address: number): boolean {
    const { words, layout, dataAt } = heapOf(this.pools[0] as MemoryPool);
    return ((words[layout.mapAt + Math.floor((address - dataAt) / chunkBytes)] as number) & 63) !== 0;
  }

  private end(pool: MemoryPool, address: number): void {
    this.look(pool, address);
    pool.deallocate(address);
    this.live.delete(address);
  }

  private look(pool: MemoryPool, address: number): void {
    const { size, fill } = this.live.get(address) as { size: number; fill: number };
    assert.equal(pool.sizeOf(address), size);
    assert.deepEqual([pool.u8[address], pool.u8[address + size - 1]], [fill, fill]);
  }

  private free(): void {
    if (this.live.size > 0) this.end(this.pool(), this.random.pick([...this.live.keys()]));
  }

  private resize(): void {
    if (this.live.size === 0) return;
    const [pool, address, size] = [this.pool(), this.random.pick([...this.live.keys()]), this.size()];
    this.look(pool, address);
    const next = this.withRoom(() => pool.reallocate(address, size));
    if (next === undefined) return;
    this.live.delete(address);
    this.note(pool, next, size);
  }

  private leave(): void {
    const [gone] = this.pools.splice(1 + this.random.below(this.pools.length - 1), 1) as [MemoryPool];
    if (this.random.chance(50)) gone.detach();
    else (this.pools[0] as MemoryPool).reap(gone.workerId);
  }
}

describe("objects around 8 to 64 KiB, of several workers across each other", () => {
  it("leave no span behind, in slabs and in page runs", (t) => {
    const seed = runSeed();
    t.diagnostic(`OFFHEAP_SEED=${seed}, ${runs} runs from it on`);
    const seen = { slots: 0, runs: 0 };
    for (let run = 0; run < runs; run++) {
      const life = new Life(new Random(seed + run));
      try {
        for (let step = 0; step < steps; step++) life.step();
        assert.deepEqual(life.finish().check(), []);
      } catch (cause) {
        throw new Error(`OFFHEAP_SEED=${seed + run} repeats this`, { cause });
      }
      seen.slots += life.seen.slots;
      seen.runs += life.seen.runs;
    }
    assert.ok(seen.slots > 500 && seen.runs > 500, JSON.stringify(seen));
  });
});

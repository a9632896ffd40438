// Statistics: true at rest to the last object, whoever did what, also across 2^31 and 2^32 operations.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SlabAllocator } from "offheap";
import type { SizeClass } from "#src/layout/class-table.js";
import { gauge } from "#src/layout/gauge.js";
import { counter } from "#src/layout/layout.js";
import { heapOf } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";

const capacity = 4 << 20;

describe("statistics", () => {
  it("of a new heap", () => {
    const stats = new SlabAllocator({ capacity, maxWorkers: 2 }).stats();
    assert.equal(stats.capacity, capacity);
    assert.ok(stats.bookBytes > 0 && stats.bookBytes % 65_536 === 0 && stats.bookBytes < capacity / 2);
    assert.deepEqual(
      [stats.spanBytes, stats.allocs, stats.deallocs, stats.liveObjects, stats.liveBytes],
      [0, 0, 0, 0, 0],
    );
    assert.equal(stats.sizeClasses.length, 11);
    for (const entry of stats.sizeClasses) {
      const { objectSize, objectsPerSlab, ...counts } = entry;
      assert.ok(objectsPerSlab >= 1 && objectSize >= 8);
      assert.deepEqual(Object.values(counts), [0, 0, 0, 0, 0, 0, 0]);
    }
    assert.equal(stats.workers.length, 1);
  });

  it("per class and per worker, by hand", () => {
    const first = new SlabAllocator({ capacity, maxWorkers: 3 });
    const second = SlabAllocator.attach(first.handle);
    const a = [1, 2, 3].map(() => first.allocate(100));
    const b = [1, 2].map(() => second.allocate(5000));
    second.deallocate(a[0] as number);
    first.deallocate(b[1] as number);
    const stats = first.stats();
    const entry = (bytes: number) => stats.sizeClasses.find(({ objectSize }) => objectSize === bytes);
    assert.deepEqual([stats.allocs, stats.deallocs, stats.liveObjects], [5, 2, 3]);
    assert.equal(stats.liveBytes, 2 * 128 + 8192);
    assert.deepEqual([entry(128)?.allocs, entry(128)?.deallocs, entry(128)?.allocated], [3, 1, 2]);
    assert.deepEqual([entry(8192)?.allocs, entry(8192)?.deallocs, entry(8192)?.allocated], [2, 1, 1]);
    const workers = stats.workers.map(({ allocs, deallocs }) => [allocs, deallocs]);
    assert.deepEqual(workers, [
      [3, 1],
      [2, 1],
    ]);
    const cached = stats.workers.reduce((sum, worker) => sum + worker.cached, 0);
    assert.equal(
      cached,
      stats.sizeClasses.reduce((sum, { cached: ofClass }) => sum + ofClass, 0),
    );
    // The spans lie at the heap's start, one after the other.
    const { words, layout } = heapOf(first);
    assert.equal(stats.spanBytes, 65_536 * words.subarray(layout.claimsAt).indexOf(0));
  });

  it("after a worker left, and after one died and was reaped", () => {
    const first = new SlabAllocator({ capacity, maxWorkers: 3 });
    const workers = [SlabAllocator.attach(first.handle), SlabAllocator.attach(first.handle)] as const;
    const kept = workers.flatMap((worker) => [64, 64, 1000].map((size) => worker.allocate(size)));
    for (const worker of workers) for (let i = 0; i < 10; i++) worker.deallocate(worker.allocate(64));
    workers[0].detach();
    first.reap(workers[1].workerId);
    const stats = first.stats();
    assert.deepEqual([stats.allocs, stats.deallocs, stats.liveObjects], [26, 20, 6]);
    assert.equal(stats.workers.length, 1);
    const cached = stats.sizeClasses.reduce((sum, entry) => sum + entry.cached, 0);
    assert.equal(cached, 0);
    for (const address of kept) first.deallocate(address);
    assertZeroResidue(first);
  });

  it("run on when a place is taken again", () => {
    const first = new SlabAllocator({ capacity, maxWorkers: 2 });
    for (let i = 1; i <= 5; i++) {
      const worker = SlabAllocator.attach(first.handle);
      first.deallocate(worker.allocate(64));
      worker.detach();
      assert.deepEqual([first.stats().allocs, first.stats().deallocs], [i, i]);
    }
  });

  it("are a copy: writing to them changes nothing", () => {
    const first = new SlabAllocator({ capacity, maxWorkers: 2 });
    const stats = first.stats();
    stats.allocs = 99;
    (stats.sizeClasses[0] as { allocated: number }).allocated = 99;
    assert.equal(first.stats().allocs, 0);
    assert.equal(first.stats().sizeClasses[0]?.allocated, 0);
  });
});

describe("counters beyond 32 bits", () => {
  const size = 64;

  function classOf(allocator: SlabAllocator): SizeClass {
    return allocator["slow"].classes.find(({ objectBytes }) => objectBytes === size) as SizeClass;
  }

  /** A worker that has done `done` allocations and as many frees before. */
  function veteran(done: number) {
    const allocator = new SlabAllocator({ capacity, maxWorkers: 2 });
    const { countersAt } = classOf(allocator);
    for (const at of [countersAt + counter.allocs, countersAt + counter.frees]) {
      heapOf(allocator).words[at] = done | 0;
      heapOf(allocator).words[at + 1] = Math.floor(done / 2 ** 32);
    }
    return allocator;
  }

  for (const [name, start] of [
    ["2^31", 2 ** 31 - 60],
    ["2^32", 2 ** 32 - 60],
    ["2^33", 2 ** 33 - 60],
    ["2^45", 2 ** 45 - 60],
  ] as const) {
    it(`go over ${name} by single steps, with a full life in between`, () => {
      const allocator = veteran(start);
      assert.equal(allocator.stats().allocs, start);
      const live: number[] = [];
      for (let i = 1; i <= 120; i++) {
        live.push(allocator.allocate(size));
        if (i % 3 === 0) allocator.deallocate(live.shift() as number);
        const stats = allocator.stats();
        assert.deepEqual(
          [stats.allocs, stats.deallocs, stats.liveObjects],
          [start + i, start + Math.floor(i / 3), live.length],
        );
        assert.deepEqual(allocator.check(), []);
      }
      for (const address of live) allocator.deallocate(address);
      assert.deepEqual(allocator.check(), []);
      assertZeroResidue(allocator, [size, 8192]);
    });

    it(`go over ${name} through full and empty magazines`, () => {
      const allocator = veteran(start);
      const live = Array.from({ length: 3000 }, () => allocator.allocate(size));
      for (const address of live) allocator.deallocate(address);
      const { allocs, deallocs } = allocator.stats();
      assert.deepEqual([allocs, deallocs], [start + 3000, start + 3000]);
      assertZeroResidue(allocator, [size, 8192]);
    });

    it(`near ${name} survive a reap`, () => {
      const allocator = veteran(start + 59);
      const heir = SlabAllocator.attach(allocator.handle);
      const kept = [1, 2, 3].map(() => allocator.allocate(size));
      allocator.deallocate(kept.pop() as number);
      assert.equal(heir.reap(allocator.workerId).liveObjects, 2);
      const { allocs, deallocs } = heir.stats();
      assert.deepEqual([allocs, deallocs], [start + 62, start + 60]);
      for (const address of kept) heir.deallocate(address);
      assertZeroResidue(heir);
    });
  }

  it("are right after a million pairs, in which the gauge runs over and the magazine never", () => {
    const allocator = new SlabAllocator({ capacity, maxWorkers: 2 });
    for (let i = 0; i < 1_000_000; i++) allocator.deallocate(allocator.allocate(size));
    const { allocs, deallocs, liveObjects } = allocator.stats();
    assert.deepEqual([allocs, deallocs, liveObjects], [1_000_000, 1_000_000, 0]);
    assertZeroResidue(allocator);
  });

  it("are right wherever the gauge stands", () => {
    for (const short of [1, 2, 3]) {
      for (const many of [2 ** 13, 2 ** 14]) {
        const allocator = new SlabAllocator({ capacity, maxWorkers: 2 });
        const live = [1, 2, 3, 4].map(() => allocator.allocate(size));
        const { gaugeAt } = classOf(allocator);
        const { words } = heapOf(allocator);
        // As if so many pairs had been done: each leaves the room as it was.
        words[gaugeAt] = (words[gaugeAt] as number) + (many - short - 4) * gauge.oneAlloc;
        const before = allocator.stats();
        assert.deepEqual([before.allocs, before.deallocs], [many - short, many - short - 4]);
        for (let i = 0; i < 5; i++) allocator.deallocate(allocator.allocate(size));
        for (const address of live) allocator.deallocate(address);
        const { allocs, deallocs } = allocator.stats();
        assert.deepEqual([allocs, deallocs], [many - short + 5, many - short + 5]);
        assertZeroResidue(allocator);
      }
    }
  });
});

// Statistics: true at rest to the last object, whoever did what, also across 2^31 and 2^32 operations.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SlabAllocator } from "offheap";
import type { ClassIndex, WorkerSlot } from "#src/base/brands.js";
import { carry, carryAt, counter, counterAt } from "#src/memory/layout.js";
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

  /** A worker that has done `done` allocations and as many frees before. */
  function veteran(done: number) {
    const allocator = new SlabAllocator({ capacity, maxWorkers: 2 });
    const { words, layout } = heapOf(allocator);
    const index = (layout.objectBytes.indexOf(size) + 1) as ClassIndex;
    const at = counterAt(layout, 1 as WorkerSlot, index);
    const carries = carryAt(layout, 1 as WorkerSlot, index);
    for (const [low, high] of [
      [counter.allocs, carry.allocs],
      [counter.frees, carry.frees],
    ] as const) {
      words[at + low] = done | 0;
      words[carries + high] = Math.floor(done / 2 ** 31);
    }
    return allocator;
  }

  it("go over one multiple of 2^31 after the other", () => {
    const allocator = veteran(0);
    const { words, layout } = heapOf(allocator);
    const index = (layout.objectBytes.indexOf(size) + 1) as ClassIndex;
    const at = counterAt(layout, 1 as WorkerSlot, index);
    for (let crossings = 1; crossings <= 5; crossings++) {
      // Only the low words, as if so many operations had been done in between: the carries are left to the code.
      const near = crossings * 2 ** 31 - 20;
      words[at + counter.allocs] = near | 0;
      words[at + counter.frees] = near | 0;
      for (let i = 1; i <= 40; i++) allocator.deallocate(allocator.allocate(size));
      const done = near + 40;
      const { allocs, deallocs } = allocator.stats();
      assert.deepEqual([allocs, deallocs], [done, done]);
    }
    assertZeroResidue(allocator, [size]);
  });

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

  /** Another place's carries, and its low words as they are once it has died, or not been anywhere slow for long. */
  function placed(allocator: SlabAllocator, worker: number): { at: number; carries: number } {
    const { layout } = heapOf(allocator);
    const index = (layout.objectBytes.indexOf(size) + 1) as ClassIndex;
    return {
      at: counterAt(layout, worker as WorkerSlot, index),
      carries: carryAt(layout, worker as WorkerSlot, index),
    };
  }

  for (const [name, low, high] of [
    ["allocations, all freed by others", counter.allocs, carry.allocs],
    ["frees, all of others' objects", counter.frees, carry.frees],
  ] as const) {
    it(`go over two multiples of 2^31 with nothing but ${name}`, () => {
      const allocator = new SlabAllocator({ capacity, maxWorkers: 2 });
      const objects = Array.from({ length: 4 }, () => allocator.allocate(size));
      const { words } = heapOf(allocator);
      const { at, carries } = placed(allocator, 1);
      const step = () =>
        low === counter.allocs ? allocator.allocate(size) : allocator.deallocate(objects.pop() as number);
      for (const done of [2 ** 31 - 1, 2 ** 32 - 1]) {
        // The base moves with the count, so that the magazine stays as it is.
        const by = (done | 0) - (words[at + low] as number);
        words[at + low] = done | 0;
        const base = words[at + counter.base] as number;
        words[at + counter.base] = (low === counter.allocs ? base + by : base - by) | 0;
        step();
      }
      assert.equal(words[carries + high], 2);
    });
  }

  it("go over 2^31 in a free that is cut short, or whose carry is: a reap or the next slow call makes up for it", () => {
    const allocator = new SlabAllocator({ capacity, maxWorkers: 3 });
    const dead = SlabAllocator.attach(allocator.handle);
    const { words, layout, states } = heapOf(allocator);
    const { at, carries } = placed(allocator, 2);
    const frees = (done: number) => {
      words[at + counter.base] =
        (words[at + counter.base] as number) - done + (words[at + counter.frees] as number);
      words[at + counter.frees] = done;
    };
    const address = dead.allocate(size);
    frees(2 ** 31 - 1);
    const rounds =
      (words[at + counter.base] as number) + 2 ** 31 - 1 - (words[at + counter.allocs] as number);
    const slot = (address - layout.bookBytes) / size;
    words[
      layout.recordsAt +
        layout.recordWords +
        (layout.magazineAt[layout.objectBytes.indexOf(size)] as number) +
        rounds
    ] = slot;
    states[slot] = 2;
    assert.equal(allocator.reap(dead.workerId).operation, "deallocate");
    assert.deepEqual([words[at + counter.frees], words[carries + carry.frees]], [-(2 ** 31), 1]);

    words[carries + carry.frees] = 0;
    const again = SlabAllocator.attach(allocator.handle);
    assert.equal(again.workerId % 128, 2);
    allocator.reap(again.workerId);
    assert.equal(words[carries + carry.frees], 1);
  });

  it("go over 2^31 in a reap that frees objects", () => {
    const allocator = new SlabAllocator({ capacity, maxWorkers: 3 });
    const dead = SlabAllocator.attach(allocator.handle);
    dead.allocate(size);
    const { words } = heapOf(allocator);
    const { at, carries } = placed(allocator, 1);
    words[at + counter.frees] = 2 ** 31 - 1;
    words[at + counter.base] = -(2 ** 31 - 1);
    assert.equal(allocator.reap(dead.workerId, { live: true }).freedObjects, 1);
    assert.deepEqual([words[at + counter.frees], words[carries + carry.frees]], [-(2 ** 31), 1]);
  });

  it("that went over 2^31 in a stray are made up for when the next free is slow", () => {
    const allocator = new SlabAllocator({ capacity, maxWorkers: 2 });
    const objects = Array.from({ length: 3000 }, () => allocator.allocate(size));
    const { words } = heapOf(allocator);
    const { at, carries } = placed(allocator, 1);
    const by = -(2 ** 31) - (words[at + counter.frees] as number);
    words[at + counter.frees] = -(2 ** 31);
    words[at + counter.base] = ((words[at + counter.base] as number) - by) | 0;
    for (const address of objects) allocator.deallocate(address);
    assert.equal(words[carries + carry.frees], 1);
  });
});

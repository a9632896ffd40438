// Numbers of the statistics that random lives do not reach: the most bytes of spans at once, bytes in huge pages, what
// a region counts, slots of a full slab; and that of all numbers none is missing here or in the model.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SizeClasses, SlabAllocator } from "offheap";
import { expectCode, heapOf } from "./support/heaps.ts";
import { pretendOs } from "./support/pretend-os.ts";
import { assertZeroResidue, fillUp } from "./support/residue.ts";

const MiB = 2 ** 20;
const chunk = 65_536;

describe("the most bytes of spans", () => {
  it("are those that were in use at once, whatever is now", () => {
    const pool = new MemoryPool({ capacity: 64 * MiB, maxWorkers: 2 });
    const other = MemoryPool.attach(pool.handle);
    const now = () => [pool.stats().spanBytes / MiB, pool.stats().peakSpanBytes / MiB];
    assert.deepEqual(now(), [0, 0]);
    const [three, two] = [pool.allocate(3 * MiB), other.allocate(2 * MiB)];
    assert.deepEqual(now(), [5, 5]);
    other.deallocate(three);
    const one = pool.allocate(MiB);
    assert.deepEqual(now(), [3, 5]);
    assert.equal(pool.reallocate(one, 2 * MiB), one);
    const four = other.allocate(4 * MiB);
    assert.deepEqual(now(), [8, 8]);
    assert.equal(pool.reallocate(four, MiB), four);
    assert.deepEqual(now(), [5, 8]);
    assert.equal(pool.reap(other.workerId, { live: true }).freedObjects, 2);
    assert.deepEqual(now(), [2, 8]);
    pool.reset();
    assert.deepEqual(now(), [0, 8]);
    expectCode("ERR_INVALID_ADDRESS", () => pool.deallocate(two));
    const whole = pool.allocate(heapOf(pool).layout.chunkCount * chunk);
    assert.equal(pool.stats().peakSpanBytes, heapOf(pool).layout.chunkCount * chunk);
    pool.deallocate(whole);
    assertZeroResidue(pool, [8192]);
  });
});

describe("bytes in huge pages", () => {
  for (const Kind of [SlabAllocator, MemoryPool])
    it(`are what the OS says of the data, all of them: ${Kind.name}`, () => {
      const asked: [number, number][] = [];
      let says = 12 * MiB;
      const os = pretendOs({
        hugeBytes: (_buffer, offset, bytes) => {
          asked.push([offset, bytes]);
          return says;
        },
      });
      const heap = new Kind({ capacity: 64 * MiB, maxWorkers: 3, os, hugePages: true });
      const { dataAt, layout } = heapOf(heap);
      assert.equal(heap.stats().hugeBytes, 12 * MiB);
      assert.deepEqual(asked, [[dataAt, layout.chunkCount * chunk]]);
      says = -1;
      assert.equal(heap.stats().hugeBytes, 0);
      assert.equal(Kind.attach(heap.handle).stats().hugeBytes, 0);
      says = 2 * MiB;
      assert.equal(Kind.attach(heap.handle, { os }).stats().hugeBytes, 2 * MiB);
      assert.equal(asked.length, 3);
      assert.equal(new Kind({ capacity: 64 * MiB, maxWorkers: 1, os }).stats().hugeBytes, 0);
      assert.equal(asked.length, 3);
      assert.deepEqual(heap.check(), []);
    });
});

describe("slots of a slab of full length", () => {
  it("are what a slab has, once a heap has grown", () => {
    for (const bytes of [8, 64, 1000, 8192, 65_536]) {
      const heap = new SlabAllocator({
        capacity: 32 * MiB,
        maxWorkers: 1,
        sizeClasses: [bytes],
        cleanupInterval: 0,
      });
      const addresses = fillUp(heap, bytes, (4 * MiB) / bytes);
      const [entry] = heap.stats().sizeClasses;
      assert.ok(entry !== undefined);
      assert.equal(entry.totalObjects, entry.totalSlabs * entry.objectsPerSlab, `${bytes} bytes`);
      assert.equal(entry.allocated, addresses.length);
      assert.equal(entry.free + entry.cached + entry.allocated, entry.totalObjects);
      for (const address of addresses) heap.deallocate(address);
      assertZeroResidue(heap, [bytes]);
    }
  });
});

describe("what a region holds", () => {
  it("counts as the pool's objects that it lies in, and as none of its own", () => {
    const pool = new MemoryPool({ capacity: 16 * MiB, maxWorkers: 1, sizeClasses: SizeClasses.powersOfTwo });
    const region = pool.region();
    for (let i = 0; i < 511; i++) region.allocate(8);
    region.allocate(500_000);
    const { liveObjects, liveBytes, allocs, deallocs, large, workers } = pool.stats();
    assert.deepEqual([liveObjects, allocs, deallocs, large.objects, workers[0]?.allocs], [2, 2, 0, 1, 1]);
    assert.equal(liveBytes, 4096 + 8 * chunk);
    region.end();
    const after = pool.stats();
    assert.deepEqual([after.liveObjects, after.liveBytes, after.deallocs], [0, 0, 2]);
    assertZeroResidue(pool, [8192]);
  });
});

describe("names of the numbers", () => {
  it("are those that the tests look at", () => {
    const pool = new MemoryPool({ capacity: 4 * MiB, maxWorkers: 1, sizeClasses: SizeClasses.powersOfTwo });
    const stats = pool.stats();
    const totals = ["allocs", "bookBytes", "capacity", "deallocs", "hugeBytes", "liveBytes", "liveObjects"];
    const rest = ["engine", "large", "memory", "peakSpanBytes", "sizeClasses", "spanBytes", "workers"];
    assert.deepEqual(Object.keys(stats).sort(), [...totals, ...rest].sort());
    assert.deepEqual(Object.keys(stats.large).sort(), [
      "allocs",
      "bytes",
      "deallocs",
      "freeBytes",
      "objects",
      "pageSpans",
    ]);
  });
});

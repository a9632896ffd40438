// Slabs on demand and back: periodic clean-up, clean-up on request, and what the spans do afterwards.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AllocatorError, MemoryPool, SlabAllocator } from "offheap";
import { cutPool } from "./support/cut-short.ts";
import { attachTo, heapOf, makeHeap } from "./support/heaps.ts";
import { assertEmpty, assertZeroResidue, fillUp, mostObjects } from "./support/residue.ts";

/** A heap whose slabs have 8 slots and whose magazines one round, so that each free goes home. */
function tiny(cleanupInterval: number): SlabAllocator {
  const geometry = { slotsPerSlab: 8, slabChunks: 1, roundLimit: 1 };
  return attachTo(makeHeap({ capacity: 4 << 20, maxWorkers: 2, cleanupInterval }, geometry));
}

/** After how many frees the first slab was given back; 0 when none was. */
function freesUntilRelease(allocator: SlabAllocator, objects: number): number {
  const addresses = Array.from({ length: objects }, () => allocator.allocate(1024));
  const before = allocator.stats().spanBytes;
  for (let frees = 1; frees <= objects; frees++) {
    allocator.deallocate(addresses[frees - 1] as number);
    if (allocator.stats().spanBytes < before) return frees;
  }
  return 0;
}

describe("periodic clean-up", () => {
  for (const interval of [1, 10, 20, 100, 150]) {
    it(`comes after ${interval} deallocations of a worker, not before`, () => {
      const frees = freesUntilRelease(tiny(interval), 300);
      // A slab of 8 must be empty, and its last slot gone home from the magazine of one.
      const least = Math.max(interval, 9);
      assert.ok(frees >= least && frees <= least + interval + 1, `after ${frees} deallocations`);
    });
  }

  it("never comes with 0; on request then", () => {
    const allocator = tiny(0);
    assert.equal(freesUntilRelease(allocator, 300), 0);
    assert.equal(allocator.cleanup().slabs, 300 / 8 + 0.5);
    assertZeroResidue(allocator);
  });

  it("is every 100 when nothing is said", () => {
    assert.equal(
      heapOf(new SlabAllocator({ capacity: 8 << 20, memory: "local" })).layout.cleanupInterval,
      100,
    );
  });

  it("gives a large drop of live memory back without being asked", () => {
    const allocator = new SlabAllocator({ capacity: 16 << 20, maxWorkers: 2 });
    const addresses = fillUp(allocator, 2048);
    const { spanBytes } = allocator.stats();
    for (const address of addresses) allocator.deallocate(address);
    const left = allocator.stats().spanBytes;
    assert.ok(left < spanBytes / 4, `${left} of ${spanBytes} bytes are still in spans`);
    assertZeroResidue(allocator);
  });

  it("keeps up with slabs of few slots: what was freed in reverse serves long objects", () => {
    const pool = new MemoryPool({ capacity: 64 << 20, maxWorkers: 2 });
    const most = fillUp(pool, 460_000);
    for (const address of most) pool.deallocate(address);
    for (const address of fillUp(pool, 9000).reverse()) pool.deallocate(address);
    const served = fillUp(pool, 460_000);
    assert.ok(served.length > 0.95 * most.length, `${served.length} of ${most.length} objects`);
    for (const address of served) pool.deallocate(address);
    assertZeroResidue(pool);
  });

  it("counts the deallocations of all classes together", () => {
    const allocator = tiny(40);
    const small = Array.from({ length: 24 }, () => allocator.allocate(64));
    const large = Array.from({ length: 24 }, () => allocator.allocate(4096));
    const before = allocator.stats().spanBytes;
    for (const address of small) allocator.deallocate(address);
    assert.equal(allocator.stats().spanBytes, before);
    for (const address of large) allocator.deallocate(address);
    assert.ok(allocator.stats().spanBytes < before);
  });

  for (const interval of [0, 1, 3]) {
    it(`counts the large objects of a pool: with ${interval}`, () => {
      const pool = new MemoryPool({ capacity: 8 << 20, maxWorkers: 1, cleanupInterval: interval });
      for (let frees = 1; frees <= 6; frees++) {
        pool.deallocate(pool.allocate(40_000 + frees * 4096));
        // An empty span is kept for the next, but for a clean-up. No run is kept, as each has another length.
        assert.equal(pool.stats().spanBytes === 0, interval > 0 && frees % interval === 0);
      }
    });
  }

  it("of large objects gives empty slabs back, too, and holds none where an exception stops it", () => {
    const options = { capacity: 3 << 20, maxWorkers: 4, sizeClasses: [64], cleanupInterval: 40 };
    for (let n = 0, isCut = true; isCut; n++) {
      const { pool, victim, cut } = cutPool(options, { slotsPerSlab: 8, slabChunks: 1, roundLimit: 1 });
      const slabs = () => pool.stats().sizeClasses[0]?.totalSlabs;
      const large = Array.from({ length: 40 }, () => victim.allocate(20_000));
      const small = Array.from({ length: 24 }, () => victim.allocate(64));
      for (const address of small) victim.deallocate(address);
      // The slots are counted, too: all but one, which is in the magazine.
      const last = large.splice(16);
      for (const address of large) victim.deallocate(address);
      assert.equal(slabs(), 3);
      isCut = cut(n, () => victim.deallocate(last[0] as number));
      if (!isCut) assert.equal(slabs(), 1);
      try {
        if (isCut) victim.deallocate(last[0] as number);
      } catch (error) {
        // Its span may be gone already.
        assert.match((error as AllocatorError).code, /^ERR_(DOUBLE_FREE|INVALID_ADDRESS)$/);
      }
      for (const address of last.slice(1)) victim.deallocate(address);
      for (const each of [victim, pool]) each.cleanup();
      assert.deepEqual(pool.check(), [], `before store ${n}`);
      assert.equal(pool.stats().spanBytes, 0, `before store ${n}`);
    }
  });
});

describe("clean-up on request", () => {
  it("sends the caller's magazines home, and nobody else's", () => {
    const first = new SlabAllocator({ capacity: 4 << 20, maxWorkers: 2 });
    const second = SlabAllocator.attach(first.handle);
    for (const worker of [first, second]) worker.deallocate(worker.allocate(64));
    const cached = (worker: SlabAllocator) =>
      first.stats().workers.find(({ workerId }) => workerId === worker.workerId)?.cached;
    assert.ok((cached(first) as number) > 0 && (cached(second) as number) > 0);
    const ofSecond = cached(second);
    first.cleanup();
    assert.equal(cached(first), 0);
    assert.equal(cached(second), ofSecond);
    second.cleanup();
    assertEmpty(first);
  });

  it("counts the slabs that it gives back, and keeps those in use", () => {
    const allocator = new SlabAllocator({ capacity: 4 << 20, maxWorkers: 1 });
    const addresses = [8, 64, 1024, 8192].map((bytes) => allocator.allocate(bytes));
    for (const address of addresses.slice(1)) allocator.deallocate(address);
    assert.deepEqual(allocator.cleanup({ all: true }), { slabs: 3, decommittedBytes: 0 });
    const left = allocator.stats().sizeClasses.filter(({ totalSlabs }) => totalSlabs > 0);
    assert.deepEqual(
      left.map(({ objectSize, allocated }) => [objectSize, allocated]),
      [[8, 1]],
    );
  });

  it("lets spans serve other classes, of other lengths, afterwards", () => {
    const allocator = new SlabAllocator({ capacity: 4 << 20, maxWorkers: 1, cleanupInterval: 0 });
    const { layout } = heapOf(allocator);
    for (const bytes of [64, 8192, 16, 4096, 64]) {
      const addresses = fillUp(allocator, bytes);
      assert.equal(addresses.length, mostObjects(layout, bytes));
      for (const address of addresses) allocator.deallocate(address);
      allocator.cleanup();
      assertEmpty(allocator);
    }
  });

  it("of a fragmented heap: slabs are shorter where no run is long enough, and every chunk is used", () => {
    const options = { capacity: 4 << 20, maxWorkers: 1, sizeClasses: [64, 65_536] };
    const allocator = attachTo(makeHeap(options, { slotsPerSlab: 4, slabChunks: 4, roundLimit: 1 }));
    const { dataAt, layout } = heapOf(allocator);
    const chunkOf = (address: number) => (address - dataAt) / 65_536;
    const kept = new Set<number>();
    for (const address of fillUp(allocator, 64)) {
      if (chunkOf(address) % 4 === 3) kept.add(address);
      else allocator.deallocate(address);
    }
    allocator.cleanup();
    const large = fillUp(allocator, 65_536);
    assert.equal(large.length, layout.chunkCount - kept.size);
    assert.equal(allocator.stats().sizeClasses[1]?.totalSlabs, Math.ceil(layout.chunkCount / 4));
    assert.deepEqual(allocator.check(), []);
    for (const address of [...large, ...kept]) allocator.deallocate(address);
    assertZeroResidue(allocator);
  });

  it("happens before out of memory is reported", () => {
    const allocator = new SlabAllocator({ capacity: 4 << 20, maxWorkers: 1, cleanupInterval: 0 });
    for (const address of fillUp(allocator, 128)) allocator.deallocate(address);
    assert.equal(fillUp(allocator, 8192).length, mostObjects(heapOf(allocator).layout, 8192));
  });
});

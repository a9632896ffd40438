// Slabs by example: made on demand, their slots handed out and taken back, many a class, all classes at once.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SizeClasses, SlabAllocator } from "offheap";
import type { ClassIndex, WorkerPlace } from "#src/base/brands.js";
import { slabChunksOf, slotCountOf } from "#src/layout/span-lengths.js";
import { Slabs } from "#src/slab/slabs.js";
import { readFill, writeFill } from "./support/fill.ts";
import { attachTo, expectCode, heapOf, makeHeap } from "./support/heaps.ts";
import { assertDisjoint, assertZeroResidue, fillUp, mostObjects } from "./support/residue.ts";

function eightMiB(): SlabAllocator {
  return new SlabAllocator({ capacity: 8 << 20, maxWorkers: 4 });
}

function classStats(heap: SlabAllocator, objectSize: number) {
  const entry = heap.stats().sizeClasses.find((candidate) => candidate.objectSize === objectSize);
  assert.ok(entry !== undefined);
  return entry;
}

describe("slab creation and free list", () => {
  it("makes a slab with the first object of a class, and none before", () => {
    const heap = eightMiB();
    assert.equal(heap.stats().spanBytes, 0);
    heap.allocate(64);
    const entry = classStats(heap, 64);
    assert.equal(entry.totalSlabs, 1);
    assert.equal(entry.totalObjects, entry.objectsPerSlab);
    assert.equal(entry.allocated, 1);
    assert.equal(entry.free, entry.totalObjects - 1 - entry.cached);
    assert.equal(
      heap.stats().sizeClasses.reduce((sum, { totalSlabs }) => sum + totalSlabs, 0),
      1,
    );
  });

  it("hands out slots in address order, the first slab from its first slot on", () => {
    const heap = eightMiB();
    const { dataAt } = heapOf(heap);
    for (let i = 0; i < 100; i++) assert.equal(heap.allocate(32), dataAt + 32 * i);
  });

  it("gives a freed slot to the next allocation of its class, last freed first", () => {
    const heap = eightMiB();
    const [first, second, third] = [heap.allocate(64), heap.allocate(64), heap.allocate(64)];
    heap.deallocate(first);
    heap.deallocate(third);
    assert.equal(heap.allocate(64), third);
    assert.equal(heap.allocate(60), first);
    assert.notEqual(heap.allocate(64), second);
    assert.deepEqual(heap.check(), []);
  });

  it("knows empty, partial and full", () => {
    const heap = makeHeap(
      { capacity: 1 << 20, maxWorkers: 1 },
      { slotsPerSlab: 6, slabChunks: 1, roundLimit: 2 },
    );
    const allocator = attachTo(heap);
    const { partial, empty } = new Slabs(heap, 1 as WorkerPlace);
    const index = heap.layout.objectBytes.indexOf(64) + 1;
    const seen = () => ({ partial: partial[index]?.next(0) === 0, empty: empty.next(0) === 0 });
    const addresses = Array.from({ length: 6 }, () => allocator.allocate(64));
    assert.equal(classStats(allocator, 64).totalSlabs, 1);
    assert.deepEqual(seen(), { partial: false, empty: false });
    for (const address of addresses.slice(0, 5)) allocator.deallocate(address);
    assert.deepEqual(seen(), { partial: true, empty: false });
    allocator.deallocate(addresses[5] as number);
    allocator.detach();
    assert.deepEqual(seen(), { partial: true, empty: true });
    const next = attachTo(heap);
    assert.equal(next.cleanup().slabs, 1);
    assert.deepEqual(seen(), { partial: false, empty: false });
  });
});

describe("allocate/deallocate until full", () => {
  for (const objectBytes of [8, 64, 1024, 8192]) {
    it(`objects of ${objectBytes} bytes, every one its own, and again after all are freed`, () => {
      const heap = new SlabAllocator({ capacity: 2 << 20, maxWorkers: 2 });
      for (let pass = 0; pass < 2; pass++) {
        const addresses = fillUp(heap, objectBytes);
        assert.equal(addresses.length, mostObjects(heapOf(heap).layout, objectBytes));
        assertDisjoint(heap, addresses, objectBytes);
        expectCode("ERR_OUT_OF_MEMORY", () => heap.allocate(objectBytes));
        assert.deepEqual(heap.check(), []);
        for (const address of addresses) heap.deallocate(address);
        assert.deepEqual(heap.check(), []);
      }
      assertZeroResidue(heap, [objectBytes]);
    });
  }

  it("says how much is live, cached and free when there is no more", () => {
    const heap = new SlabAllocator({ capacity: 2 << 20, maxWorkers: 2 });
    fillUp(heap, 4096);
    const { message } = expectCode("ERR_OUT_OF_MEMORY", () => heap.allocate(4096));
    assert.match(
      message,
      new RegExp(`${heap.stats().liveBytes} are live, \\d+ cached by workers, \\d+ free`),
    );
  });

  it("one free makes space for one more", () => {
    const heap = new SlabAllocator({ capacity: 2 << 20, maxWorkers: 2 });
    const addresses = fillUp(heap, 512);
    const middle = addresses[addresses.length >> 1] as number;
    heap.deallocate(middle);
    assert.equal(heap.allocate(512), middle);
    expectCode("ERR_OUT_OF_MEMORY", () => heap.allocate(512));
  });
});

describe("many slabs per class", () => {
  it("come one by one as they are needed", () => {
    const heap = eightMiB();
    const { objectsPerSlab } = classStats(heap, 1024);
    for (let slabs = 1; slabs <= 5; slabs++) {
      for (let i = 0; i < objectsPerSlab; i++) heap.allocate(1024);
      assert.equal(classStats(heap, 1024).totalSlabs, slabs);
    }
  });

  it("a full slab is passed over, and used again when one of its objects is freed", () => {
    const heap = makeHeap(
      { capacity: 2 << 20, maxWorkers: 1 },
      { slotsPerSlab: 8, slabChunks: 1, roundLimit: 1 },
    );
    const allocator = attachTo(heap);
    const slabs = [0, 1, 2].map(() => Array.from({ length: 8 }, () => allocator.allocate(256)));
    assert.equal(classStats(allocator, 256).totalSlabs, 3);
    const chunkOf = (address: number) => Math.floor(address / 65_536);
    for (const slab of slabs) assert.equal(new Set(slab.map(chunkOf)).size, 1);
    const freed = slabs[1]?.[3] as number;
    allocator.deallocate(freed);
    assert.equal(allocator.allocate(256), freed);
    allocator.allocate(256);
    assert.equal(classStats(allocator, 256).totalSlabs, 4);
    assert.deepEqual(allocator.check(), []);
  });

  it("of which the lowest with a free slot serves first, so that the heap stays dense", () => {
    const heap = makeHeap(
      { capacity: 2 << 20, maxWorkers: 1 },
      { slotsPerSlab: 4, slabChunks: 1, roundLimit: 1 },
    );
    const allocator = attachTo(heap);
    const addresses = Array.from({ length: 16 }, () => allocator.allocate(256));
    const [low, high] = [addresses[1] as number, addresses[14] as number];
    allocator.deallocate(high);
    allocator.deallocate(low);
    const other = addresses[9] as number;
    allocator.deallocate(other);
    assert.equal(allocator.allocate(256), other);
    assert.equal(allocator.allocate(256), low);
    assert.equal(allocator.allocate(256), high);
  });
});

describe("all classes", () => {
  for (const [name, sizeClasses] of Object.entries({ ...SizeClasses, own: [24, 40, 1000, 65_536] })) {
    it(`of ${name} live side by side, fills whole`, () => {
      const heap = new SlabAllocator({ capacity: 16 << 20, maxWorkers: 2, sizeClasses });
      const addresses = sizeClasses.flatMap((bytes) =>
        Array.from({ length: 50 }, () => heap.allocate(bytes)),
      );
      addresses.forEach((address, id) => {
        writeFill(heap, address, id);
      });
      assertDisjoint(heap, addresses);
      for (const entry of heap.stats().sizeClasses) assert.equal(entry.allocated, 50);
      addresses.forEach((address, id) => {
        readFill(heap, address, id);
        heap.deallocate(address);
      });
      assertZeroResidue(heap);
    });
  }

  it("serve every size from 1 to the largest", () => {
    const heap = eightMiB();
    for (let size = 1; size <= 8192; size++) heap.deallocate(heap.allocate(size), size);
    assertZeroResidue(heap);
  });

  it("have the slots that fit their slabs, also where the heap is small", () => {
    for (const capacity of [1 << 20, 8 << 20, 256 << 20]) {
      const heap = new SlabAllocator({ capacity, maxWorkers: 1 });
      const { layout } = heapOf(heap);
      layout.objectBytes.forEach((bytes, i) => {
        const index = (i + 1) as ClassIndex;
        const chunks = slabChunksOf(layout, index);
        const slots = slotCountOf(layout, index, chunks);
        assert.ok(slots * bytes <= chunks * 65_536 && slots >= 1, `${slots} × ${bytes} in ${chunks} chunks`);
        heap.allocate(bytes);
        assert.equal(classStats(heap, bytes).totalObjects, slots);
      });
    }
  });
});

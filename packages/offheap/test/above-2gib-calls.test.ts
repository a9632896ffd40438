// What is done to a heap as a whole, or to many objects at once, above 2 GiB: regions, reset, reap, clean-up,
// residency, statistics, check(); and heaps of slabs, down to the last slot that an address can name.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SizeClasses, SlabAllocator } from "offheap";
import { loadOs } from "offheap/os";
import { readFill, writeFill } from "./support/fill.ts";
import { expectCode, heapOf } from "./support/heaps.ts";
import {
  assertInside,
  assertZero,
  dirty,
  dirtyAll,
  kinds,
  misread,
  places,
  poolAt,
  slabsAt,
} from "./support/high.ts";
import { dataGiven, pretendOs } from "./support/pretend-os.ts";
import { assertDisjoint, assertEmpty, assertZeroResidue, fillUp } from "./support/residue.ts";

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const end = 2 ** 32;

function bytesOf(pool: SlabAllocator, addresses: readonly number[]): number {
  return addresses.reduce((sum, address) => sum + pool.sizeOf(address), 0);
}

function allOf(heap: SlabAllocator, sizes: readonly number[]): number[] {
  return sizes.map((size, id) => {
    const address = heap.allocate(size);
    assertInside(heap, address, size);
    writeFill(heap, address, id);
    return address;
  });
}

for (const place of places) {
  describe(`a pool ${place.name}`, () => {
    it("has regions: aligned, zeroed, apart from each other, in no address negative", () => {
      const pool = poolAt(place);
      dirtyAll(pool);
      const region = pool.region();
      const objects: { address: number; size: number; id: number }[] = [];
      for (let id = 0; id < 400; id++) {
        const size = id % 50 === 49 ? 100_000 + id * 1000 : 4 + ((id * 7919) % 3000);
        const align = 2 ** (id % 14);
        const address = region.allocate(size, { align, zeroed: id % 2 === 0 });
        assert.equal(address % align, 0);
        assertInside(pool, address, size);
        if (id % 2 === 0) assertZero(pool, address, size);
        pool.u8.fill(id, address, address + size);
        objects.push({ address, size, id });
      }
      for (const { address, size, id } of objects)
        assert.ok(pool.u8.subarray(address, address + size).every((byte) => byte === (id & 255)));
      region.end();
      assertEmpty(cleaned(pool));
      assertZeroResidue(pool, [8192]);
    });

    it("is reset, as often as one likes, and what was there is no object then", () => {
      const pool = poolAt(place);
      const other = MemoryPool.attach(pool.handle);
      for (let round = 0; round < 3; round++) {
        const addresses = [...allOf(pool, kinds), ...allOf(other, kinds)];
        assert.equal(pool.stats().liveBytes, bytesOf(pool, addresses));
        for (const address of addresses) dirty(pool, address);
        (round % 2 === 0 ? pool : other).reset();
        assertEmpty(pool);
        for (const address of addresses) expectCode("ERR_INVALID_ADDRESS", () => other.sizeOf(address));
        const again = kinds.map((size) => other.allocate(size, { zeroed: true }));
        again.forEach((address, i) => {
          assertInside(pool, address, kinds[i] as number);
          assertZero(pool, address, kinds[i] as number);
        });
        assert.deepEqual(pool.check(), []);
        for (const address of again) pool.deallocate(address);
      }
      other.detach();
      assertZeroResidue(pool, [8192]);
    });

    it("gets back what a dead worker had, with its objects and without", () => {
      const pool = poolAt(place);
      for (const live of [false, true]) {
        const dead = MemoryPool.attach(pool.handle);
        const [kept, adopted] = [allOf(dead, kinds), allOf(dead, kinds)];
        for (const address of adopted) pool.adopt(address);
        const bytes = bytesOf(pool, kept);
        const report = pool.reap(dead.workerId, { live });
        assert.deepEqual(
          [report.liveObjects, report.freedObjects, report.freedBytes],
          live ? [0, kinds.length, bytes] : [kinds.length, 0, 0],
        );
        assert.deepEqual(pool.check(), []);
        adopted.forEach((address, id) => {
          assert.equal(readFill(pool, address), id);
        });
        for (const address of live ? adopted : [...kept, ...adopted]) pool.deallocate(address);
        if (live) for (const address of kept) assert.throws(() => pool.sizeOf(address), /ERR_|live|slab/);
      }
      assertZeroResidue(pool, [8192]);
    });

    it("gives its pages back at their own place, and nothing beside it", () => {
      const os = pretendOs({
        residency: { available: true, reason: "pretended" },
        residentBytes: (_buffer, offset, bytes) => {
          assert.ok(offset >= place.offset && offset + bytes <= place.offset + place.capacity, `${offset}`);
          return bytes;
        },
      });
      const pool = poolAt(place, { os });
      const { dataAt, layout } = heapOf(pool);
      const addresses = allOf(pool, [...kinds, 9 * MiB]);
      const found = pool.residency();
      assert.equal(found.total, place.capacity);
      assert.equal(found.total, found.books + found.slabs + found.large + found.free + found.other);
      assert.equal(found.slabs + found.large, pool.stats().spanBytes);
      for (const address of addresses) dirty(pool, address);
      for (const address of addresses) pool.deallocate(address);
      const { spanBytes } = pool.stats();
      const { decommittedBytes } = pool.cleanup({ all: true });
      assert.ok(decommittedBytes >= spanBytes && dataGiven(os, dataAt) === decommittedBytes);
      const endOfData = dataAt + layout.chunkCount * 65_536;
      for (const { offset, bytes } of os.given)
        assert.ok(offset >= place.offset && offset + bytes <= endOfData, `${bytes} bytes at ${offset}`);
      for (const [i, address] of addresses.entries())
        assertZero(pool, address, [...kinds, 9 * MiB][i] as number);
      assertZeroResidue(pool, [8192]);
    });

    it("is checked there: a state byte that names nobody is told", () => {
      const pool = poolAt(place);
      const { states, layout, dataAt } = heapOf(pool);
      for (const address of allOf(pool, [8192, 8193])) {
        const chunk = Math.floor((address - dataAt) / 65_536);
        const at = states.subarray(chunk << layout.stateShift).findIndex((state) => state >= 128);
        const stateAt = (chunk << layout.stateShift) + at;
        const before = states[stateAt] as number;
        states[stateAt] = 128 + 7;
        assert.ok(pool.check().some(({ invariant }) => invariant === "state"));
        states[stateAt] = before;
        assert.deepEqual(pool.check(), []);
      }
    });
  });

  describe(`a heap of slabs ${place.name}`, () => {
    it("lives a whole life there, in every class", () => {
      for (const sizeClasses of [SizeClasses.powersOfTwo, SizeClasses.fine]) {
        const heap = slabsAt(place, { sizeClasses });
        const other = SlabAllocator.attach(heap.handle);
        for (const size of sizeClasses) {
          const addresses = allOf(heap, Array<number>(size < 64 ? 2000 : 300).fill(size));
          assertDisjoint(heap, addresses, size);
          for (const [i, address] of addresses.entries()) {
            readFill(other, address, i);
            if (i % 3 === 0) other.adopt(address);
            if (i % 50 === 0)
              for (const wrong of misread(address))
                expectCode("ERR_INVALID_ADDRESS", () => heap.deallocate(wrong));
            other.deallocate(address, size);
            expectCode("ERR_DOUBLE_FREE", () => heap.deallocate(address));
          }
        }
        assert.deepEqual(heap.check(), []);
        other.detach();
        assertZeroResidue(heap, [8192]);
      }
    });
  });
}

/** After a clean-up: an empty span of pages is kept until then. */
function cleaned<T extends SlabAllocator>(heap: T): T {
  heap.cleanup();
  return heap;
}

describe("the last MiB of 4 GiB", () => {
  for (const size of [8, 4096, 8192])
    it(`has objects of ${size} bytes up to the last one`, () => {
      const place = { name: "", offset: end - MiB, capacity: MiB, memoryBytes: end };
      const heap = slabsAt(place, { sizeClasses: [size], maxWorkers: 1 });
      const addresses = fillUp(heap, size);
      const last = end - size;
      assert.equal(Math.max(...addresses.slice(-1000)), last);
      heap.u8[end - 1] = 5;
      assert.equal(heap.sizeOf(last), size);
      for (const wrong of [end, end - 1, end - 4])
        expectCode("ERR_INVALID_ADDRESS", () => heap.sizeOf(wrong));
      heap.adopt(last);
      heap.deallocate(last, size);
      expectCode("ERR_DOUBLE_FREE", () => heap.deallocate(last));
      assert.equal(heap.allocate(size), last);
      assert.equal(heap.u8[last + size - 1], 5);
      for (const address of addresses) heap.deallocate(address);
      assertZeroResidue(heap, [size]);
    });
});

describe("a pool of 4 GiB of its own, pushed up by one object", () => {
  const os = loadOs();
  const pool = new MemoryPool({ capacity: end, maxWorkers: 2, os });

  it("has zeroes that nobody wrote above 2 GiB, and such as were written there", () => {
    const low = pool.allocate(2 * GiB);
    for (const isDirty of [false, true]) {
      for (const size of kinds) {
        const address = pool.allocate(size, { zeroed: true });
        assert.ok(address > 2 ** 31, `${address}`);
        assertZero(pool, address, size);
        if (isDirty) dirty(pool, address);
        pool.deallocate(address);
        const again = pool.allocate(size, { zeroed: true });
        assert.ok(again > 2 ** 31);
        assertZero(pool, again, size);
        dirty(pool, again);
        pool.deallocate(again);
      }
    }
    const region = pool.region();
    const inRegion = region.allocate(300, { zeroed: true, align: 64 });
    assert.ok(inRegion > 2 ** 31 && inRegion % 64 === 0);
    assertZero(pool, inRegion, 300);
    region.end();
    pool.deallocate(low);
  });

  it("gives back what was used there, and is zero then", {
    skip: os.decommit.available ? false : os.decommit.reason,
  }, () => {
    pool.reset();
    const low = pool.allocate(2 * GiB);
    const high = pool.allocate(16 * MiB);
    assert.ok(high > 2 ** 31);
    dirty(pool, high);
    assert.ok(pool.residency().large >= 16 * MiB);
    pool.deallocate(high);
    assert.ok(pool.cleanup({ all: true }).decommittedBytes >= 16 * MiB);
    assert.equal(pool.residency().free, 0);
    assertZero(pool, high, 16 * MiB);
    assert.equal(pool.allocate(16 * MiB, { zeroed: true }), high);
    assertZero(pool, high, 16 * MiB);
    pool.deallocate(high);
    pool.deallocate(low);
    assert.deepEqual(pool.check(), []);
    pool.destroy();
  });
});

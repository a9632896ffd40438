// Objects made smaller where nothing is free: what each kind does, one by one.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool } from "offheap";
import { claimPagesHeld, lengthOf, tag, tagOf } from "#src/arena/claim.js";
import type { WorkerPlace } from "#src/base/brands.js";
import { readFill, writeFill } from "./support/fill.ts";
import { expectCode, heapOf } from "./support/heaps.ts";
import { assertZeroResidue, fillUp } from "./support/residue.ts";

const KiB = 1024;
const chunk = 64 * KiB;
const sizesDown = [300_000, 70_000, 20_000, 8192, 1000, 64, 1];

function makePool(): MemoryPool {
  return new MemoryPool({ capacity: 4 << 20, maxWorkers: 2 });
}

/** Fills what is left, to the last slot of 8 bytes. */
function fillRest(pool: MemoryPool): number[] {
  return [chunk, 20_000, 8193, 8192, 1000, 64, 8].flatMap((size) => fillUp(pool, size));
}

/** Everything that there is. */
function wholeOf(pool: MemoryPool): number {
  return heapOf(pool).layout.chunkCount * chunk;
}

/** Shrinks by both calls; the contents stay. */
const shrinkers: [string, (pool: MemoryPool) => (address: number, size: number) => number][] = [
  ["reallocate", (pool) => (address, size) => pool.reallocate(address, size)],
  ["realloc", (pool) => pool.asMalloc().realloc],
];

for (const [name, shrinkerOf] of shrinkers)
  describe(`${name} in a heap where nothing is free`, () => {
    it("keeps a slot where it is", () => {
      const pool = makePool();
      const shrink = shrinkerOf(pool);
      const address = pool.allocate(8192);
      writeFill(pool, address, 1);
      const rest = fillRest(pool);
      for (const size of [8191, 64, 8, 1]) assert.equal(shrink(address, size), address);
      assert.equal(pool.sizeOf(address), 8192);
      readFill(pool, address, 1);
      for (const other of [address, ...rest]) pool.deallocate(other);
      assertZeroResidue(pool);
    });

    it("cuts a page run, also to less than a page run has otherwise, and its pages serve others", () => {
      const pool = makePool();
      const shrink = shrinkerOf(pool);
      const address = pool.allocate(300_000);
      writeFill(pool, address, 2);
      const first = pool.u8.slice(address, address + 100);
      const rest = fillRest(pool);
      assert.equal(shrink(address, 100), address);
      assert.equal(pool.sizeOf(address), 2048);
      assert.deepEqual(pool.u8.slice(address, address + 100), first);
      const more = fillUp(pool, 20_000);
      assert.ok(more.length >= 12, `${more.length} objects of 20,000 bytes`);
      for (const other of [address, ...rest, ...more]) pool.deallocate(other);
      assertZeroResidue(pool);
    });

    it("cuts an object that fills the whole heap, which then may move", () => {
      for (const size of sizesDown) {
        const pool = makePool();
        const address = pool.allocate(wholeOf(pool));
        pool.u8.fill(0x5a, address, address + size);
        const next = shrinkerOf(pool)(address, size);
        assert.ok(pool.u8.subarray(next, next + size).every((byte) => byte === 0x5a));
        const bytes = pool.sizeOf(next);
        assert.ok(bytes >= size && bytes < size + 2048, `${bytes} bytes for ${size}`);
        assert.deepEqual(pool.check(), []);
        pool.deallocate(next, bytes);
        assertZeroResidue(pool);
      }
    });

    it("keeps an object that has the heap's only chunk", () => {
      const pool = new MemoryPool({ capacity: 2 * chunk, sizeClasses: [64], maxWorkers: 1 });
      assert.equal(wholeOf(pool), chunk);
      const address = pool.allocate(chunk);
      writeFill(pool, address, 5);
      const first = pool.u8.slice(address, address + 10);
      for (const size of [chunk - 1, 10]) assert.equal(shrinkerOf(pool)(address, size), address);
      assert.equal(pool.sizeOf(address), 2048);
      assert.deepEqual(pool.u8.slice(address, address + 10), first);
      pool.deallocate(address);
      assertZeroResidue(pool);
    });

    it("keeps aligned objects, aligned", () => {
      for (const align of [64, 4096, chunk, 2 * chunk])
        for (const size of [100, 8192, 20_000, chunk]) {
          const pool = makePool();
          const shrink = shrinkerOf(pool);
          const address = pool.allocate(size, { align });
          const rest = fillRest(pool);
          for (const less of [size - 1, size / 2, 32].map(Math.floor)) {
            assert.equal(shrink(address, less), address, `${size} bytes, align ${align}, to ${less}`);
          }
          for (const other of [address, ...rest]) pool.deallocate(other);
          assertZeroResidue(pool);
        }
    });

    it("keeps a page run whose span another worker holds just now", () => {
      const pool = makePool();
      const address = pool.allocate(300_000);
      writeFill(pool, address, 3);
      const rest = fillRest(pool);
      const { words, layout, dataAt } = heapOf(pool);
      const at = layout.claimsAt + (address - (address % chunk) - dataAt) / chunk;
      const claim = words[at] as number;
      assert.equal(tagOf(claim), tag.pages);
      words[at] = claimPagesHeld(lengthOf(claim), 2 as WorkerPlace);
      for (const size of [200_000, 20_000, 64]) assert.equal(shrinkerOf(pool)(address, size), address);
      words[at] = claim;
      readFill(pool, address, 3);
      assert.deepEqual(pool.check(), []);
      for (const other of [address, ...rest]) pool.deallocate(other);
      assertZeroResidue(pool);
    });

    it("still refuses what is larger, and leaves the object as it was", () => {
      for (const size of [64, 20_000, 600_000]) {
        const pool = makePool();
        const address = pool.allocate(size);
        writeFill(pool, address, 4);
        const bytes = pool.sizeOf(address);
        const rest = fillRest(pool);
        const larger = () => shrinkerOf(pool)(address, bytes + 1);
        if (name === "realloc") assert.equal(larger(), 0);
        else expectCode("ERR_OUT_OF_MEMORY", larger);
        assert.equal(pool.sizeOf(address), bytes);
        readFill(pool, address, 4);
        for (const other of [address, ...rest]) pool.deallocate(other);
        assertZeroResidue(pool);
      }
    });
  });

describe("realloc of an object of JavaScript's that stands at a multiple of 8", () => {
  it("keeps it there when nothing is free, though C would have it at one of 16", () => {
    const pool = makePool();
    const { realloc } = pool.asMalloc();
    const objects = fillUp(pool, 24);
    objects.push(...fillRest(pool));
    const odd = objects.find((address) => address % 16 === 8 && pool.sizeOf(address) === 24) as number;
    for (const size of [24, 20, 9, 8, 1]) assert.equal(realloc(odd, size), odd);
    assert.equal(realloc(odd, 25), 0);
    pool.deallocate(objects.pop() as number);
    for (const address of objects) pool.deallocate(address);
    assertZeroResidue(pool);
  });
});

describe("a shrink where there is room", () => {
  it("takes the smaller place", () => {
    const pool = makePool();
    for (const from of [3_000_000, 300_000, 8192, 1000]) {
      let address = pool.allocate(from);
      for (const size of sizesDown.filter((each) => each < from)) {
        address = pool.reallocate(address, size);
        const bytes = pool.sizeOf(address);
        assert.ok(bytes < size + 2048, `${bytes} bytes for ${size}`);
      }
      pool.deallocate(address, 1);
    }
    assertZeroResidue(pool);
  });
});

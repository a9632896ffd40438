// Page runs that a worker keeps for its next object of the same length (core/pages/kept.ts): live for nobody, lost to nobody.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool } from "offheap";
import type { WorkerPlace } from "#src/base/brands.js";
import { keptIn, keptTable } from "#src/layout/offsets.js";
import { CountingAccess } from "./support/counting.ts";
import { attachPoolTo, expectCode, heapOf, makePoolHeap } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";

const page = 2048;
const length = 50_000;
const engines = ["wasm", "js"] as const;

const make = (engine: "wasm" | "js", change = {}) =>
  new MemoryPool({ capacity: 4 << 20, maxWorkers: 3, engine, ...change });
/** Asked for twice, so that it is kept. */
function allocateAgain(pool: MemoryPool, bytes: number): number {
  pool.deallocate(pool.allocate(bytes));
  return pool.allocate(bytes);
}
/** What is said of a run that was taken since stays in the table. */
function keptBy(pool: MemoryPool): number {
  const heap = heapOf(pool);
  const { slots } = keptIn(heap, (pool.workerId % 128) as WorkerPlace);
  return slots.filter((slot) => heap.states[slot] === 127).length;
}

for (const engine of engines)
  describe(`a page run that is kept, ${engine}`, () => {
    it("is the next object of its length, and no other", () => {
      const pool = make(engine);
      const address = allocateAgain(pool, length);
      const { large } = pool.stats();
      pool.deallocate(address);
      assert.equal(keptBy(pool), 1);
      assert.deepEqual(pool.check(), []);
      assert.equal(pool.stats().large.freeBytes, large.freeBytes + 25 * page);
      const other = pool.allocate(length + page);
      assert.notEqual(other, address);
      assert.equal(pool.allocate(length), address);
      assert.equal(keptBy(pool), 0);
      for (const object of [address, other]) pool.deallocate(object);
      assertZeroResidue(pool);
    });

    it("is no object: a second free, and its size, are refused", () => {
      const pool = make(engine);
      const address = allocateAgain(pool, length);
      pool.deallocate(address);
      assert.equal(keptBy(pool), 1);
      for (const call of ["deallocate", "sizeOf", "adopt"] as const)
        expectCode("ERR_DOUBLE_FREE", () => pool[call](address));
      expectCode("ERR_DOUBLE_FREE", () => pool.reallocate(address, 3 * length));
      assert.deepEqual(pool.check(), []);
      assertZeroResidue(pool);
    });

    it("counts as freed, and as allocated, each time", () => {
      const pool = make(engine);
      for (let i = 1; i <= 10; i++) {
        const address = pool.allocate(length);
        assert.deepEqual([pool.stats().large.allocs, pool.stats().large.deallocs], [i, i - 1]);
        pool.deallocate(address);
        assert.deepEqual([pool.stats().large.allocs, pool.stats().large.deallocs], [i, i]);
      }
      pool.cleanup();
      assert.deepEqual([pool.stats().large.allocs, pool.stats().large.deallocs], [10, 10]);
      assertZeroResidue(pool);
    });

    it("goes when another length comes to its place in the table", () => {
      const pool = make(engine);
      // Runs of 25 and of 51 pages have the same.
      pool.deallocate(allocateAgain(pool, 25 * page));
      assert.equal(keptBy(pool), 1);
      pool.deallocate(pool.allocate(51 * page));
      assert.equal(keptBy(pool), 0);
      pool.deallocate(pool.allocate(51 * page));
      assert.equal(keptBy(pool), 1);
      assert.deepEqual(pool.check(), []);
      assertZeroResidue(pool);
    });

    it("is given back when others want the space, clean up, or reap its worker", () => {
      for (const want of ["space", "cleanup", "reap", "detach", "reset"] as const) {
        const pool = make(engine);
        const other = MemoryPool.attach(pool.handle);
        const { chunkCount } = heapOf(pool).layout;
        const lengths = [40_000, 50_000, 60_000];
        const objects = lengths.map((bytes) => allocateAgain(pool, bytes));
        for (const address of objects) pool.deallocate(address);
        assert.equal(keptBy(pool), lengths.length);
        if (want === "space") other.deallocate(other.allocate(chunkCount * 65_536));
        else if (want === "cleanup") other.cleanup();
        else if (want === "reap") other.reap(pool.workerId);
        else if (want === "detach") pool.detach();
        else other.reset();
        assert.deepEqual(other.check(), [], want);
        other.cleanup();
        assert.equal(other.stats().spanBytes, 0, want);
        if (want === "reap" || want === "detach") continue;
        // What its table still says is believed no more.
        const again = lengths.map((bytes) => pool.allocate(bytes));
        assert.equal(new Set(again).size, lengths.length);
        for (const address of again) pool.deallocate(address);
        assert.deepEqual(pool.check(), [], want);
        assertZeroResidue(pool);
      }
    });

    it("is given back by its worker's own clean-up now and then", () => {
      const pool = make(engine, { cleanupInterval: 4 });
      for (let i = 0; i < 10; i++) pool.deallocate(pool.allocate(length));
      assert.equal(keptBy(pool), 1);
      // Its length was asked for since the clean-up before: it goes at the second from here on.
      const others = Array.from({ length: 8 }, (_, i) => pool.allocate((6 + i) * 2048));
      for (const [i, address] of others.entries()) {
        assert.equal(keptBy(pool), i < 6 ? 1 : 0, `${i} frees`);
        pool.deallocate(address);
      }
    });

    it("that another has taken, and keeps, may be anybody's who has it in a table: once", () => {
      const pool = make(engine);
      const other = MemoryPool.attach(pool.handle);
      const table = keptTable(heapOf(pool), (pool.workerId % 128) as WorkerPlace);
      pool.deallocate(allocateAgain(pool, length));
      const stale = table.slice();
      other.cleanup();
      other.deallocate(allocateAgain(other, length));
      table.set(stale);
      const [first, second] = [pool.allocate(length), other.allocate(length)];
      assert.notEqual(first, second);
      assert.deepEqual(pool.check(), []);
      pool.deallocate(first);
      other.deallocate(second);
      assertZeroResidue(pool);
    });
  });

describe("a page run that is kept, and taken again or freed by its worker", () => {
  // Runs of 25 and of 51 pages have the same place in the table.
  for (const [pages, isFreed] of [
    [25, true],
    [51, false],
  ] as const)
    it(`is left to whoever has another in its place meanwhile: ${pages} pages, ${isFreed ? "kept" : "live"}`, () => {
      for (let n = 0, came = true; came; n++) {
        const heap = makePoolHeap({ capacity: 4 << 20, maxWorkers: 3, engine: "js" });
        const other = attachPoolTo(heap);
        let left = Number.POSITIVE_INFINITY;
        let theirs = 0;
        const meanwhile = new CountingAccess(() => {
          if (left-- !== 0) return;
          other.cleanup();
          theirs = allocateAgain(other, 30 * page);
          if (isFreed) other.deallocate(theirs);
        });
        const pool = attachPoolTo(heap, meanwhile);
        pool.deallocate(allocateAgain(pool, 25 * page));
        assert.equal(keptBy(pool), 1);
        left = n;
        const address = pool.allocate(pages * page);
        came = left < 0;
        left = Number.POSITIVE_INFINITY;
        assert.deepEqual(other.check(), [], `before store ${n}`);
        assert.equal(pool.sizeOf(address), pages * page);
        assert.equal(other.stats().liveObjects, came && !isFreed ? 2 : 1, `before store ${n}`);
        pool.deallocate(address);
        if (came && !isFreed) other.deallocate(theirs);
        for (const each of [pool, other]) each.cleanup();
        assert.equal(other.stats().spanBytes, 0, `before store ${n}`);
      }
    });
});

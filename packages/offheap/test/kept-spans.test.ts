// Spans that a worker keeps for its next object of as many chunks (core/large/kept.ts): live for nobody, lost to nobody.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool } from "offheap";
import { isKept } from "#src/arena/claim.js";
import type { WorkerPlace } from "#src/base/brands.js";
import { keptIn, keptTable } from "#src/layout/offsets.js";
import { CountingAccess } from "./support/counting.ts";
import { attachPoolTo, expectCode, heapOf, makePoolHeap } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";

const chunk = 65_536;
const length = 12 * chunk;
const engines = ["wasm", "js"] as const;

const make = (engine: "wasm" | "js", change = {}) =>
  new MemoryPool({ capacity: 16 << 20, maxWorkers: 3, engine, ...change });
const placeOf = (pool: MemoryPool) => (pool.workerId % 128) as WorkerPlace;

/** Asked for twice, so that it is kept. */
function allocateAgain(pool: MemoryPool, bytes: number): number {
  pool.deallocate(pool.allocate(bytes));
  return pool.allocate(bytes);
}

/** What is said of a span that was taken since stays in the table. */
function keptBy(pool: MemoryPool): number {
  const heap = heapOf(pool);
  const { words, layout } = heap;
  const { heads } = keptIn(heap, placeOf(pool));
  return heads.filter((head) => isKept(words[layout.claimsAt + head] as number)).length;
}

for (const engine of engines)
  describe(`a span that is kept, ${engine}`, () => {
    it("is the next object of its length, and no other", () => {
      const pool = make(engine);
      const address = allocateAgain(pool, length);
      const before = pool.stats();
      pool.deallocate(address);
      assert.equal(keptBy(pool), 1);
      assert.deepEqual(pool.check(), []);
      const after = pool.stats();
      assert.equal(after.large.freeBytes, before.large.freeBytes + length);
      assert.deepEqual([after.liveObjects, after.liveBytes, after.spanBytes], [0, 0, before.spanBytes]);
      const other = pool.allocate(length + chunk);
      assert.notEqual(other, address);
      // As many chunks.
      assert.equal(pool.allocate(length - 100), address);
      assert.equal(keptBy(pool), 0);
      for (const object of [address, other]) pool.deallocate(object);
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

    it("is kept up to 16 chunks, one of each length", () => {
      const pool = make(engine);
      for (const chunks of [7, 8, 16, 17, 40]) {
        const bytes = chunks * chunk;
        const pair = [allocateAgain(pool, bytes), pool.allocate(bytes)];
        for (const address of pair) pool.deallocate(address);
      }
      assert.equal(keptBy(pool), 2);
      assert.equal(pool.stats().spanBytes, (8 + 16 + 16) * chunk);
      assert.deepEqual(pool.check(), []);
      assertZeroResidue(pool);
    });

    it("is no object: a second free, and its size, are refused as those of a span that is gone", () => {
      const pool = make(engine);
      const address = allocateAgain(pool, length);
      pool.deallocate(address);
      assert.equal(keptBy(pool), 1);
      for (const call of ["deallocate", "sizeOf", "adopt", "disown"] as const)
        for (const at of [address, address + chunk, address + 8])
          expectCode("ERR_INVALID_ADDRESS", () => pool[call](at));
      expectCode("ERR_INVALID_ADDRESS", () => pool.reallocate(address, 3 * length));
      expectCode("ERR_INVALID_ADDRESS", () => MemoryPool.attach(pool.handle).deallocate(address));
      assert.deepEqual(pool.check(), []);
      assertZeroResidue(pool);
    });

    it("is zeroed where that is asked for", () => {
      const pool = make(engine);
      const address = allocateAgain(pool, length);
      pool.u8.fill(7, address, address + length);
      pool.deallocate(address);
      assert.equal(pool.allocate(length, { zeroed: true }), address);
      assert.ok(pool.u8.subarray(address, address + length).every((byte) => byte === 0));
      pool.u8.fill(7, address, address + length);
      pool.deallocate(address);
      const { calloc } = pool.asMalloc({ direct: engine === "wasm" });
      assert.equal(calloc(1, length), address);
      assert.ok(pool.u8.subarray(address, address + length).every((byte) => byte === 0));
      pool.deallocate(address);
      assertZeroResidue(pool);
    });

    it("is given back when others want the space, clean up, or reap its worker", () => {
      for (const want of ["space", "cleanup", "reap", "detach", "reset"] as const) {
        const pool = make(engine);
        const other = MemoryPool.attach(pool.handle);
        const { chunkCount } = heapOf(pool).layout;
        const lengths = [8, 9, 16].map((chunks) => chunks * chunk);
        const objects = lengths.map((bytes) => allocateAgain(pool, bytes));
        for (const address of objects) pool.deallocate(address);
        assert.equal(keptBy(pool), lengths.length);
        if (want === "space") other.deallocate(other.allocate(chunkCount * chunk));
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

    it("makes room for the object before it, which is made longer", () => {
      const pool = make(engine);
      const first = pool.allocate(length);
      const behind = allocateAgain(pool, length);
      assert.equal(behind, first + length);
      pool.deallocate(behind);
      assert.equal(keptBy(pool), 1);
      assert.equal(pool.reallocate(first, 2 * length), first);
      assert.equal(keptBy(pool), 0);
      assert.deepEqual(pool.check(), []);
      pool.deallocate(first);
      assertZeroResidue(pool);
    });

    it("is not believed where another has it in its table", () => {
      const pool = make(engine);
      const other = MemoryPool.attach(pool.handle);
      pool.deallocate(allocateAgain(pool, length));
      keptTable(heapOf(pool), placeOf(other)).set(keptTable(heapOf(pool), placeOf(pool)));
      const [first, second] = [other.allocate(length), pool.allocate(length)];
      assert.notEqual(first, second);
      assert.deepEqual(pool.check(), []);
      for (const address of [first, second]) pool.deallocate(address);
      assertZeroResidue(pool);
    });

    it("is named by check() where no table has it", () => {
      const pool = make(engine);
      pool.deallocate(allocateAgain(pool, length));
      keptTable(heapOf(pool), placeOf(pool)).fill(0);
      assert.deepEqual(
        pool.check().map(({ invariant }) => invariant),
        ["claim"],
      );
    });
  });

describe("a pair of what is kept", () => {
  // An exchange each; the others are loads of claim words.
  for (const [bytes, atomics] of [
    [40_000, [1, 2]],
    [448 * 1024, [1, 2]],
    [8 * chunk, [2, 3]],
    [16 * chunk, [2, 3]],
  ] as const)
    it(`takes two exchanges: ${bytes} bytes`, () => {
      const access = new CountingAccess();
      const pool = attachPoolTo(makePoolHeap({ capacity: 16 << 20, maxWorkers: 2, engine: "js" }), access);
      pool.deallocate(allocateAgain(pool, bytes));
      let address = 0;
      const pair = [
        access.during(() => {
          address = pool.allocate(bytes);
        }),
        access.during(() => pool.deallocate(address)),
      ];
      assert.deepEqual(
        pair.map((each) => each.atomics),
        atomics,
      );
    });
});

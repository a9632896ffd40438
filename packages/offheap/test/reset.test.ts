// reset: everything goes at once, at a cost that the objects have no part in; and what of before is left in the books
// is no harm to what comes after: addresses, magazines, state bytes.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool } from "offheap";
import { AllocatorError } from "#src/base/errors.js";
import { type Accesses, CountingAccess } from "./support/counting.ts";
import { expectCode, heapOf } from "./support/heaps.ts";
import { assertDisjoint, assertEmpty, assertZeroResidue, fillUp } from "./support/residue.ts";

const MiB = 1 << 20;
const chunk = 65_536;
/** Objects of every kind: a slot, page runs, a span. */
const kinds = [100, 8193, 100_000, 448 * 1024, 448 * 1024 + 1, 3 * MiB];

interface Measured {
  readonly liveObjects: number;
  readonly spanBytes: number;
  readonly cost: Accesses;
}

function isRefused(call: () => unknown): boolean {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof AllocatorError, String(error));
    return true;
  }
  return false;
}

/** Wherever an object may begin in the first chunks, also behind the last slot of its slab, and wherever a page does. */
function placesOf(dataAt: number, chunks: number): Set<number> {
  const places = new Set<number>();
  const heads = Array.from({ length: chunks }, (_, i) => dataAt + i * chunk);
  for (const step of [64, 1000, 2048, 24_000])
    for (const head of heads) for (let at = head; at < head + 2 * chunk; at += step) places.add(at);
  return places;
}

describe("reset", () => {
  it("frees everything of everyone at once; what others had cached is no harm to what comes after", () => {
    const pool = new MemoryPool({ capacity: 64 * MiB, maxWorkers: 3 });
    const other = MemoryPool.attach(pool.handle);
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 500; i++)
        for (const worker of [pool, other]) worker.allocate(1 + ((i * 97) % 20_000));
      for (const worker of [pool, other]) for (const size of kinds) worker.deallocate(worker.allocate(size));
      pool.reset();
      assert.deepEqual(pool.check(), []);
      assertEmpty(pool);
      const live = [pool, other].flatMap((worker) => fillUp(worker, 3000, 1000));
      assertDisjoint(pool, live);
      assert.equal(pool.stats().liveObjects, live.length);
      for (const address of live) other.deallocate(address);
    }
    other.detach();
    assertZeroResidue(pool);
  });

  it("costs the same with ten times the objects in the same slabs, to the access", () => {
    const [few, many] = [10, 1].map((share) => {
      const access = new CountingAccess();
      const pool = new MemoryPool({ capacity: 8 * MiB, memory: "local", maxWorkers: 2 }, { access });
      const sizes = Array.from({ length: 10_000 }, (_, i) => (i % 50 === 0 ? 4096 : 64));
      const objects = sizes.map((size) => pool.allocate(size));
      for (const [i, address] of objects.entries()) if (i % share !== 0) pool.deallocate(address);
      const { liveObjects, spanBytes } = pool.stats();
      return { liveObjects, spanBytes, cost: access.during(() => pool.reset()) };
    }) as [Measured, Measured];
    assert.equal(many.liveObjects, 10 * few.liveObjects);
    assert.equal(many.spanBytes, few.spanBytes);
    assert.deepEqual(many.cost, few.cost);
  });

  it("costs a few accesses a chunk, however many objects there are", () => {
    const [few, many] = [10, 400_000].map((count) => {
      const access = new CountingAccess();
      const pool = new MemoryPool({ capacity: 8 * MiB, memory: "local", maxWorkers: 1 }, { access });
      for (let i = 0; i < count; i++) pool.allocate(8);
      const chunks = pool.stats().spanBytes / chunk;
      const { loads, stores, atomics } = access.during(() => pool.reset());
      assertEmpty(pool);
      return { chunks, cost: loads + stores + atomics };
    }) as [{ chunks: number; cost: number }, { chunks: number; cost: number }];
    // Its map entry and its claim word, and the nodes of the tree of free runs that are not as they will be.
    const more = many.cost - few.cost;
    assert.ok(more >= 2 * (many.chunks - few.chunks) && more <= 3 * (many.chunks - few.chunks), `${more}`);
  });

  for (const sizeClasses of [[64, 1000, 24_000], [4096]]) {
    it(`an address of before is an error, whatever has been built where it was: classes ${sizeClasses}`, () => {
      const tiny = { slotsPerSlab: 20, slabChunks: 2 };
      const pool = new MemoryPool({ capacity: 64 * chunk, sizeClasses, maxWorkers: 1 }, { tiny });
      const places = placesOf(heapOf(pool).dataAt, 6);
      const sizes = [64, 1000, 24_000, 6000, 3 * chunk];
      for (const first of sizes) {
        for (const size of sizes) {
          // An object of one chunk, so that spans begin elsewhere before than after.
          const before = [pool.allocate(chunk), ...fillUp(pool, first, first > chunk ? 4 : 40)];
          pool.reset();
          for (const address of before) expectCode("ERR_INVALID_ADDRESS", () => pool.deallocate(address));
          const live = new Set(fillUp(pool, size, 7));
          for (const address of places) {
            const isLive = live.has(address);
            const where = `${address} of ${size}, after ${first}`;
            assert.equal(
              isRefused(() => pool.sizeOf(address)),
              !isLive,
              where,
            );
            if (!isLive)
              assert.ok(
                isRefused(() => pool.deallocate(address)),
                where,
              );
          }
          assert.deepEqual(pool.check(), []);
          assert.equal(pool.stats().liveObjects, live.size);
          for (const address of live) pool.deallocate(address);
        }
      }
      assertZeroResidue(pool);
    });
  }

  it("a round of before is no free that was cut short, also where its slot is behind the last of the next slab", () => {
    const pool = new MemoryPool(
      { capacity: 256 * chunk, sizeClasses: [64, 8192], maxWorkers: 1 },
      { tiny: { slotsPerSlab: 32, slabChunks: 4, rounds: 4 } },
    );
    const objects = fillUp(pool, 8192, 32);
    assert.equal(pool.stats().spanBytes, 4 * chunk);
    // The words of the magazine name slots that a slab of two chunks has not, and their bytes say "cached".
    for (const address of objects.slice(28)) pool.deallocate(address);
    pool.reset();
    const first = pool.allocate(2 * chunk);
    const others = fillUp(pool, 2 * chunk);
    pool.deallocate(first);
    const next = pool.allocate(8192);
    assert.equal(next, first, "the next slab is to be where the first was, and shorter");
    pool.deallocate(next);
    pool.cleanup();
    assert.deepEqual(pool.check(), []);
    for (const address of others) pool.deallocate(address);
    assertZeroResidue(pool);
  });
});

// reset: everything goes at once, at a cost that the objects have no part in; and what of before is left in the books
// is no harm to what comes after: addresses, magazines, state bytes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { MemoryPool } from "offheap";
import { claimClaimed, classOf, isSlab, lengthOf } from "#src/arena/claim.js";
import type { WorkerPlace } from "#src/base/brands.js";
import { AllocatorError } from "#src/base/errors.js";
import { type Accesses, CountingAccess } from "./support/counting.ts";
import { type CutPool, cutPool } from "./support/cut-short.ts";
import { expectCode, heapOf, keepingNone } from "./support/heaps.ts";
import { assertDisjoint, assertEmpty, assertZeroResidue, fillUp } from "./support/residue.ts";

const MiB = 1 << 20;
const chunk = 65_536;
/** Objects of every kind: a slot, page runs, a span. */
const kinds = [100, 8193, 100_000, 448 * 1024, 448 * 1024 + 1, 3 * MiB];

const golden = JSON.parse(readFileSync(new URL("../test/golden/accesses.json", import.meta.url), "utf8")) as {
  readonly fast: Readonly<Record<"allocate" | "deallocate", Accesses>>;
};

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

  it("leaves both calls on the fast path, also when an exception cuts it short at any store", () => {
    for (let n = 0; ; n++) {
      const { victim, access, cut } = cutPool({ capacity: 11 * chunk, sizeClasses: [64], maxWorkers: 4 }, {});
      victim.deallocate(victim.allocate(64));
      const isCut = cut(n, () => victim.reset());
      victim.allocate(64);
      let address = 0;
      const allocate = access.during(() => {
        address = victim.allocate(64);
      });
      const deallocate = access.during(() => victim.deallocate(address));
      assert.deepEqual([allocate, deallocate], [golden.fast.allocate, golden.fast.deallocate], `store ${n}`);
      if (!isCut) break;
    }
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
    const pool = keepingNone(
      new MemoryPool(
        { capacity: 256 * chunk, sizeClasses: [64, 8192], maxWorkers: 1 },
        { tiny: { slotsPerSlab: 32, slabChunks: 4, roundLimit: 4 } },
      ),
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

/** A pool of few chunks, another of whose workers may be cut short; that one has a free slot and a free page cached. */
function cuttable(): CutPool {
  const tiny = { slotsPerSlab: 8, slabChunks: 1, roundLimit: 2 };
  const made = cutPool({ capacity: 9 * chunk, sizeClasses: [64, 128], maxWorkers: 4 }, tiny);
  const { victim } = made;
  for (const size of [64, 4096]) {
    const [first] = [victim.allocate(size), victim.allocate(size)];
    victim.deallocate(first);
  }
  return made;
}

describe("a reset that is cut short at any of its stores", () => {
  it("is ended by a reap, or has not begun: for objects and for regions alike", () => {
    let outcomes = "";
    for (let n = 0; ; n++) {
      const { pool, victim, cut } = cuttable();
      const region = pool.region();
      region.allocate(8);
      const isCut = cut(n, () => victim.reset());
      pool.reap(victim.workerId);
      const isReset = pool.stats().liveObjects === 0;
      outcomes += isReset ? "r" : "o";
      assert.equal(
        isRefused(() => region.allocate(8)),
        isReset,
        `cut at store ${n}`,
      );
      region.end();
      // Two of the victim's.
      assert.equal(pool.stats().liveObjects, isReset ? 0 : 2);
      assert.deepEqual(pool.check(), []);
      if (!isReset) pool.reset();
      assertZeroResidue(pool);
      if (!isCut) break;
    }
    assert.match(outcomes, /^o+r+$/);
  });
});

describe("a reset after another worker's call was cut short at any of its stores", () => {
  const calls: Record<string, (victim: MemoryPool) => unknown> = {
    "the allocation of a slot": (victim) => victim.allocate(64),
    "the allocation of a page run": (victim) => victim.allocate(4096),
    "the allocation of a span": (victim) => victim.allocate(2 * chunk),
    "an allocation and free of a span": (victim) => victim.deallocate(victim.allocate(2 * chunk)),
    "a move": (victim) => victim.reallocate(victim.allocate(64), 4096),
    "a move to a span": (victim) => victim.reallocate(victim.allocate(4096), 2 * chunk),
    "the resize of a span": (victim) => victim.reallocate(victim.allocate(2 * chunk), 3 * chunk),
  };
  for (const [name, call] of Object.entries(calls))
    it(`leaves nothing of it: ${name}`, () => {
      for (let n = 0; ; n++) {
        const { pool, victim, cut } = cuttable();
        const isCut = cut(n, () => call(victim));
        pool.reset();
        assert.deepEqual(pool.check(), [], `cut at store ${n}`);
        assertEmpty(pool);
        const live = victim.allocate(4096);
        assert.equal(pool.stats().liveObjects, 1);
        victim.deallocate(live);
        victim.cleanup();
        assertZeroResidue(pool);
        if (!isCut) break;
      }
    });
});

describe("after a reset", () => {
  it("a move that an exception had stopped before it ends nothing that was allocated since", () => {
    for (const isDead of [false, true]) {
      for (let n = 0; ; n++) {
        const { pool, victim, cut } = cuttable();
        const address = victim.allocate(64);
        const isCut = cut(n, () => victim.reallocate(address, 128));
        pool.reset();
        // In no slow half, each slot comes to be the victim's, also the one that was to be the object.
        const objects = fillUp(pool, 128, 8);
        for (const object of objects) {
          victim.deallocate(object);
          assert.equal(victim.allocate(128), object);
        }
        if (isDead) pool.reap(victim.workerId);
        else victim.cleanup();
        assert.equal(pool.stats().liveObjects, objects.length, `cut at store ${n}`);
        for (const object of objects) pool.deallocate(object);
        assert.deepEqual(pool.check(), []);
        if (!isCut) break;
      }
    }
  });

  it("no worker has strays", () => {
    const { heap, pool, victim } = cuttable();
    const { words, layout } = heap;
    const objects = Array.from({ length: 6 }, () => pool.allocate(64));
    // A slab that its holder does not let go, so that only magazines take what is freed.
    const claims = words.subarray(layout.claimsAt, layout.claimsAt + layout.chunkCount);
    for (const [i, claim] of claims.entries())
      if (isSlab(claim)) claims[i] = claimClaimed(classOf(claim), lengthOf(claim), 3 as WorkerPlace);
    for (const address of objects) victim.deallocate(address);
    pool.reset();
    assert.deepEqual(pool.check(), []);
    assertEmpty(pool);
  });

  it("no hint of before is followed: what is allocated takes the atomics that it takes in an unused pool", () => {
    const [fresh, reset] = [false, true].map((isReset) => {
      const access = new CountingAccess();
      const tiny = { slotsPerSlab: 32, slabChunks: 2, roundLimit: 4 };
      const options = {
        capacity: 64 * chunk,
        sizeClasses: [64, 1024],
        maxWorkers: 1,
        memory: "local",
      } as const;
      const pool = new MemoryPool(options, { tiny, access });
      const sizes = [1024, 64, 4096, 20_000, 3 * chunk];
      // No chunk is known to be zero then, and the peak is reached.
      pool.deallocate(pool.allocate(heapOf(pool).layout.chunkCount * chunk));
      if (isReset) {
        const objects = sizes.flatMap((size) => fillUp(pool, size, 20));
        for (const [i, address] of objects.entries()) if (i % 3 > 0) pool.deallocate(address);
        pool.reset();
      }
      return sizes.map((size) => access.during(() => fillUp(pool, size, 9)).atomics);
    });
    assert.deepEqual(reset, fresh);
  });
});

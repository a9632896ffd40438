// Objects with a span of their own: operations that are cut short at any of their stores, by an exception or by a death,
// and what becomes of them when their chunks have gone over to others before anyone settles it; counts beyond 32 bits.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemoryPool } from "offheap";
import { noChunk } from "#src/arena/chunk-set.js";
import { claimLarge, isBody, lengthOf } from "#src/arena/claim.js";
import { mapLarge, mapOther } from "#src/arena/span-map.js";
import { Spans } from "#src/arena/spans.js";
import type { ChunkIndex, WorkerPlace } from "#src/base/brands.js";
import { header, record } from "#src/layout/layout.js";
import { recordAt } from "#src/layout/offsets.js";
import { type CutPool, cutPool } from "./support/cut-short.ts";
import { assertZeroResidue, fillUp } from "./support/residue.ts";

const chunk = 65_536;
const slotBytes = 16_384;

/** Slabs have two chunks; beyond 8 pages an object has a span of its own. */
function fixture(): CutPool {
  const tiny = { slotsPerSlab: 8, slabChunks: 2, roundLimit: 2 };
  return cutPool({ capacity: 11 * chunk, sizeClasses: [slotBytes], maxWorkers: 4 }, tiny);
}

/** So many large objects the victim has allocated before, and freed. */
function setCounts({ heap, victim }: CutPool, low: number, high: number): void {
  const at = recordAt(heap.layout, (victim.workerId % 128) as WorkerPlace);
  for (const which of [record.largeAllocs, record.largeFrees]) {
    heap.words[at + which] = low;
    heap.words[at + which + 1] = high;
  }
}

describe("the resize of a span", () => {
  it("leaves it where it is, when there is space", () => {
    const { heap, pool, victim } = fixture();
    const { free } = new Spans(heap);
    const address = victim.allocate(2 * chunk);
    for (const chunks of [4, 3, 10, 1, 2]) {
      assert.equal(victim.reallocate(address, chunks * chunk), address, `${chunks} chunks`);
      // Else whoever looks for space would meet the chunks one by one.
      assert.equal(free.next(0), chunks === heap.layout.chunkCount ? noChunk : chunks);
      assert.equal(heap.words[header.spanChunks], chunks);
    }
    victim.deallocate(address);
    assertZeroResidue(pool);
  });

  it("lets go what it had taken when there is not enough behind it", () => {
    const { pool, victim } = fixture();
    const [first, gap, last] = [2, 1, 1].map((chunks) => victim.allocate(chunks * chunk)) as [
      number,
      number,
      number,
    ];
    victim.deallocate(gap);
    const moved = victim.reallocate(first, 4 * chunk);
    assert.ok(moved > last);
    assert.deepEqual(pool.check(), []);
    assert.equal(pool.stats().spanBytes, 5 * chunk);
    for (const address of [last, moved]) victim.deallocate(address);
    assertZeroResidue(pool);
  });
});

const deeds: Record<string, (victim: MemoryPool) => unknown> = {
  "an allocation": (victim) => victim.allocate(2 * chunk),
  "an allocation and a free": (victim) => victim.deallocate(victim.allocate(2 * chunk)),
  "two resizes": (victim) =>
    victim.reallocate(victim.reallocate(victim.allocate(2 * chunk), 4 * chunk), 3 * chunk),
};

/** What may lie where the object was, by then. */
const successors: Record<string, (pool: MemoryPool) => number[]> = {
  nothing: () => [],
  "a slab": (pool) => fillUp(pool, slotBytes, 8),
  "a span of pages": (pool) => fillUp(pool, slotBytes - 2048, 1),
  "a span of two chunks": (pool) => fillUp(pool, 2 * chunk, 1),
  "the longest span that is to be had": (pool) => {
    for (let length = 10; length > 0; length--) {
      const addresses = fillUp(pool, length * chunk, 1);
      if (addresses.length > 0) return addresses;
    }
    return [];
  },
};

describe("the resize of a span that is cut short, and whose object another frees before that is settled", () => {
  for (const [from, to] of [
    [1, 2],
    [1, 4],
    [4, 1],
    [3, 2],
  ] as const)
    for (const [successor, build] of Object.entries(successors))
      for (const isDead of [true, false])
        it(`${from} to ${to} chunks, then ${successor}: settled by ${isDead ? "a reaper" : "its worker"}`, () => {
          for (let n = 0; ; n++) {
            const made = fixture();
            const { pool, victim, cut } = made;
            // What the record says of the allocation is no length.
            setCounts(made, 9, 0);
            const address = victim.allocate(from * chunk);
            // Nor is its object this one.
            victim.deallocate(victim.allocate(chunk));
            const isCut = cut(n, () => victim.reallocate(address, to * chunk));
            pool.deallocate(address);
            const objects = build(pool);
            if (isDead) pool.reap(victim.workerId);
            else victim.cleanup();
            assert.deepEqual(pool.check(), [], `cut at store ${n}`);
            for (const object of objects) pool.deallocate(object);
            assertZeroResidue(pool);
            if (!isCut) break;
          }
        });
});

describe("the resize of a span that is cut short, while another makes the object longer as that is settled", () => {
  for (const [from, to] of [
    [2, 5],
    [5, 2],
  ] as const)
    for (const [isDead, isOwn] of [
      [true, true],
      [true, false],
      [false, false],
    ])
      it(`${from} to ${to} chunks of ${isOwn ? "its own" : "another's"}, settled by ${isDead ? "a reaper" : "its worker"}`, () => {
        let met = 0;
        for (let n = 0; ; n++) {
          const { heap, pool, victim, cut } = fixture();
          const spans = new Spans(heap);
          const address = (isOwn ? victim : pool).allocate(from * chunk);
          const isCut = cut(n, () => victim.reallocate(address, to * chunk));
          const head = 0 as ChunkIndex;
          const other = (pool.workerId % 128) as WorkerPlace;
          const length = lengthOf(spans.claimOf(head));
          // What another's resize takes, before it says so.
          const got = spans.takeBehind(other, head, length, 3);
          if (isDead) pool.reap(victim.workerId);
          else victim.cleanup();
          for (let i = length; i < length + got; i++) {
            assert.ok(isBody(spans.claimOf(i), i), `cut at store ${n}: chunk ${i} was let go`);
            spans.setMap(i, mapOther(mapLarge, i));
          }
          spans.storeClaim(head, claimLarge(other, length + got));
          assert.deepEqual(pool.check(), [], `cut at store ${n}`);
          pool.deallocate(address);
          assertZeroResidue(pool);
          met += got;
          if (!isCut) break;
        }
        assert.ok(met > 0);
      });
});

describe("counts of large objects beyond 32 bits", () => {
  for (const [name, deed] of Object.entries(deeds))
    for (const size of [4096, 2 * chunk])
      it(`are right after ${name} cut short at any store: ${size} bytes`, () => {
        for (let n = 0; ; n++) {
          const made = fixture();
          const { pool, victim, cut } = made;
          const before = 6 * 2 ** 32 - 1;
          setCounts(made, -1, 5);
          const isCut = cut(n, () =>
            size > chunk ? deed(victim) : victim.deallocate(victim.allocate(size)),
          );
          pool.reap(victim.workerId);
          assert.deepEqual(pool.check(), [], `cut at store ${n}`);
          const { allocs, deallocs } = pool.stats().large;
          assert.ok(deallocs >= before && allocs - deallocs <= 1 && allocs <= before + 1);
          if (!isCut) break;
        }
      });
});

// Hints of page spans that mislead or are missing, as races and deaths leave them: a set that names no span of pages, a
// bin that is too large, words that are wrong. Whoever meets one puts it right, and no object suffers from it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemoryPool } from "offheap";
import { noChunk } from "#src/arena/chunk-set.js";
import { claimPages, claimPagesHeld, lengthOf } from "#src/arena/claim.js";
import type { ChunkIndex, WorkerPlace } from "#src/base/brands.js";
import { infoAt } from "#src/layout/offsets.js";
import { pageInfo } from "#src/layout/pages.js";
import type { Heap } from "#src/memory/heap.js";
import { PageHints } from "#src/pages/page-hints.js";
import { attachPoolTo, keepingNone, makePoolHeap } from "./support/heaps.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertDisjoint, assertZeroResidue } from "./support/residue.ts";

const seed = runSeed();
const page = 2048;
/** The bin of spans whose longest free run has so many pages. */
const binOf = (longest: number) => 31 - Math.clz32(longest);
/** Pages of each span. */
const pages = 16;
const first = 0 as ChunkIndex;
/** A free chunk, of which no span is built here. */
const stranger = 5 as ChunkIndex;

interface Fixture {
  readonly heap: Heap;
  readonly pool: MemoryPool;
  readonly other: MemoryPool;
  readonly hints: PageHints;
}

function fixture(chunks = 16): Fixture {
  const tiny = { slotsPerSlab: pages, slabChunks: 1 };
  const heap = makePoolHeap({ capacity: chunks * 65_536, sizeClasses: [64], maxWorkers: 4 }, tiny);
  const hints = new PageHints(heap);
  return { heap, pool: keepingNone(attachPoolTo(heap)), other: keepingNone(attachPoolTo(heap)), hints };
}

const take = (pool: MemoryPool, ...counts: readonly number[]) =>
  counts.map((count) => pool.allocate(count * page));

const setsOf = ({ bins, empty, pending }: PageHints) => [...bins, empty, pending];

/** In which bins a span is. */
const binsOf = ({ bins }: PageHints, head: ChunkIndex) =>
  [...bins.keys()].filter((bin) => bins[bin]?.has(head));

function end({ pool }: Fixture, objects: readonly number[]): void {
  assert.deepEqual(pool.check(), []);
  for (const address of objects) pool.deallocate(address);
  assert.deepEqual(pool.check(), []);
  assertZeroResidue(pool);
}

describe("a chunk that is no span of pages", () => {
  for (const name of ["a free chunk", "a slab"] as const) {
    const strange = (made: Fixture): [ChunkIndex, number[]] => {
      if (name === "a free chunk") return [stranger, []];
      const slot = made.pool.allocate(64);
      return [((slot - made.heap.dataAt) / 65_536) as ChunkIndex, [slot]];
    };

    it(`leaves each bin when a search meets it there: ${name}`, () => {
      const made = fixture();
      const [chunk, objects] = strange(made);
      for (const bin of made.hints.bins) bin.add(chunk);
      objects.push(...take(made.pool, 1));
      assert.deepEqual(binsOf(made.hints, chunk), []);
      end(made, objects);
    });

    it(`leaves the set of those with freed runs at the next allocation: ${name}`, () => {
      const made = fixture();
      const [chunk, objects] = strange(made);
      made.hints.pending.add(chunk);
      objects.push(...take(made.pool, 1));
      assert.equal(made.hints.pending.has(chunk), false);
      end(made, objects);
    });

    it(`leaves the set of empty ones at a clean-up: ${name}`, () => {
      const made = fixture();
      const [chunk, objects] = strange(made);
      made.hints.empty.add(chunk);
      made.pool.cleanup();
      assert.equal(made.hints.empty.has(chunk), false);
      end(made, objects);
    });
  }
});

describe("a span in use that is said to be empty", () => {
  it("leaves that set at a clean-up", () => {
    const made = fixture();
    const objects = take(made.pool, 3);
    made.hints.empty.add(first);
    made.pool.cleanup();
    assert.equal(made.hints.empty.has(first), false);
    end(made, objects);
  });

  it("stays, also where its count says so, which is put right", () => {
    const made = fixture();
    const objects = take(made.pool, 3);
    made.hints.empty.add(first);
    made.heap.words[infoAt(made.heap.layout, first) + pageInfo.freeCount] = pages;
    made.pool.cleanup();
    assert.equal(made.hints.freeOf(first), pages - 3);
    assert.equal(made.pool.sizeOf(objects[0] as number), 3 * page);
    end(made, objects);
  });

  it("does not make another go that becomes empty", () => {
    const made = fixture();
    const objects = take(made.pool, pages, 1);
    const last = objects.pop() as number;
    made.hints.empty.add(first);
    made.pool.deallocate(last);
    assert.equal(made.pool.stats().large.pageSpans, 2);
    end(made, objects);
  });
});

describe("of two spans that become empty", () => {
  it("the second goes at once, and is in no set then", () => {
    const made = fixture();
    const [one, two] = take(made.pool, pages, pages) as [number, number];
    made.pool.deallocate(one);
    assert.deepEqual([made.pool.stats().large.pageSpans, made.hints.empty.has(first)], [2, true]);
    made.pool.deallocate(two);
    assert.equal(made.pool.stats().large.pageSpans, 1);
    for (const set of setsOf(made.hints)) assert.ok([first, noChunk].includes(set.next(0)));
    end(made, []);
  });

  it("both go at a clean-up, and are in no set then", () => {
    const made = fixture();
    for (const address of take(made.pool, pages, pages)) made.pool.deallocate(address);
    made.pool.cleanup();
    assert.equal(made.pool.stats().large.pageSpans, 0);
    for (const set of setsOf(made.hints)) assert.equal(set.hasAny(), false);
    end(made, []);
  });
});

describe("bins", () => {
  it("are entered by a span when a run in it has grown, and left when a search finds it too short", () => {
    const made = fixture();
    const [, middle, ...others] = take(made.pool, 2, 4, 10) as [number, number, number];
    assert.deepEqual(binsOf(made.hints, first), []);
    made.pool.deallocate(middle);
    assert.deepEqual(binsOf(made.hints, first), [2]);
    const objects = [...take(made.pool, 3)];
    assert.equal(made.hints.longestOf(first), 1);
    // Nothing of two pages is left: a search looks, and builds another span.
    objects.push(...take(made.pool, 2));
    assert.deepEqual(binsOf(made.hints, first), [0]);
    assert.equal(made.pool.stats().large.pageSpans, 2);
    objects.push(...take(made.pool, 1));
    assert.equal(made.pool.stats().large.pageSpans, 2);
    assert.equal(made.hints.longestOf(first), 0);
    assert.equal(others.length, 1);
    end(made, [...objects, ...others, made.heap.dataAt]);
  });

  /** A span in bin 2 in which a run has grown, so that its longest free run has one page. */
  function tooLarge(): Fixture & { readonly objects: number[] } {
    const made = fixture();
    const [grown, middle, last] = take(made.pool, 2, 4, 10) as [number, number, number];
    made.pool.deallocate(middle);
    assert.equal(made.pool.reallocate(grown, 5 * page), grown);
    assert.deepEqual([made.hints.longestOf(first), binsOf(made.hints, first)], [1, [2]]);
    return { ...made, objects: [grown, last] };
  }

  it("that are too large are left when a search meets the span there", () => {
    const made = tooLarge();
    made.objects.push(...take(made.pool, 4));
    assert.deepEqual(binsOf(made.hints, first), [0]);
    end(made, made.objects);
  });

  it("that are too large are good enough when a run in the span grows less", () => {
    const made = tooLarge();
    assert.equal(made.pool.reallocate(made.objects[0] as number, 3 * page), made.objects[0]);
    assert.equal(made.hints.longestOf(first), 3);
    assert.deepEqual(binsOf(made.hints, first), [2]);
    end(made, made.objects);
  });

  it("are left by a span that an allocation has taken all of", () => {
    const made = fixture();
    const objects = take(made.pool, 1, 15);
    assert.deepEqual(binsOf(made.hints, first), []);
    end(made, objects);
  });

  it("hide a span whose holder is slow, which stays in its bin", () => {
    const made = fixture();
    const { words, layout } = made.heap;
    const objects = take(made.pool, 1);
    const claim = words[layout.claimsAt] as number;
    const bin = binOf(made.hints.longestOf(first));
    words[layout.claimsAt] = claimPagesHeld(lengthOf(claim), (made.other.workerId % 128) as WorkerPlace);
    objects.push(...take(made.pool, 1));
    assert.equal(made.pool.stats().large.pageSpans, 2);
    assert.deepEqual(binsOf(made.hints, first), [bin]);
    words[layout.claimsAt] = claimPages(lengthOf(claim));
    end(made, objects);
  });
});

describe(`all hints (seed ${seed})`, () => {
  const lose = (made: Fixture): void => {
    for (const set of setsOf(made.hints)) if (set.has(first)) set.remove(first);
    const info = infoAt(made.heap.layout, first);
    made.heap.words[info + pageInfo.freeCount] = 1;
    made.heap.words[info + pageInfo.longest] = 2;
    made.heap.words[info + pageInfo.free] = 5;
  };

  it("of a span are made anew by a reap", () => {
    const made = fixture();
    const objects = take(made.pool, 3, 2);
    lose(made);
    made.pool.reap(made.other.workerId);
    assert.deepEqual([made.hints.freeOf(first), made.hints.longestOf(first)], [11, 11]);
    end(made, objects);
  });

  it("of a span that say too much are made anew by a reap", () => {
    const made = fixture();
    const objects = take(made.pool, 3, 2);
    for (const set of setsOf(made.hints)) set.add(first);
    made.pool.reap(made.other.workerId);
    assert.deepEqual(binsOf(made.hints, first), [3]);
    assert.deepEqual([made.hints.empty.has(first), made.hints.pending.has(first)], [false, false]);
    end(made, objects);
  });

  it("of pages that are not free are put right by a search, which gives out no page twice", () => {
    const made = fixture();
    const objects = take(made.pool, 3, 2);
    const info = infoAt(made.heap.layout, first);
    made.heap.words[info + pageInfo.free] = 0xffff;
    // Else the longest free run, which alone serves, is taken without a look at the others.
    made.heap.words[info + pageInfo.longestAt] = -1;
    objects.push(...take(made.pool, 3));
    assertDisjoint(made.pool, objects);
    assert.equal(made.pool.stats().large.pageSpans, 1);
    end(made, objects);
  });

  it("of pages that are not free are put right by a search that finds no space then, and lets the span go", () => {
    const made = fixture();
    const objects = take(made.pool, 14);
    const { words, layout } = made.heap;
    const info = infoAt(layout, first);
    words[info + pageInfo.free] = 0xffff;
    words[info + pageInfo.longest] = 5;
    words[info + pageInfo.longestAt] = -1;
    const claim = words[layout.claimsAt];
    objects.push(...take(made.pool, 3));
    assert.equal(made.pool.stats().large.pageSpans, 2);
    assert.deepEqual([words[info + pageInfo.longest], words[layout.claimsAt]], [2, claim]);
    end(made, objects);
  });

  for (const wrong of [0, 1, 4, 6, 15, 16, 2 ** 30, -2])
    it(`that name page ${wrong} as the start of the longest free run are put right by a search`, () => {
      const made = fixture();
      const objects = take(made.pool, 3, 2);
      const info = infoAt(made.heap.layout, first);
      made.heap.words[info + pageInfo.longestAt] = wrong;
      objects.push(...take(made.pool, 3));
      assertDisjoint(made.pool, objects);
      end(made, objects);
    });

  it("of the longest and second longest free run are what the pages say, whatever comes and goes", () => {
    const made = fixture(8);
    const random = new Random(seed);
    const objects: number[] = [];
    for (let step = 0; step < 3000; step++) {
      const at = random.below(objects.length);
      if (random.chance(55) && objects.length < 12) objects.push(...take(made.pool, 1 + random.below(6)));
      else if (objects.length === 0) continue;
      else if (random.chance(30))
        objects[at] = made.pool.reallocate(objects[at] as number, page * (1 + random.below(6)));
      else made.pool.deallocate(objects.splice(at, 1)[0] as number);
      assert.deepEqual(made.pool.check(), [], `step ${step}`);
    }
    end(made, objects);
  });

  it("that a freed run is missing in are made anew before the whole capacity is refused", () => {
    const made = fixture();
    const { words, layout } = made.heap;
    const [run] = take(made.pool, 3) as [number];
    const claim = words[layout.claimsAt] as number;
    words[layout.claimsAt] = claimPagesHeld(lengthOf(claim), (made.other.workerId % 128) as WorkerPlace);
    made.pool.deallocate(run);
    words[layout.claimsAt] = claimPages(lengthOf(claim));
    made.hints.pending.remove(first);
    const whole = made.pool.allocate(layout.chunkCount * 65_536);
    end(made, [whole]);
  });

  it("are made anew before an object is refused", () => {
    const made = fixture();
    const objects = take(made.pool, 3, 2);
    const spans = Array.from({ length: made.heap.layout.chunkCount - 1 }, () => made.pool.allocate(65_536));
    lose(made);
    objects.push(...take(made.pool, 9));
    assert.deepEqual([made.hints.freeOf(first), made.hints.longestOf(first)], [2, 2]);
    end(made, [...objects, ...spans]);
  });

  it("above an empty span that nobody announced are, too, before the whole capacity is refused", () => {
    const made = fixture(48);
    const { layout, words } = made.heap;
    // Beyond the first 32 chunks a search goes by the levels above.
    const spans = Array.from({ length: 40 }, () => made.pool.allocate(65_536));
    const [run] = take(made.pool, 3) as [number];
    made.pool.deallocate(run);
    assert.equal(made.hints.empty.next(0), 40);
    made.hints.empty.add(41 as ChunkIndex);
    for (const level of ["middleAt", "topAt"] as const) words[made.hints.empty[level]] = 0;
    for (const address of spans) made.pool.deallocate(address);
    end(made, [made.pool.allocate(layout.chunkCount * 65_536)]);
  });

  it("above members that nobody announced are, too", () => {
    const made = fixture();
    const objects = take(made.pool, 12, 12);
    const spans = Array.from({ length: made.heap.layout.chunkCount - 2 }, () => made.pool.allocate(65_536));
    for (const set of setsOf(made.hints)) {
      made.heap.words[set["middleAt"]] = 0;
      made.heap.words[set["topAt"]] = 0;
    }
    objects.push(...take(made.pool, 4, 4));
    end(made, [...objects, ...spans]);
  });
});

// Page runs in a span that another worker holds just then: what was freed there is collected by whoever holds the span
// next, in whatever call; and a free that is cut short at any of its stores, and reaped meanwhile, leaves no page behind.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemoryPool } from "offheap";
import { claimPages, claimPagesHeld, lengthOf } from "#src/arena/claim.js";
import type { ChunkIndex, WorkerPlace } from "#src/base/brands.js";
import type { Heap } from "#src/memory/heap.js";
import { PageHints } from "#src/pages/page-hints.js";
import { type Cutter, cutter } from "./support/cut-short.ts";
import { attachPoolTo, expectCode, keepingNone, makePoolHeap } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";

const page = 2048;
const runBytes = 2 * page;
/** Runs in the first span, which they fill. */
const runs = 4;

interface Fixture {
  readonly heap: Heap;
  readonly pool: MemoryPool;
  /** Its calls may be cut short. */
  readonly victim: MemoryPool;
  /** The runs of the first span, all of the pool's worker, by address. */
  readonly objects: number[];
  hold(): void;
  letGo(): void;
  readonly cut: Cutter["cut"];
}

function fixture(): Fixture {
  const tiny = { slotsPerSlab: 2 * runs, slabChunks: 1 };
  const heap = makePoolHeap({ capacity: 8 * 65_536, sizeClasses: [64], maxWorkers: 5 }, tiny);
  const { words, layout } = heap;
  const pool = keepingNone(attachPoolTo(heap));
  const holder = (attachPoolTo(heap).workerId % 128) as WorkerPlace;
  const { access, cut } = cutter();
  const victim = keepingNone(attachPoolTo(heap, access));
  const objects = Array.from({ length: runs }, () => pool.allocate(runBytes)).sort((a, b) => a - b);
  const length = lengthOf(words[layout.claimsAt] as number);
  assert.deepEqual(pool.stats().large, { ...pool.stats().large, pageSpans: 1, freeBytes: 0 });
  return {
    heap,
    pool,
    victim,
    objects,
    hold: () => {
      words[layout.claimsAt] = claimPagesHeld(length, holder);
    },
    letGo: () => {
      words[layout.claimsAt] = claimPages(length);
    },
    cut,
  };
}

/** The run at an index was freed while another held the span. */
function withFreed(index: number): Fixture & { readonly freed: number } {
  const made = fixture();
  const [freed] = made.objects.splice(index, 1) as [number];
  made.hold();
  made.pool.deallocate(freed);
  made.letGo();
  assert.equal(made.pool.stats().large.freeBytes, 0);
  return { ...made, freed };
}

function end({ heap, pool, objects }: Fixture): void {
  assert.deepEqual(pool.check(), []);
  pool.cleanup();
  // What stays in the set keeps allocations from others: each looks at few of its members.
  assert.equal(new PageHints(heap).pending.hasAny(), false);
  for (const address of objects) pool.deallocate(address);
  pool.cleanup();
  assertZeroResidue(pool);
}

describe("a run that was freed while another held its span", () => {
  it("is live no more, and no error to find", () => {
    const made = withFreed(1);
    expectCode("ERR_DOUBLE_FREE", () => made.pool.deallocate(made.freed));
    end(made);
  });

  it("is used by the next allocation, before a span is built", () => {
    const made = withFreed(1);
    const address = made.pool.allocate(runBytes);
    assert.equal(address, made.freed);
    assert.equal(made.pool.stats().large.pageSpans, 1);
    made.objects.push(address);
    end(made);
  });

  it("is collected by the next free in the span", () => {
    const made = withFreed(1);
    made.pool.deallocate(made.objects.shift() as number);
    assert.equal(made.pool.stats().large.freeBytes, 2 * runBytes);
    end(made);
  });

  it("is collected by a clean-up, which gives the span back if that was the last", () => {
    const made = fixture();
    for (const address of made.objects.splice(1)) made.pool.deallocate(address);
    made.hold();
    made.pool.deallocate(made.objects.pop() as number);
    made.letGo();
    made.pool.cleanup();
    assert.deepEqual([made.pool.stats().large.pageSpans, made.pool.stats().spanBytes], [0, 0]);
    end(made);
  });

  it("is space for its neighbour to grow", () => {
    const made = withFreed(1);
    const [first] = made.objects as [number];
    assert.equal(made.pool.reallocate(first, 2 * runBytes), first);
    end(made);
  });

  it("is found by a reap, which says so", () => {
    const made = withFreed(1);
    made.pool.reap(made.victim.workerId);
    assert.equal(made.pool.stats().large.freeBytes, runBytes);
    end(made);
  });
});

describe("a free of a run that is cut short at any of its stores", () => {
  for (const isHeld of [false, true])
    it(`${isHeld ? "and reaped while another holds the span" : "and then reaped"} did take place, or did not`, () => {
      let outcomes = "";
      for (let n = 0; ; n++) {
        const made = fixture();
        const [, address] = made.objects as [number, number];
        if (isHeld) made.hold();
        const isCut = made.cut(n, () => made.victim.deallocate(address));
        made.pool.reap(made.victim.workerId);
        if (isHeld) made.letGo();
        const isLive = made.pool.stats().liveObjects === runs;
        outcomes += isLive ? "l" : "f";
        if (!isLive) made.objects.splice(1, 1);
        end(made);
        if (!isCut) break;
      }
      assert.match(outcomes, /^l+f+$/);
    });
});

describe("an allocation that looks for space everywhere, cut short at any of its stores", () => {
  it("is repaired by the next call", () => {
    for (let n = 0; ; n++) {
      const made = withFreed(0);
      const { heap, pool, victim, objects, cut } = made;
      // What is left of the span is a freed run that no set knows of.
      for (const address of objects.splice(0)) pool.deallocate(address);
      pool.allocate(runBytes);
      made.hold();
      pool.deallocate(made.freed);
      made.letGo();
      const { pending } = new PageHints(heap);
      pending.remove(0 as ChunkIndex);
      let whole = 0;
      const isCut = cut(n, () => {
        whole = victim.allocate(heap.layout.chunkCount * 65_536);
      });
      if (whole > 0) victim.deallocate(whole);
      victim.deallocate(victim.allocate(runBytes));
      // Where the search did not come so far, the hint is missing still.
      pending.add(0 as ChunkIndex);
      end(made);
      if (!isCut) break;
    }
  });
});

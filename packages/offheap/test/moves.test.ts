// A move that an exception stopped, and whose object, which is where it was, another then frees. What has taken its
// place by the time the worker dies is none of the move's: it stays.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemoryPool } from "offheap";
import { claimClaimed, classOf, isSlab, lengthOf } from "#src/arena/claim.js";
import type { WorkerPlace } from "#src/base/brands.js";
import { AllocatorError } from "#src/base/errors.js";
import { doomedAt, doomOfSlot, doomOfSpan } from "#src/large/doomed.js";
import type { Accesses } from "./support/counting.ts";
import { type CutPool, cutPool } from "./support/cut-short.ts";
import { assertZeroResidue } from "./support/residue.ts";

const chunk = 65_536;

interface Fixture extends CutPool {
  /** What a free and an allocation of the victim's take. */
  cost(): Accesses;
}

function fixture(): Fixture {
  const tiny = { slotsPerSlab: 8, slabChunks: 1, roundLimit: 2 };
  const made = cutPool({ capacity: 9 * chunk, sizeClasses: [64, 128], maxWorkers: 5 }, tiny);
  const { access, victim } = made;
  const cost = () => access.during(() => victim.deallocate(victim.allocate(64)));
  return { ...made, cost };
}

function isLive(pool: MemoryPool, address: number): boolean {
  try {
    return pool.sizeOf(address) > 0;
  } catch (error) {
    assert.ok(error instanceof AllocatorError);
    return false;
  }
}

describe("after a move of a large object", () => {
  for (const isStopped of [false, true])
    it(`the fast calls are served again${isStopped ? ", also when an exception had stopped it" : ""}`, () => {
      for (let n = 0; ; n++) {
        const { victim, cut, cost } = fixture();
        const address = victim.allocate(4096);
        const isCut = cut(isStopped ? n : Number.POSITIVE_INFINITY, () => victim.reallocate(address, 128));
        victim.cleanup();
        cost();
        // The fast calls have no atomics.
        assert.equal(cost().atomics, 0);
        if (!isCut) break;
      }
    });
});

describe("a move that an exception stopped at any of its stores", () => {
  it("ends its new object at the worker's next resize, also where a module's realloc began it", () => {
    let ended = 0;
    for (let n = 0; ; n++) {
      const { heap, pool, victim, cut } = fixture();
      const [address, other] = [victim.allocate(64), victim.allocate(64)];
      victim.deallocate(victim.allocate(128));
      victim.asMalloc({ direct: true });
      const core = victim["heap"].coreOf(victim.workerId % 128);
      const isCut = cut(n, () => core.realloc(address, 100));
      const word = doomedAt(heap, (victim.workerId % 128) as WorkerPlace);
      if (heap.words[word] !== 0) ended++;
      const moved = victim.reallocate(other, 128);
      assert.equal(heap.words[word], 0, `cut at store ${n}`);
      assert.equal(pool.sizeOf(moved), 128);
      if (isLive(pool, address)) pool.deallocate(address);
      assert.equal(pool.stats().liveObjects, isCut ? 1 : 2, `cut at store ${n}`);
      assert.deepEqual(pool.check(), []);
      if (!isCut) break;
    }
    assert.ok(ended > 3);
  });

  it("does not end the slot's next object, which its worker had by fast calls when it died", () => {
    let tried = 0;
    for (let n = 0; ; n++) {
      const { heap, pool, victim, cut } = fixture();
      const { words, layout } = heap;
      const objects = Array.from({ length: 6 }, () => pool.allocate(64)) as number[];
      // The victim's magazine is full, and the slab is another's for a moment: the old slot becomes a stray.
      for (const address of objects.splice(4)) victim.deallocate(address);
      const claims = words.subarray(layout.claimsAt, layout.claimsAt + layout.chunkCount);
      const head = claims.findIndex((claim) => isSlab(claim));
      const claim = claims[head] as number;
      claims[head] = claimClaimed(classOf(claim), lengthOf(claim), 4 as WorkerPlace);
      const [address] = objects as [number];
      const isCut = cut(n, () => victim.reallocate(address, 128));
      claims[head] = claim;
      if (isCut && isLive(pool, address)) {
        tried++;
        pool.deallocate(address);
        assert.equal(pool.allocate(64), address);
        objects.push(victim.allocate(64));
        victim.deallocate(address);
        assert.equal(victim.allocate(64), address);
      }
      pool.reap(victim.workerId);
      if (isCut && tried === n + 1) {
        for (const object of objects) assert.ok(isLive(pool, object), `${object}, cut at store ${n}`);
        for (const object of objects) pool.deallocate(object);
        assert.deepEqual(pool.check(), []);
        assertZeroResidue(pool);
      }
      if (!isCut) break;
    }
    assert.ok(tried > 10);
  });

  for (const [kind, size] of [
    ["page run", 4096],
    ["span", 2 * chunk],
  ] as const)
    it(`has its worker's next call take back that the old object ends: a ${kind}`, () => {
      let tried = 0;
      for (let n = 0; ; n++) {
        const { heap, pool, victim, cut } = fixture();
        const address = pool.allocate(size);
        // One that the next call finds in the magazine.
        victim.deallocate(victim.allocate(64));
        const isCut = cut(n, () => victim.reallocate(address, 128));
        const word = doomedAt(heap, (victim.workerId % 128) as WorkerPlace);
        const place = address - heap.dataAt;
        const doom =
          size > chunk
            ? doomOfSpan(place / chunk)
            : doomOfSlot(((place / chunk) << heap.layout.stateShift) + ((place % chunk) / 2048) * 2);
        if (heap.words[word] === doom && isLive(pool, address)) tried++;
        victim.allocate(64);
        assert.notEqual(heap.words[word], doom, `cut at store ${n}`);
        if (!isCut) break;
      }
      assert.ok(tried > 0);
    });
});

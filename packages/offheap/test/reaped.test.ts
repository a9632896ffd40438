// A worker that was reaped though it lives, by hand and by mistake: it is told at its next call, or, where calls are
// served from its own magazine, when that is empty or full at the latest.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SlabAllocator } from "offheap";
import { expectCode } from "./support/heaps.ts";
import { assertZeroResidue, fillUp } from "./support/residue.ts";

const options = { capacity: 8 << 20, maxWorkers: 3 } as const;

/** The calls of a pool, which has those of a SlabAllocator; what they need was made before the reap. */
function callsOf(victim: MemoryPool): Record<string, () => unknown> {
  // More than a magazine has space for.
  const many = Array.from({ length: 600 }, () => victim.allocate(64));
  const [small] = many as [number];
  const large = victim.allocate(20_000);
  const region = victim.region();
  region.allocate(64);
  const { malloc, free, calloc, realloc, aligned_alloc } = victim.asMalloc();
  return {
    allocate: () => victim.allocate(64),
    "allocate with options": () => victim.allocate(64, { zeroed: true }),
    "allocate a large object": () => victim.allocate(20_000),
    "deallocate, when its magazine is full": () => many.forEach((address) => void victim.deallocate(address)),
    "deallocate a large object": () => victim.deallocate(large),
    reallocate: () => victim.reallocate(small, 100),
    "reallocate a large object": () => victim.reallocate(large, 100_000),
    sizeOf: () => victim.sizeOf(small),
    adopt: () => victim.adopt(large),
    cleanup: () => victim.cleanup(),
    stats: () => victim.stats(),
    check: () => victim.check(),
    residency: () => victim.residency(),
    reap: () => victim.reap(129),
    track: () => victim.track(129),
    region: () => victim.region(),
    "allocate in a region": () => region.allocate(8),
    reset: () => victim.reset(),
    destroy: () => victim.destroy(),
    malloc: () => malloc(64),
    "free, when its magazine is full": () => many.forEach((address) => void free(address)),
    calloc: () => calloc(1, 64),
    realloc: () => realloc(small, 100),
    aligned_alloc: () => aligned_alloc(64, 64),
  };
}

describe("a living worker that was reaped by hand is told", () => {
  const names = Object.keys(callsOf(new MemoryPool(options)));
  for (const name of names) {
    it(`by ${name}`, () => {
      const pool = new MemoryPool(options);
      const victim = MemoryPool.attach(pool.handle);
      const call = callsOf(victim)[name] as () => unknown;
      assert.ok(pool.reap(victim.workerId).reaped);
      const { message } = expectCode("ERR_DETACHED", call);
      assert.match(message, name === "allocate in a region" ? /ended/ : /reaped/);
      // What it freed until then is the next worker's of its place.
      const next = MemoryPool.attach(pool.handle);
      assert.equal(next.workerId % 128, victim.workerId % 128);
      next.detach();
      assert.deepEqual(pool.check(), []);
      pool.reset();
      assertZeroResidue(pool as unknown as SlabAllocator);
    });
  }

  it("at once by allocate, also when its magazine had rounds", () => {
    const first = new SlabAllocator(options);
    const victim = SlabAllocator.attach(first.handle);
    const objects = fillUp(victim, 64, 100);
    for (const address of objects.slice(0, 50)) victim.deallocate(address);
    first.reap(victim.workerId);
    expectCode("ERR_DETACHED", () => victim.allocate(64));
    for (const address of objects.slice(50)) first.deallocate(address);
    assertZeroResidue(first);
  });

  it("by detach, which does nothing to the next worker of its place", () => {
    const first = new SlabAllocator(options);
    const victim = SlabAllocator.attach(first.handle);
    first.reap(victim.workerId);
    const next = SlabAllocator.attach(first.handle);
    assert.equal(next.workerId % 128, victim.workerId % 128);
    const address = next.allocate(64);
    victim.detach();
    next.deallocate(address);
    assert.deepEqual(next.check(), []);
    next.detach();
    assertZeroResidue(first);
  });

  it("that the heap's other workers go on is seen by all of them", () => {
    const first = new SlabAllocator(options);
    const [victim, third] = [SlabAllocator.attach(first.handle), SlabAllocator.attach(first.handle)];
    first.reap(victim.workerId);
    third.deallocate(third.allocate(64));
    assert.deepEqual(
      first.stats().workers.map(({ workerId }) => workerId),
      [first.workerId, third.workerId],
    );
    third.detach();
    assertZeroResidue(first);
  });
});

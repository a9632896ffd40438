// What is left of a worker after detach and destroy, and of a ring: every call says so, and writes nothing.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SlabAllocator } from "offheap";
import { Ring } from "offheap/ring";
import { attachTo, expectCode, expectUnharmed, heapOf, makeHeap } from "./support/heaps.ts";

const options = { capacity: 2 << 20, maxWorkers: 3 } as const;

function callsOf(allocator: SlabAllocator, live: number): Record<string, () => unknown> {
  const worker = {
    threadId: 7,
    once: () => assert.fail("the worker is listened to"),
  };
  return {
    allocate: () => allocator.allocate(64),
    "allocate another class": () => allocator.allocate(4000),
    deallocate: () => allocator.deallocate(live),
    "deallocate with a size": () => allocator.deallocate(live, 64),
    sizeOf: () => allocator.sizeOf(live),
    adopt: () => allocator.adopt(live),
    cleanup: () => allocator.cleanup(),
    stats: () => allocator.stats(),
    residency: () => allocator.residency(),
    check: () => allocator.check(),
    reap: () => allocator.reap(129),
    track: () => allocator.track(worker),
    destroy: () => allocator.destroy(),
  };
}

describe("after detach", () => {
  const other = new SlabAllocator(options);
  const allocator = SlabAllocator.attach(other.handle);
  const live = allocator.allocate(64);
  allocator.detach();
  for (const [name, call] of Object.entries(callsOf(allocator, live)))
    it(name, () => {
      expectUnharmed(heapOf(other), "ERR_DETACHED", call);
    });
  it("the object lives on, and the heap", () => {
    assert.equal(other.sizeOf(live), 64);
    assert.deepEqual(other.check(), []);
  });
});

describe("after destroy, and another heap in the same memory", () => {
  const memory = new SharedArrayBuffer(options.capacity);
  const allocator = new SlabAllocator({ ...options, memory });
  const bystander = SlabAllocator.attach(allocator.handle);
  const live = allocator.allocate(64);
  const others = bystander.allocate(64);
  allocator.destroy();
  for (const [name, call] of Object.entries(callsOf(allocator, live)))
    it(`${name}, by the one who did it`, () => {
      expectCode("ERR_DETACHED", call);
    });
  for (const [name, call] of Object.entries(callsOf(bystander, others)))
    it(`${name}, by another`, () => {
      expectCode("ERR_DETACHED", call);
    });
  it("the old worker is none of the new heap's", () => {
    const heap = makeHeap({ ...options, memory });
    const fresh = attachTo(heap);
    assert.equal(fresh.allocate(64), live);
    for (const call of Object.values(callsOf(allocator, live))) expectUnharmed(heap, "ERR_DETACHED", call);
    allocator.detach();
    assert.deepEqual(fresh.check(), []);
  });
});

describe("after the destroy of a ring", () => {
  for (const engine of ["wasm", "js"] as const)
    it(`calls that write into it are refused, and so is another destroy: ${engine}`, () => {
      const pool = new MemoryPool({ capacity: 4 << 20, engine });
      const ring = new Ring(pool);
      const there = Ring.attach(MemoryPool.attach(pool.handle), ring.handle);
      for (const each of [ring, there]) {
        each.write("a message");
        each.read(() => {});
      }
      ring.destroy();
      const own = pool.allocate(pool.sizeOf(pool.allocate(64)));
      const calls = (each: Ring) => [
        () => each.send(own),
        () => each.sendMany([{ address: own }]),
        () => each.close(),
        () => each.destroy(),
      ];
      for (const call of [...calls(ring), ...calls(there).slice(2)])
        expectUnharmed(heapOf(pool), "ERR_DETACHED", call);
      const { liveObjects } = pool.stats();
      for (const each of [ring, there]) expectCode("ERR_DETACHED", () => each.write("another"));
      assert.equal(pool.stats().liveObjects, liveObjects);
    });
});

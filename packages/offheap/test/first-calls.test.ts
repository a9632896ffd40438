// A thread's first allocator leaves its first calls of each kind to their slow halves, and serves the others itself; a
// later one serves all. In a file of its own: in its thread no allocator may come before.

import assert from "node:assert/strict";
import { it } from "node:test";
import { MemoryPool, SlabAllocator } from "offheap";
import { firstCalls } from "#src/allocator/warm-up.js";

/** Whether allocations are served, and frees. */
function served(allocator: SlabAllocator<never> | MemoryPool): readonly [boolean, boolean] {
  const { mostBytes, chunks } = allocator["lookup"];
  return [mostBytes > 0, chunks > 0];
}

it("the first calls of a thread end in their slow halves, as many of each kind", () => {
  const heap = new SlabAllocator({ capacity: 4 << 20 });
  const objects = Array.from({ length: firstCalls - 1 }, () => heap.allocate(64));
  assert.deepEqual(served(heap), [false, false]);
  objects.push(heap.allocate(64));
  assert.deepEqual(served(heap), [true, false]);
  const last = objects.pop() as number;
  for (const address of objects) heap.deallocate(address);
  assert.deepEqual(served(heap), [true, false]);
  heap.deallocate(last);
  assert.deepEqual(served(heap), [true, true]);
  assert.deepEqual(heap.check(), []);
  assert.equal(heap.stats().allocs, firstCalls);
  for (const later of [new SlabAllocator({ capacity: 4 << 20 }), new MemoryPool({ capacity: 4 << 20 })])
    assert.deepEqual(served(later), [true, true]);
});

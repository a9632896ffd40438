/** `--allocator pool`: MemoryPool, which serves every size; one heap in shared memory for all workers. */
import { type HeapHandle, MemoryPool, SizeClasses } from "offheap";
import { type AllocatorAdapter, type HeapSetup, mostCapacityBytes } from "./adapter.ts";
import { placesFor, replayHeapOf } from "./replay-heap.ts";

function poolOf(setup: HeapSetup): MemoryPool {
  const { capacityBytes: capacity, classes } = setup;
  const maxWorkers = placesFor(setup);
  // A pool that names none has the fine ones, and some over 8 KiB.
  const named = classes === "fine" ? {} : { sizeClasses: SizeClasses[classes] };
  return new MemoryPool({ capacity, maxWorkers, ...named });
}

export const adapter: AllocatorAdapter = {
  defaultClasses: "fine",

  /** All that is not books can be one object. */
  limitOf(setup) {
    const pool = poolOf(setup);
    const { capacity, bookBytes } = pool.stats();
    pool.destroy();
    const canGrow = setup.capacityBytes < mostCapacityBytes;
    const reason = canGrow ? "that --capacity can make room for" : "that no heap has room for";
    return { bytes: capacity - bookBytes, reason };
  },

  createHeap: (setup) => replayHeapOf(poolOf(setup)),

  attach(handle) {
    const heap = MemoryPool.attach(handle as HeapHandle);
    return {
      allocator: heap,
      reallocate: (address, size) => heap.reallocate(address, size),
      detach: () => heap.detach(),
    };
  },
};

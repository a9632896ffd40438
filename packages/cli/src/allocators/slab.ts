/** `--allocator slab`: SlabAllocator, one heap in shared memory for all workers. */
import { type HeapHandle, SizeClasses, SlabAllocator } from "offheap";
import type { AllocatorAdapter, HeapSetup, ReplayHeap } from "./adapter.ts";
import { placesFor, replayHeapOf } from "./replay-heap.ts";

export const adapter: AllocatorAdapter = {
  defaultClasses: "powersOfTwo",

  limitOf: () => ({ bytes: 8192, reason: "that --allocator pool serves" }),

  createHeap(setup: HeapSetup): ReplayHeap {
    const { capacityBytes: capacity, classes } = setup;
    return replayHeapOf(
      new SlabAllocator({ capacity, sizeClasses: SizeClasses[classes], maxWorkers: placesFor(setup) }),
    );
  },

  attach(handle) {
    const heap = SlabAllocator.attach(handle as HeapHandle);
    return {
      allocator: heap,
      // A slab has no slots of another size, so an object that grows moves.
      reallocate(address, size) {
        const moved = heap.allocate(size);
        heap.u8.copyWithin(moved, address, address + Math.min(size, heap.sizeOf(address)));
        heap.deallocate(address);
        return moved;
      },
      detach: () => heap.detach(),
    };
  },
};

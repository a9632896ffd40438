/** `--allocator slab`: SlabAllocator, one heap in shared memory for all workers. */
import { type HeapHandle, SizeClasses, SlabAllocator } from "offheap";
import type { AllocatorAdapter, HeapSetup, ReplayHeap } from "./adapter.ts";
import { measureOf } from "./measure.ts";

export const adapter: AllocatorAdapter = {
  limitBytes: 8192,
  limitReason: "that --allocator pool serves",
  defaultClasses: "powersOfTwo",

  createHeap({ capacityBytes, classes, workers }: HeapSetup): ReplayHeap {
    const heap = new SlabAllocator({
      capacity: capacityBytes,
      sizeClasses: SizeClasses[classes],
      maxWorkers: workers + 1, // and the one that makes the heap
    });
    return {
      handle: heap.handle,
      track: (worker) => heap.track(worker),
      measure: () => measureOf(heap.stats()),
      check: () => heap.check().map(({ invariant, message }) => `${invariant}: ${message}`),
      cleanup: () => void heap.cleanup({ all: true }),
      destroy: () => heap.destroy(),
    };
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

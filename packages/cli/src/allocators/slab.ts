/** `--allocator slab`: SlabAllocator, one heap in shared memory for all workers. */
import { type HeapHandle, SizeClasses, SlabAllocator } from "offheap";
import type { AllocatorAdapter, HeapMeasure, HeapSetup, ReplayHeap } from "./adapter.ts";

export const adapter: AllocatorAdapter = {
  limitBytes: 8192,
  limitReason: "until MemoryPool serves them",

  createHeap({ capacityBytes, classes, workers }: HeapSetup): ReplayHeap {
    const heap = new SlabAllocator({
      capacity: capacityBytes,
      sizeClasses: SizeClasses[classes],
      maxWorkers: workers + 1, // and the one that makes the heap
    });
    return {
      handle: heap.handle,
      track: (worker) => heap.track(worker),
      measure: () => measure(heap),
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

function measure(heap: SlabAllocator): HeapMeasure {
  const stats = heap.stats();
  return {
    spanBytes: stats.spanBytes,
    peakSpanBytes: stats.peakSpanBytes,
    bookBytes: stats.bookBytes,
    liveObjects: stats.liveObjects,
    liveSlotBytes: stats.liveBytes,
    classes: stats.sizeClasses.map((each) => ({
      objectSize: each.objectSize,
      slabs: each.totalSlabs,
      live: each.allocated,
      cached: each.cached,
      free: each.free,
    })),
  };
}

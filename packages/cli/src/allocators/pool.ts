/** `--allocator pool`: MemoryPool, which serves every size; one heap in shared memory for all workers. */
import { type HeapHandle, MemoryPool, SizeClasses } from "offheap";
import { maxRequestBytes } from "../trace/trace.ts";
import type { AllocatorAdapter, HeapSetup, ReplayHeap } from "./adapter.ts";
import { measureOf } from "./measure.ts";

export const adapter: AllocatorAdapter = {
  limitBytes: maxRequestBytes,
  limitReason: "",
  defaultClasses: "fine",

  createHeap({ capacityBytes, classes, workers }: HeapSetup): ReplayHeap {
    const heap = new MemoryPool({
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
    const heap = MemoryPool.attach(handle as HeapHandle);
    return {
      allocator: heap,
      reallocate: (address, size) => heap.reallocate(address, size),
      detach: () => heap.detach(),
    };
  },
};

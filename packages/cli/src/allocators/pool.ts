/** `--allocator pool`: MemoryPool, which serves every size; one heap in shared memory for all workers. */
import { type HeapHandle, MemoryPool, SizeClasses } from "offheap";
import { maxRequestBytes } from "../trace/trace.ts";
import type { AllocatorAdapter, HeapSetup, ReplayHeap } from "./adapter.ts";
import { placesFor, replayHeapOf } from "./replay-heap.ts";

export const adapter: AllocatorAdapter = {
  limitBytes: maxRequestBytes,
  limitReason: "",
  defaultClasses: "fine",

  createHeap(setup: HeapSetup): ReplayHeap {
    const { capacityBytes: capacity, classes } = setup;
    return replayHeapOf(
      new MemoryPool({ capacity, sizeClasses: SizeClasses[classes], maxWorkers: placesFor(setup) }),
    );
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

// What the main thread of a replay does with a heap of either kind.

import type { MemoryPool, SlabAllocator } from "offheap";
import type { HeapSetup, ReplayHeap } from "./adapter.ts";
import { measureOf } from "./measure.ts";

/** Places for the workers, and for the one that makes the heap. */
export function placesFor({ workers }: HeapSetup): number {
  return workers + 1;
}

export function replayHeapOf(heap: SlabAllocator | MemoryPool): ReplayHeap {
  return {
    handle: heap.handle,
    track: (worker) => heap.track(worker),
    measure: () => measureOf(heap.stats()),
    check: () => heap.check().map(({ invariant, message }) => `${invariant}: ${message}`),
    cleanup: () => void heap.cleanup({ all: true }),
    destroy: () => heap.destroy(),
  };
}

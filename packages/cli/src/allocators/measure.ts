// From an allocator's statistics to what the report tells.

import type { PoolStats, SlabStats } from "offheap";
import type { HeapMeasure } from "./adapter.ts";

export function measureOf(stats: SlabStats | PoolStats): HeapMeasure {
  const { objects, bytes } = "large" in stats ? stats.large : { objects: 0, bytes: 0 };
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
    large: { objects, bytes },
  };
}

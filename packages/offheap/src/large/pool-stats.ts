// Statistics of a pool: those of its slabs, and its large objects as the claim words and state bytes have them.

import { forEachClaim, isKept, isPages, lengthOf, tag, tagOf } from "../arena/index.ts";
import type { WorkerPlace } from "../base/index.ts";
import { collectStats, type SlabStats } from "../inspect/index.ts";
import { chunkBytes, pageBytes, pageCountOf, record, statesPerPage } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { isLivePage, largeCount, pageFree, pageKept, runPages } from "../pages/index.ts";

export interface LargeStats {
  allocs: number;
  deallocs: number;
  /** Live large objects, and their bytes with what rounding up adds. */
  objects: number;
  bytes: number;
  /** Spans that objects up to 448 KiB share; the bytes free in them, and those of all that workers keep for their next objects. */
  pageSpans: number;
  freeBytes: number;
}

export interface PoolStats extends SlabStats {
  /** Objects beyond the largest size class. The totals count them, too; `sizeClasses` and `workers` do not. */
  large: LargeStats;
}

export function collectPoolStats(heap: Heap): PoolStats {
  const stats = collectStats(heap);
  const large = collectLarge(heap);
  return {
    ...stats,
    allocs: stats.allocs + large.allocs,
    deallocs: stats.deallocs + large.deallocs,
    liveObjects: stats.liveObjects + large.objects,
    liveBytes: stats.liveBytes + large.bytes,
    large,
  };
}

function collectLarge(heap: Heap): LargeStats {
  const { layout } = heap;
  const large = { allocs: 0, deallocs: 0, objects: 0, bytes: 0, pageSpans: 0, freeBytes: 0 };
  forEachClaim(heap, (claim, chunk) => {
    if (tagOf(claim) === tag.large) {
      large.objects++;
      large.bytes += lengthOf(claim) * chunkBytes;
    } else if (isKept(claim)) {
      large.deallocs++;
      large.freeBytes += lengthOf(claim) * chunkBytes;
    } else if (isPages(claim)) countPages(heap, chunk, lengthOf(claim), large);
  });
  for (let slot = 1 as WorkerPlace; slot <= layout.maxWorkers; slot++) {
    const reused = largeCount(heap, slot, record.reused);
    large.allocs += largeCount(heap, slot, record.largeAllocs) + reused;
    large.deallocs += largeCount(heap, slot, record.largeFrees) + reused;
  }
  return large;
}

function countPages(heap: Heap, head: number, length: number, large: LargeStats): void {
  const { states, layout } = heap;
  const first = head * 2 ** layout.stateShift;
  const end = first + pageCountOf(layout, length) * statesPerPage;
  large.pageSpans++;
  for (let slot = first; slot < end; ) {
    const state = states[slot] as number;
    const pages = state === pageFree ? 1 : runPages(states, slot, end);
    if (state === pageFree || state === pageKept) large.freeBytes += pages * pageBytes;
    // The free of what is kept is in no count.
    if (state === pageKept) large.deallocs++;
    if (isLivePage(state)) {
      large.objects++;
      large.bytes += pages * pageBytes;
    }
    slot += pages * statesPerPage;
  }
}

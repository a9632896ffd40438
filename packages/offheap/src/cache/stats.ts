// What a cache counts: in a row for each place, which its worker alone writes; summed when somebody asks.

import type { PoolStats } from "../large/index.ts";
import { cacheCounts } from "../layout/index.ts";
import type { CacheEntries } from "./cache-entries.ts";

export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  readonly sets: number;
  /** Entries that went: never used again since they came; not used for long; at their time's end; for others' memory. */
  readonly evictions: {
    readonly unused: number;
    readonly old: number;
    readonly expired: number;
    readonly otherSize: number;
  };
  readonly size: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Of each size of slots: how many are taken, and the bytes of their slabs. */
  readonly sizes: readonly {
    readonly objectSize: number;
    readonly entries: number;
    readonly bytes: number;
  }[];
}

export function statsOf(
  entries: CacheEntries<unknown, unknown>,
  heap: Pick<PoolStats, "capacity" | "bookBytes" | "spanBytes" | "sizeClasses">,
): CacheStats {
  const sum = (what: number) => sumOf(entries, what);
  return {
    hits: sum(cacheCounts.hits),
    misses: sum(cacheCounts.misses),
    sets: sum(cacheCounts.sets),
    evictions: {
      unused: sum(cacheCounts.probation),
      old: sum(cacheCounts.main),
      expired: sum(cacheCounts.expired),
      otherSize: sum(cacheCounts.slab),
    },
    size: entries.count().size,
    bytes: heap.bookBytes + heap.spanBytes,
    maxBytes: heap.capacity,
    sizes: heap.sizeClasses
      .filter(({ totalSlabs }) => totalSlabs > 0)
      .map(({ objectSize, allocated, totalObjects }) => ({
        objectSize,
        entries: allocated,
        bytes: totalObjects * objectSize,
      })),
  };
}

function sumOf({ core, kit, books }: CacheEntries<unknown, unknown>, what: number): number {
  let sum = 0;
  for (let place = 1; place <= kit.heap.layout.maxWorkers; place++) {
    const at = core.rowOfCache(books, place) + what;
    sum += (core.getWord(at) >>> 0) + core.getWord(at + 4) * 2 ** 32;
  }
  return sum;
}

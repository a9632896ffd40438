// What a pool tells when a request cannot be served: where all its bytes are, and what could be had in one piece.

import { claimFree, forEachClaim, lengthOf, tag, tagOf } from "../arena/index.ts";
import { AllocatorError } from "../base/index.ts";
import {
  chunkBytes,
  pageBytes,
  pageCountOf,
  type SizeClass,
  statesPerPage,
  wideBytes,
} from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { pageFree, runPages } from "../pages/index.ts";
import { collectPoolStats } from "./pool-stats.ts";

export function poolOutOfMemory(heap: Heap, wanted: string): AllocatorError {
  const { capacity, bookBytes, spanBytes, liveBytes, large, sizeClasses } = collectPoolStats(heap);
  const cached = sizeClasses.reduce((bytes, entry) => bytes + entry.cached * entry.objectSize, 0);
  const free = sizeClasses.reduce((bytes, entry) => bytes + entry.free * entry.objectSize, 0);
  const rest = capacity - bookBytes - spanBytes;
  return new AllocatorError(
    "ERR_OUT_OF_MEMORY",
    `no ${wanted} can be had: of ${capacity} bytes, ${liveBytes} are live (${liveBytes - large.bytes} in slabs, ` +
      `${large.bytes} in large objects), ${cached} cached by workers, ${free} free in slabs, ${large.freeBytes} free ` +
      `in pages, ${rest} in no span (64 KiB chunks: ${rest / chunkBytes}), ${bookBytes} books; ` +
      `the largest free run has ${largestFreeBytes(heap)} bytes`,
  );
}

/** What cannot be had of a request: a slot of its class, or bytes in a row. Wide ones would be served by a page run. */
export function noSpaceFor(heap: Heap, sizeClass: SizeClass, size: number, align: number): AllocatorError {
  const { objectBytes } = sizeClass;
  const isSlot = align === 1 && objectBytes > 0 && objectBytes <= wideBytes;
  const aligned = align > pageBytes ? `, aligned to ${align},` : "";
  return poolOutOfMemory(heap, isSlot ? `slot of ${objectBytes} bytes` : `${size} bytes in a row${aligned}`);
}

/** The most bytes that one large object could have now: free chunks in a row, or free pages of a span nobody holds. */
function largestFreeBytes(heap: Heap): number {
  let most = 0;
  let inRow = 0;
  forEachClaim(heap, (claim, chunk) => {
    inRow = claim === claimFree ? inRow + chunkBytes : 0;
    const bytes = tagOf(claim) === tag.pages ? longestRun(heap, chunk, lengthOf(claim)) * pageBytes : inRow;
    most = Math.max(most, bytes);
  });
  return most;
}

/** Free pages in a row, by their state bytes. */
function longestRun(heap: Heap, head: number, length: number): number {
  const { states, layout } = heap;
  const first = head * 2 ** layout.stateShift;
  const end = first + pageCountOf(layout, length) * statesPerPage;
  let most = 0;
  let inRow = 0;
  for (let slot = first; slot < end; ) {
    const isFree = states[slot] === pageFree;
    inRow = isFree ? inRow + 1 : 0;
    most = Math.max(most, inRow);
    slot += (isFree ? 1 : runPages(states, slot, end)) * statesPerPage;
  }
  return most;
}

// From an address inside a large object to the object's end.

import { isPages, lengthOf, mapDistanceShift, mapLarge, mapPages, tag, tagOf } from "../arena/index.ts";
import { chunkBytes, chunkShift, pageBytes, pageCountOf, statesPerPage } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { isLivePage, pageFree, runPages } from "../pages/index.ts";
import { invalidAddress } from "../slab/index.ts";

/**
 * Bytes from an address in a live large object to the object's end; undefined in no span of such objects.
 * @throws ERR_INVALID_ADDRESS where no live object is
 */
export function bytesToLargeEnd(heap: Heap, address: unknown): number | undefined {
  if (typeof address !== "number" || address >>> 0 !== address) return undefined;
  const { words, layout, dataAt } = heap;
  const chunk = (address >>> chunkShift) - (dataAt >>> chunkShift);
  if (chunk < 0 || chunk >= layout.chunkCount) return undefined;
  const entry = words[layout.mapAt + chunk] as number;
  if ((entry & (mapPages | mapLarge)) === 0) return undefined;
  const distance = entry >>> mapDistanceShift;
  const head = chunk - distance;
  const claim = head >= 0 ? (words[layout.claimsAt + head] as number) : 0;
  const offset = distance * chunkBytes + (address & (chunkBytes - 1));
  const isRun = (entry & mapPages) !== 0;
  const end = isRun ? runEnd(heap, head, claim, (offset / pageBytes) | 0) : largeEnd(claim);
  if (end <= offset) throw invalidAddress(address, "lies in no live object");
  return end - offset;
}

/** Bytes from the span's start to the end of the object that it is; 0 when it is none. */
function largeEnd(claim: number): number {
  return tagOf(claim) === tag.large ? lengthOf(claim) * chunkBytes : 0;
}

/** Bytes from the span's start to the end of the last run that begins at a page or before it; 0 when it is not live. */
function runEnd({ states, layout }: Heap, head: number, claim: number, page: number): number {
  const pages = isPages(claim) ? pageCountOf(layout, lengthOf(claim)) : 0;
  if (page >= pages) return 0;
  const start = head << layout.stateShift;
  // All bytes of a run are 0 but those of its first page, as are those of free pages.
  let first = page;
  while (first > 0 && states[start + first * statesPerPage] === pageFree) first--;
  const slot = start + first * statesPerPage;
  if (!isLivePage(states[slot] as number)) return 0;
  return (first + runPages(states, slot, start + pages * statesPerPage)) * pageBytes;
}

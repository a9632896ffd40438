// Before a new slab touches fresh memory, memory of other classes is looked for that has been touched: slabs that
// are empty, or would be but for the rounds of the caller's own magazine. A class keeps one slab with free slots,
// or two classes used in turn would build each other's slab anew at each call. Ten sizes in turn, 4 MiB of each,
// touched 40 MiB, and now 6 (golden/footprint.json).

import { noChunk } from "../arena/chunk-set.ts";
import { classOf } from "../arena/claim.ts";
import type { ChunkIndex } from "../base/brands.ts";
import { infoAt, slabInfo } from "../memory/layout.ts";
import type { SizeClass } from "./class-table.ts";
import { roundsIn } from "./counters.ts";
import type { Slabs } from "./slabs.ts";

/** Slabs that are looked at, of a class and of all empty ones, so that no single call pays for many. */
const looks = 4;

/** Whether two or more slabs of the class would be empty if the caller's rounds went home, as the hints tell. */
export function pinsSlabs(slabs: Slabs, sizeClass: SizeClass): boolean {
  const { heap, spans } = slabs;
  const rounds = roundsIn(heap, sizeClass);
  const set = slabs.partial[sizeClass.index];
  if (rounds <= 0 || set === undefined) return false;
  let pinned = 0;
  for (
    let head = set.next(0), look = 0;
    head !== noChunk && look < looks;
    head = set.next(head + 1), look++
  ) {
    const claim = spans.claimOf(head);
    if (!slabs.isSlab(claim)) continue;
    const free = heap.words[infoAt(heap.layout, head) + slabInfo.freeCount] as number;
    if (free + rounds >= slabs.slotCount(claim)) pinned++;
  }
  return pinned > 1;
}

/** Gives an empty slab back whose class has another one with free slots; false when there is none such. */
export function releaseSpare(slabs: Slabs): boolean {
  const set = slabs.empty;
  for (
    let head = set.next(0), look = 0;
    head !== noChunk && look < looks;
    head = set.next(head + 1), look++
  ) {
    if (!isOnlyPartial(slabs, head) && slabs.releaseIfEmpty(head)) return true;
  }
  return false;
}

function isOnlyPartial(slabs: Slabs, head: ChunkIndex): boolean {
  const set = slabs.partial[classOf(slabs.spans.claimOf(head))];
  return set === undefined || (set.next(0) === head && set.next(head + 1) === noChunk);
}

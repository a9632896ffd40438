// The state bytes of pages, two a page: the truth about the page runs of a span. They stand where a slab has those
// of its slots. The first of a run's first page says what it is:
//
//   128, 128 + w   live, nobody's or w's: as for slots
//   w              freed by w, who is about to count it and make its pages free (1–126)
//   127            freed, and kept by whoever has it in its table (kept.ts)
//   255            freed; whoever holds the span next collects it
//
// and the second how many pages it has: written before the first, and constant while that is not 0. All others
// are 0. So a run comes and goes by one store, whatever its length.
//
// Plain loads: a length, under the claim, or by who has the run.

import { lengthOf } from "../arena/index.ts";
import { pageFreed, pageStatesShift, pagesPerChunkShift, slotLive } from "../layout/index.ts";
import { slotsPerSlab, stateShift, statesAt } from "../places/index.ts";
import { least, load8 } from "../target/index.ts";

/** Whether the first byte of a run is that of a live object. */
export function isLivePage(state: i32): bool {
  return state >= slotLive && state < pageFreed;
}

/** Pages of the run that begins at a state byte: at least 1 and at most up to `end`, also where books are damaged. */
export function runPages(slot: i32, end: i32): i32 {
  const pages = load8((statesAt + slot + 1) | 0);
  return pages === 0 ? 1 : least(pages, (end - slot) >> pageStatesShift);
}

/** Pages of a span. */
export function pagesOf(claim: i32): i32 {
  return least(lengthOf(claim) << pagesPerChunkShift, slotsPerSlab);
}

/** The first state byte of a page. */
export function slotOfPage(head: i32, page: i32): i32 {
  return ((head << stateShift) + (page << pageStatesShift)) | 0;
}

/** The page whose first state byte it is. */
export function pageAtSlot(head: i32, slot: i32): i32 {
  return (slot - (head << stateShift)) >> pageStatesShift;
}

/** Behind the state bytes of a span. */
export function endOfPages(head: i32, claim: i32): i32 {
  return slotOfPage(head, pagesOf(claim));
}

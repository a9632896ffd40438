// The state bytes of pages, two a page: the truth about the page runs of a span. They stand where a slab has those
// of its slots. The first of a run's first page says what it is:
//
//   128, 128 + w   live, nobody's or w's: as for slots
//   w              freed by w, who is about to count it and make its pages free (1–126)
//   255            freed; whoever holds the span next collects it
//
// and the second how many pages it has: written before the first, and constant while that is not 0. All others
// are 0. So a run comes and goes by one store, whatever its length.

import { slotLive, statesPerPage } from "../layout/index.ts";

export const pageFree = 0;
export const pageFreed = 255;

/** Whether the first byte of a run is that of a live object. */
export function isLivePage(state: number): boolean {
  return state >= slotLive && state < pageFreed;
}

/** Pages of the run that begins at a state byte: at least 1 and at most up to `end`, also where books are damaged. */
export function runPages(states: Uint8Array, slot: number, end: number): number {
  const pages = states[slot + 1] as number;
  const most = (end - slot) / statesPerPage;
  return pages === 0 ? 1 : pages > most ? most : pages;
}

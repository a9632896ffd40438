// The state bytes of pages: the truth about the page runs of a span. They stand where a slab has those of its slots.
//
//   first byte of a run   128, 128 + w   live, nobody's or w's: as for slots
//                         w              freed by w, who is about to count it (1–126)
//                         255            freed; whoever holds the span next collects it
//   its other bytes       127            written before the first, cleared before it
//   outside a run         0
//
// So a run is at every moment its first byte and the 127 behind it, and a 127 behind a 0 is of nobody's: the
// allocation that wrote it was cut short.

export const pageFree = 0;
export const pageContinued = 127;
export const pageFreed = 255;

/** Whether the first byte of a run is that of a live object. */
export function isLivePage(state: number): boolean {
  return state > pageContinued && state < pageFreed;
}

/** Pages of the run that begins at a state byte, at most up to `end`. */
export function runPages(states: Uint8Array, slot: number, end: number): number {
  let next = slot + 1;
  while (next < end && states[next] === pageContinued) next++;
  return next - slot;
}

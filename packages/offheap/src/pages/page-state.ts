// The state bytes of pages, as the shell reads them: core/pages/state.ts says what they are.

import { pageFreed } from "../../core/layout/index.ts";
import { slotLive, statesPerPage } from "../layout/index.ts";

export { pageFree, pageFreed, pageKept } from "../../core/layout/index.ts";

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

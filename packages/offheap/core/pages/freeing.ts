// A page run that its worker has freed becomes free pages: at once where its span can be claimed. Else whoever holds the span
// next collects it.
//
// Plain loads: page info, under the claim.

import { claimOf, lengthOf, setAdd, setHas, storeClaim, swapClaim, tagOf } from "../arena/index.ts";
import {
  claimWorkerShift,
  infoFreeCount,
  infoLongest,
  infoSecond,
  pageFree,
  pageFreed,
  tagPages,
  tagPagesHeld,
} from "../layout/index.ts";
import { infoAt, isChunk, statesAt, worker } from "../places/index.ts";
import { assert, compareExchange8, load32, store8, store32 } from "../target/index.ts";
import { enterBin, noteLongest, pendingSet } from "./bins.ts";
import { freeBefore, freeBehind, markPages, runAround } from "./marks.ts";
import { letGoEmpty, repairPages } from "./spans.ts";
import { pageAtSlot, pagesOf, runPages, slotOfPage } from "./state.ts";

/** The pages of a run whose first byte says that this worker freed it. The journal is "moving". */
export function endRun(head: i32, slot: i32): void {
  assert(isChunk(head));
  const stateAt = (statesAt + slot) | 0;
  const seen = claimOf(head);
  const claim = seen | tagPagesHeld | (worker << claimWorkerShift);
  if (tagOf(seen) !== tagPages || !swapClaim(head, seen, claim)) {
    compareExchange8(stateAt, worker, pageFreed);
    setAdd(pendingSet(), head);
    return;
  }
  if (setHas(pendingSet(), head)) repairPages(head, claim);
  const all = pagesOf(claim);
  const pages = runPages(slot, slotOfPage(head, all));
  const page = pageAtSlot(head, slot);
  const info = infoAt(head);
  store8(stateAt, pageFree);
  store8((stateAt + 1) | 0, 0);
  markPages(head, page, pages, true);
  const around = runAround(head, lengthOf(claim), page, pages);
  const free = (load32((info + infoFreeCount) | 0) + pages) | 0;
  store32((info + infoFreeCount) | 0, free);
  const longest = load32((info + infoLongest) | 0);
  if (around > longest) {
    store32((info + infoLongest) | 0, around);
    // Where the longest so far may be part of it, what comes second is not known.
    const isApart = freeBefore !== longest && freeBehind !== longest;
    noteLongest(head, page - freeBefore, isApart ? longest : -1);
    enterBin(head, around);
  } else if (around > load32((info + infoSecond) | 0) && load32((info + infoSecond) | 0) >= 0)
    store32((info + infoSecond) | 0, around);
  if (free === all) letGoEmpty(head, claim);
  else storeClaim(head, seen);
}

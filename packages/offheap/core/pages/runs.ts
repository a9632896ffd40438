// Page runs: the objects that share a span of pages. One worker's operations on them.
//
//   allocate  one that is kept (kept.ts); else claim a span with space; length, then the first byte: 128 + w; count; unclaim
//   free      first byte, by an exchange, so that of two frees one succeeds: live → 127, it is kept; else live → w; count; then,
//             if the span can be claimed, w → 0; else w → 255, and whoever holds it next makes the pages free
//   resize    under the claim: another length
//
// Plain loads: page info and free bytes, under the claim. A live byte is looked at so, for what is done about it ends in an
// exchange; a legal free comes after the allocation, by the user's hand-over, so it sees map and length.

import { claimOf, isPages, setHas, setHasAny } from "../arena/index.ts";
import {
  chunkShift,
  infoFreeCount,
  infoLongest,
  journalAllocatingRun,
  mapDistanceShift,
  noChunk,
  noPage,
  pageFree,
  pageKept,
  pageShift,
  pagesPerChunkShift,
  recordLargeAllocs,
  slotLive,
} from "../layout/index.ts";
import { dataAt, infoAt, isChunk, statesAt, worker } from "../places/index.ts";
import { assert, compareExchange8, load8, load32, store8, store32 } from "../target/index.ts";
import { enterBin, noteLongest, pendingSet, repairBins } from "./bins.ts";
import { endWhole, isToKeep, takeKept } from "./kept.ts";
import { markPages } from "./marks.ts";
import { beginLarge, countLarge } from "./record.ts";
import {
  claimRun,
  findInNew,
  fitRun,
  foundFrom,
  foundIn,
  foundLeft,
  foundLeftAt,
  foundSecond,
  foundSpan,
  noClaim,
} from "./search.ts";
import {
  arePagesFree,
  buildPages,
  claimPageSpan,
  collectPending,
  repairPages,
  setPagesOfRun,
  unclaimPages,
} from "./spans.ts";
import { endOfPages, isLivePage, pageAtSlot, pagesOf, runPages, slotOfPage } from "./state.ts";

/** Spans with freed runs that an allocation repairs. */
const pendingTries = 2;
/** Spans whose bits were found wrong that an allocation repairs before it gives up. */
const repairTries = 4;

/** The address of a new object; 0: there is none. The journal is "moving"; that there is an object, it is yet to say. */
export function allocateRun(pages: i32, align: i32): i32 {
  assert(pages > 0 && align > 0);
  const kept = align === 1 ? takeKept(pages) : 0;
  if (kept !== 0) return kept;
  if (setHasAny(pendingSet())) collectPending(pendingTries);
  const claim = claimOrBuild(pages, align);
  if (claim === noClaim) return 0;
  const head = foundSpan;
  const page = foundFrom;
  const left = foundLeft;
  const slot = slotOfPage(head, page);
  const info = infoAt(head);
  beginLarge(journalAllocatingRun, slot, recordLargeAllocs, 0);
  store8((statesAt + slot + 1) | 0, pages);
  markPages(head, page, pages, false);
  store8((statesAt + slot) | 0, slotLive | worker);
  countLarge(recordLargeAllocs);
  const longest = load32((info + infoLongest) | 0);
  store32((info + infoFreeCount) | 0, load32((info + infoFreeCount) | 0) - pages);
  store32((info + infoLongest) | 0, left);
  noteLongest(head, foundLeftAt, foundSecond);
  // A new span has been in no bin yet; one that was found leaves its bin when it has become too large.
  if (left > longest) enterBin(head, left);
  else if (left >>> foundIn === 0) repairBins(head, pagesOf(claim));
  unclaimPages(head, claim);
  return (dataAt + (head << chunkShift) + (page << pageShift)) | 0;
}

/** Holds a span in which a run begins with a free page, as `found…` says; 0: none can be had. */
function claimOrBuild(pages: i32, align: i32): i32 {
  for (let tries = 0; tries < repairTries; tries++) {
    const claim = claimRun(pages, align);
    if (claim === noClaim) break;
    const head = foundSpan;
    if (isFoundFree()) return claim;
    repairPages(head, claim);
    if (fitRun(head, claim, pages, align) && isFoundFree()) return claim;
    unclaimPages(head, claim);
  }
  const head = buildPages(pages);
  if (head === noChunk) return noClaim;
  const claim = claimOf(head);
  findInNew(head, pages, pagesOf(claim));
  return claim;
}

function isFoundFree(): bool {
  return foundFrom !== noPage && load8((statesAt + slotOfPage(foundSpan, foundFrom)) | 0) === pageFree;
}

/** Ends a live object if its first byte still is `state`; the journal may be "moving" then. */
export function freeRun(head: i32, slot: i32, state: i32): bool {
  assert(isChunk(head) && isLivePage(state));
  if (isToKeep(slot)) return compareExchange8((statesAt + slot) | 0, state, pageKept);
  return endWhole(head, slot, state);
}

/** The live run that begins at an address of a chunk with this entry in the map, by its first state byte; −1: there is none. */
export function runAt(address: i32, chunk: i32, entry: i32): i32 {
  const distance = entry >>> mapDistanceShift;
  const head = chunk - distance;
  if ((address & ((1 << pageShift) - 1)) !== 0 || !isChunk(head)) return -1;
  const claim = claimOf(head);
  if (!isPages(claim)) return -1;
  const page = (distance << pagesPerChunkShift) | ((address & ((1 << chunkShift) - 1)) >>> pageShift);
  const slot = slotOfPage(head, page);
  return slot < endOfPages(head, claim) && isLivePage(load8((statesAt + slot) | 0)) ? slot : -1;
}

/** Pages of a live run of the span at `head`. */
export function pagesAt(head: i32, slot: i32): i32 {
  return runPages(slot, endOfPages(head, claimOf(head)));
}

/** Makes a run of the caller's longer or shorter where it is; false when that cannot be had just now. */
export function resizeRun(head: i32, slot: i32, pages: i32, want: i32): bool {
  assert(isChunk(head) && want > 0);
  const claim = claimPageSpan(head);
  if (claim === noClaim) return false;
  const page = pageAtSlot(head, slot);
  if (setHas(pendingSet(), head)) repairPages(head, claim);
  const isSpace = want <= pages || arePagesFree(head, claim, page + pages, want - pages);
  if (isSpace) setPagesOfRun(head, claim, page, pages, want);
  unclaimPages(head, claim);
  return isSpace;
}

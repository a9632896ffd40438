// Spans of pages as one worker handles them: built, claimed for a moment, repaired, given back. Whoever holds the claim
// owns the page info, takes free pages and collects freed runs; nobody waits for a claim. A page's free bit is a hint
// beside its state byte, as are the sets of spans (bins.ts).
//
// Plain loads: page info, and lengths, under the claim. A first byte is read so, too: the holder alone takes a free page and
// makes one, what is freed meanwhile is collected by whoever comes next, and 255 → 0 is an exchange.

import {
  claimBuilding,
  claimOf,
  claimPages,
  claimPagesHeld,
  giveBackWhole,
  heedDestroy,
  lengthOf,
  mapSpan,
  setAdd,
  setHas,
  setNext,
  setRemove,
  storeClaim,
  swapClaim,
  tagOf,
  takenLength,
  takeSpan,
} from "../arena/index.ts";
import {
  infoFreeCount,
  infoFreePages,
  mapPages,
  noChunk,
  pageFree,
  pageFreed,
  pageStatesShift,
  pagesPerChunkShift,
  tagPages,
} from "../layout/index.ts";
import { infoAt, isChunk, pageSpanChunks, slotsPerSlab, statesAt } from "../places/index.ts";
import { clearStates } from "../slab/index.ts";
import {
  assert,
  compareExchange8,
  glance32,
  least,
  load8,
  load32,
  most,
  store8,
  store32,
} from "../target/index.ts";
import {
  clearHints,
  emptySet,
  forgetPages,
  noteLongest,
  pendingSet,
  repairBins,
  repairPageHints,
  repairPagesHint,
  setHints,
} from "./bins.ts";
import { scannedAt, scannedFree, scannedLongest, scannedSecond, scanPages } from "./bits.ts";
import { markPages } from "./marks.ts";
import { noClaim } from "./search.ts";
import { endOfPages, pagesOf, runPages, slotOfPage } from "./state.ts";

/** Members of the set of empty spans looked at for one that still is. */
const emptyTries = 8;

/** Claims the span at `head` if it is one of pages and nobody holds it; the claim word then, or 0. */
export function claimPageSpan(head: i32): i32 {
  assert(isChunk(head));
  const seen = claimOf(head);
  if (tagOf(seen) !== tagPages) return noClaim;
  const held = claimPagesHeld(lengthOf(seen));
  return swapClaim(head, seen, held) ? held : noClaim;
}

/** Publishes what was done under the claim. */
export function unclaimPages(head: i32, claim: i32): void {
  assert(isChunk(head));
  storeClaim(head, claimPages(lengthOf(claim)));
}

/** Builds a span for a run of so many pages, held, all pages free and in no bin yet; −1 without chunks. */
export function buildPages(pages: i32): i32 {
  const fewest = ((pages - 1) >>> pagesPerChunkShift) + 1;
  const want = most(fewest, pageSpanChunks);
  if (pages > least(want << pagesPerChunkShift, slotsPerSlab)) return noChunk;
  const head = takeSpan(want, fewest);
  if (head === noChunk) return noChunk;
  const length = takenLength;
  const claim = claimPagesHeld(length);
  mapSpan(head, length, mapPages);
  // A byte that is not 0 was left by a reset, or by a free that raced another, of a slot that was here.
  const first = slotOfPage(head, 0);
  clearStates(first, first + (length << (pagesPerChunkShift + pageStatesShift)));
  const bitsAt = (infoAt(head) + infoFreePages) | 0;
  for (let i = 0; i < length; i++) store32((bitsAt + (i << 2)) | 0, 0);
  const all = pagesOf(claim);
  markPages(head, 0, all, true);
  clearHints(head, all);
  storeClaim(head, claim);
  heedDestroy(head, length);
  return head;
}

/** Under the claim: whether all pages of a stretch are free, by their bytes; no run reaches into it from before. */
export function arePagesFree(head: i32, claim: i32, page: i32, count: i32): bool {
  if (page + count > pagesOf(claim)) return false;
  const end = slotOfPage(head, page + count);
  for (let slot = slotOfPage(head, page); slot < end; slot += 1 << pageStatesShift)
    if (load8((statesAt + slot) | 0) !== pageFree) return false;
  return true;
}

/** Under the claim: gives a run another length, and makes the hints true by the bits. */
export function setPagesOfRun(head: i32, claim: i32, page: i32, pages: i32, want: i32): void {
  store8((statesAt + slotOfPage(head, page) + 1) | 0, want);
  if (want > pages) markPages(head, page + pages, want - pages, false);
  else markPages(head, page + want, pages - want, true);
  scanPages(head, lengthOf(claim), 0, 1, 0);
  setHints(head, pagesOf(claim), scannedFree(), scannedLongest());
  noteLongest(head, scannedAt(), scannedSecond());
}

/** Under the claim: lets the span go, or gives it back if it is empty and not the only one. */
export function letGoPages(head: i32, claim: i32): void {
  assert(isChunk(head));
  if (load32((infoAt(head) + infoFreeCount) | 0) === pagesOf(claim)) letGoEmpty(head, claim);
  else unclaimPages(head, claim);
}

/** The same of one that is empty: one is kept, so that a single object that comes and goes does not build each time. */
export function letGoEmpty(head: i32, claim: i32): void {
  if (!setHas(emptySet(), head)) setAdd(emptySet(), head);
  if (!isOtherEmpty(head) || !releasePages(head, claim)) unclaimPages(head, claim);
}

/** Whether a span other than this is empty; some of the set are so no more. Others may be writing what is read here. */
function isOtherEmpty(head: i32): bool {
  let other = setNext(emptySet(), 0);
  for (let tries = 0; tries < emptyTries && other !== noChunk; tries++) {
    if (other !== head && glance32((infoAt(other) + infoFreeCount) | 0) === pagesOf(claimOf(other)))
      return true;
    other = setNext(emptySet(), other + 1);
  }
  return false;
}

/** Collects runs that were freed while another worker held their span. */
export function collectPending(limit: i32): void {
  let from = 0;
  for (let tries = 0; tries < limit; tries++) {
    const head = setNext(pendingSet(), from);
    if (head === noChunk) return;
    from = head + 1;
    const claim = claimPageSpan(head);
    if (claim === noClaim) repairPagesHint(pendingSet(), head);
    else {
      repairPages(head, claim);
      letGoPages(head, claim);
    }
  }
}

/** Gives up to `limit` empty spans back, lowest first; returns how many went. */
export function releaseEmptyPages(limit: i32): i32 {
  collectPending(limit);
  let released = 0;
  for (let from = 0; released < limit; ) {
    const head = setNext(emptySet(), from);
    if (head === noChunk) return released;
    from = head + 1;
    const claim = claimPageSpan(head);
    if (claim === noClaim) repairPagesHint(emptySet(), head);
    else if (releasePages(head, claim)) released++;
    else unclaimPages(head, claim);
  }
  return released;
}

/**
 * Under the claim: collects freed runs and lengths that an allocation cut short left, and makes bits and hints
 * true again from the state bytes. The pending hint goes first: a free that comes later adds it again.
 */
export function repairPages(head: i32, claim: i32): void {
  assert(isChunk(head));
  setRemove(pendingSet(), head);
  const end = endOfPages(head, claim);
  let page = 0;
  for (let slot = slotOfPage(head, 0); slot < end; ) {
    const state = load8((statesAt + slot) | 0);
    const length = state === pageFree ? 1 : runPages(slot, end);
    // The one who freed it did so by an exchange, too: what it did before comes before the next use.
    if (state === pageFreed) compareExchange8((statesAt + slot) | 0, pageFreed, pageFree);
    const isFree = state === pageFree || state === pageFreed;
    if (isFree && load8((statesAt + slot + 1) | 0) !== 0) store8((statesAt + slot + 1) | 0, 0);
    markPages(head, page, length, isFree);
    page += length;
    slot += length << pageStatesShift;
  }
  scanPages(head, lengthOf(claim), 0, 1, 0);
  repairPageHints(head, pagesOf(claim), scannedFree(), scannedLongest());
  noteLongest(head, scannedAt(), scannedSecond());
}

/** Under the claim: gives the span back if every state byte is free. False leaves it claimed. */
function releasePages(head: i32, claim: i32): bool {
  const length = lengthOf(claim);
  const all = pagesOf(claim);
  const freeAt = (infoAt(head) + infoFreeCount) | 0;
  const isEmpty = load32(freeAt) === all;
  if (!isEmpty) repairBins(head, all);
  else if (!arePagesFree(head, claim, 0, all)) repairPages(head, claim);
  if (!isEmpty || load32(freeAt) !== all) return false;
  storeClaim(head, claimBuilding(length));
  forgetPages(head);
  giveBackWhole(head, length);
  return true;
}

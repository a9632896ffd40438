// The sets of the spans of pages: bins by their longest free run, those with frees to collect, the empty ones. Written
// under a span's claim; hints, as all sets.
// Plain loads: page info, under the claim.
//
//   longest = pages of the longest free run     in bin r for an r ≥ floor(log2(longest)), if that is not 0
//   free    = number of free pages              in empty ⇐ every page is free
//   in pending ⇐ it has a run that was freed while another worker held it
//
// A span enters a bin when its longest run has grown beyond all that it is in. It leaves those that are too large
// for it, or `empty`, when a search meets it there: so most operations change no set.

import { claimOf, setAdd, setHas, setRemove, tagOf } from "../arena/index.ts";
import {
  binCount,
  infoFreeCount,
  infoLongest,
  infoLongestAt,
  infoSecond,
  noPage,
  tagPages,
  tagPagesHeld,
} from "../layout/index.ts";
import { classCount, infoAt, isChunk, slabSet } from "../places/index.ts";
import { assert, leadingZeros, load32, store32 } from "../target/index.ts";

/** The bin of spans whose longest free run has so many pages; −1, which is none, for 0. */
export function binOf(pages: i32): i32 {
  return 31 - leadingZeros(pages);
}

/** They come behind the sets of the classes; the empty ones are the last but none, those with frees before. */
export function binSet(bin: i32): i32 {
  return slabSet(classCount + 1 + bin);
}

export function pendingSet(): i32 {
  return binSet(binCount);
}
export function emptySet(): i32 {
  return binSet(binCount + 1);
}

/** Of a span with so many free pages: in no set, until `setHints` is called. */
export function clearHints(head: i32, free: i32): void {
  assert(isChunk(head));
  store32((infoAt(head) + infoFreeCount) | 0, free);
  store32((infoAt(head) + infoLongest) | 0, 0);
  noteLongest(head, noPage, -1);
}

/** Where the longest free run begins, and pages of the second longest; −1: not known. */
export function noteLongest(head: i32, at: i32, second: i32): void {
  store32((infoAt(head) + infoLongestAt) | 0, at);
  store32((infoAt(head) + infoSecond) | 0, second);
}

/** Of a span of `all` pages. */
export function setHints(head: i32, all: i32, free: i32, longest: i32): void {
  assert(isChunk(head));
  const info = infoAt(head);
  const longestBefore = load32((info + infoLongest) | 0);
  store32((info + infoFreeCount) | 0, free);
  store32((info + infoLongest) | 0, longest);
  if (longest > longestBefore) enterBin(head, longest);
  if (free === all && !setHas(emptySet(), head)) setAdd(emptySet(), head);
}

/** The same, whatever the words and the sets say. */
export function repairPageHints(head: i32, all: i32, free: i32, longest: i32): void {
  leaveBins(head);
  clearHints(head, free);
  setHints(head, all, free, longest);
}

/** Takes a span that is given back out of all sets. */
export function forgetPages(head: i32): void {
  leaveBins(head);
  if (setHas(pendingSet(), head)) setRemove(pendingSet(), head);
}

/** Out of all but those with frees to collect, which others add it to whoever holds it. */
function leaveBins(head: i32): void {
  for (let bin = 0; bin < binCount; bin++) if (setHas(binSet(bin), head)) setRemove(binSet(bin), head);
  if (setHas(emptySet(), head)) setRemove(emptySet(), head);
}

/** Into the bin of its longest run, unless it is in that or a larger one. Damaged books may name none there is. */
export function enterBin(head: i32, longest: i32): void {
  assert(isChunk(head));
  const bin = binOf(longest);
  if (bin < 0 || bin >= binCount) return;
  for (let at = bin; at < binCount; at++) if (setHas(binSet(at), head)) return;
  setAdd(binSet(bin), head);
}

/** Under the claim: out of the bins that are too large, and of the empty ones if it is not, having `all` pages. */
export function repairBins(head: i32, all: i32): void {
  assert(isChunk(head));
  const info = infoAt(head);
  const bin = binOf(load32((info + infoLongest) | 0));
  if (bin >= 0 && bin < binCount && !setHas(binSet(bin), head)) setAdd(binSet(bin), head);
  for (let above = bin + 1; above < binCount; above++)
    if (setHas(binSet(above), head)) setRemove(binSet(above), head);
  if (load32((info + infoFreeCount) | 0) !== all && setHas(emptySet(), head)) setRemove(emptySet(), head);
}

/** Takes a member out of a set of these if it is no span of pages. */
export function repairPagesHint(set: i32, head: i32): void {
  assert(isChunk(head));
  if (isPagesAt(head)) return;
  setRemove(set, head);
  if (isPagesAt(head)) setAdd(set, head);
}

function isPagesAt(head: i32): bool {
  const kind = tagOf(claimOf(head));
  return kind === tagPages || kind === tagPagesHeld;
}

// Spans: runs of chunks with one purpose, taken from and given back to the free chunks of the heap.
//
//   take      head FREE → BUILDING, then each body FREE → BODY, ascending. On a clash all is put back.
//   publish   (by the owner of the new span) map, then the head's claim
//   giveBack  map cleared, bodies FREE descending, head FREE last
//
// So a span whose builder died shows what it is: a BUILDING head, and bodies that name their distance to
// it without a gap. `giveBack` takes such a torn span apart as well.
// Plain loads: the map alone, see `mapOf`.

import {
  claimLengthMask,
  claimLengthShift,
  mapDistanceShift,
  mapDivisorShift,
  noChunk,
  spanChunksPeakWord,
  spanChunksWord,
  statusReady,
  statusWord,
  tagBody,
  tagFree,
  tagMask,
} from "../layout/index.ts";
import { chunkCount, claimsAt, freeSet, heapAt, isChunk, isRun, mapAt } from "../places/index.ts";
import {
  add32,
  assert,
  atomicLoad32,
  compareExchange32,
  glance32,
  least,
  load32,
  most,
  multiply,
  store32,
} from "../target/index.ts";
import { setAdd, setAddRun, setNext, setRemove, setRemoveRun, setRunLength } from "./chunk-set.ts";
import { claimBody, claimBuilding, claimOf, storeClaim, swapClaim } from "./claim.ts";
import { forgetClean } from "./clean-chunks.ts";
import { chooseRun, chosenLength, findRun, formatRuns, updateRuns } from "./free-runs.ts";

/** Attempts to take a run that other workers were faster to take, before the caller is told there is none. */
const takeTries = 16;
/** Exchanges of the peak before a higher one of another worker's is let be. */
const peakTries = 4;

/** Length in chunks of the span that the last `takeSpan` returned, and whether all its bytes are known to be zero. */
export let takenLength: i32 = 0;
export let takenIsZero: bool = false;

/** The span that is taken was in use, so its bytes may be anything. */
export function noteUsed(): void {
  takenIsZero = false;
}

/** The same two for the shell. */
export function lastTakenLength(): i32 {
  return takenLength;
}
export function lastTakenIsZero(): bool {
  return takenIsZero;
}

/**
 * A chunk's entry, read plainly: constant while the chunk has an object that is live or the caller's. Where it may have
 * none, the entry is a hint, and the claim word is looked at.
 */
export function mapOf(chunk: i32): i32 {
  return load32((mapAt + (chunk << 2)) | 0);
}
export function setMap(chunk: i32, entry: i32): void {
  store32((mapAt + (chunk << 2)) | 0, entry);
}
export function mapEntry(classIndex: i32, shift: i32, distance: i32): i32 {
  return classIndex | (shift << mapDivisorShift) | (distance << mapDistanceShift);
}

/** The map entries of a span that is no slab, under BUILDING. */
export function mapSpan(head: i32, length: i32, kind: i32): void {
  assert(isRun(head, length));
  for (let i = 0; i < length; i++) setMap(head + i, kind | (i << mapDistanceShift));
}

/** After a span's claim word: a destroy that came meanwhile has cleared the map already, and looks no further. */
export function heedDestroy(head: i32, length: i32): void {
  assert(isRun(head, length));
  if (atomicLoad32((heapAt + (statusWord << 2)) | 0) === statusReady) return;
  for (let i = 0; i < length; i++) setMap(head + i, 0);
}

/** Notes that all chunks are free, where no claim word says otherwise. */
export function freeAll(): void {
  setAddRun(freeSet, 0, chunkCount);
  formatRuns();
}

/**
 * Takes `want` chunks in a row, or the longest run of at least `fewest` there is. The span is BUILDING then, with
 * `takenLength` chunks; −1 when there is none.
 */
export function takeSpan(want: i32, fewest: i32): i32 {
  assert(fewest > 0 && want >= fewest);
  let from = 0;
  for (let tries = 0; tries < takeTries; tries++) {
    const head = chooseRun(from, want, fewest);
    if (head === noChunk) {
      if (from === 0) return noChunk;
      from = 0;
      continue;
    }
    const clash = takeWhole(head, least(want, chosenLength));
    if (clash === noChunk) return head;
    from = clash + 1;
  }
  return noChunk;
}

/**
 * Takes exactly `want` chunks in a row whose first is a multiple of `align` when counted from `phase` chunks before the
 * heap's: the lowest such run, BUILDING; −1 when there is none.
 */
export function takeExact(want: i32, align: i32, phase: i32): i32 {
  assert(want > 0 && align > 0);
  for (let tries = 0; align === 1 && tries < takeTries; tries++) {
    const head = findRun(want);
    if (head === noChunk) break;
    if (takeWhole(head, want) === noChunk) return head;
  }
  let tries = 0;
  for (let from = setNext(freeSet, 0); from !== noChunk && tries < takeTries; ) {
    const head = ((from + phase + align - 1) & -align) - phase;
    const run = setRunLength(freeSet, head, want);
    let next = head + run;
    if (run === want) {
      const clash = takeWhole(head, want);
      if (clash === noChunk) return head;
      tries++;
      next = clash + 1;
    }
    from = setNext(freeSet, most(next, from + 1));
  }
  return noChunk;
}

/**
 * Takes `want` chunks for what grows: as many stay free behind them, and before them for what ends there. Else spans that grow
 * by turns would stand in each other's way at each step. −1: there is no such place.
 */
export function takeRoomy(want: i32): i32 {
  assert(want > 0);
  for (let tries = 0; tries < takeTries; tries++) {
    const wide = findRun(multiply(want, 3));
    const head = wide === noChunk ? findRun(want << 1) : wide + want;
    if (head === noChunk || takeWhole(head, want) === noChunk) return head;
  }
  return noChunk;
}

/** Takes the chunks right behind a span that the caller may lengthen; returns how many it got of those wanted. */
export function takeBehind(head: i32, length: i32, want: i32): i32 {
  assert(isRun(head, length));
  let got = 0;
  const limit = least(want, chunkCount - head - length);
  while (got < limit && swapClaim(head + length + got, tagFree, claimBody(length + got))) got++;
  if (got === 0) return 0;
  hideRun(head + length, got);
  forgetClean(head + length, got);
  countSpan(got);
  return got;
}

/** Makes the chunks from `from` to before `to` of a span the caller's bodies, who is about to let them go. */
export function markBehind(head: i32, from: i32, to: i32): void {
  assert(isChunk(head) && from > 0);
  const end = least(to, chunkCount - head);
  for (let i = from; i < end; i++) {
    const claim = claimOf(head + i);
    if (isBody(claim, i)) swapClaim(head + i, claim, claimBody(i));
  }
}

/** Lets the chunks from `from` to before `to` of a span go that `body`, the claim of a body 0 from its head, made so. */
export function cutBehind(head: i32, from: i32, to: i32, body: i32): void {
  assert(isChunk(head) && from > 0);
  for (let i = least(to, chunkCount - head) - 1; i >= from; i--) {
    if (claimOf(head + i) !== (body | (i << claimLengthShift))) continue;
    setMap(head + i, 0);
    countSpan(-1);
    putBack(head + i, 1);
  }
}

/** Gives a span back whose head is BUILDING: `length` chunks, fewer where its taking was cut short. */
export function giveBack(head: i32, length: i32): void {
  assert(isChunk(head) && length > 0);
  let taken = 1;
  while (taken < length && head + taken < chunkCount && isBody(claimOf(head + taken), taken)) taken++;
  giveBackWhole(head, taken);
}

/** The same of a span that was built to its end: all of its length, though not beyond the heap on damaged books. */
export function giveBackWhole(head: i32, claimedLength: i32): void {
  assert(isChunk(head) && claimedLength > 0);
  const length = least(claimedLength, chunkCount - head);
  for (let i = 0; i < length; i++) setMap(head + i, 0);
  countSpan(-length);
  putBack(head, length);
}

/**
 * Holds free chunks for a moment, as a span being built, without using them. Returns the one that another
 * worker holds, when there is one and so none is held, or −1.
 */
export function borrowRun(head: i32, length: i32): i32 {
  assert(isRun(head, length));
  const clash = takeChunks(head, length);
  // Else whoever looks for a run would meet these chunks one by one, and give up.
  if (clash === noChunk) hideRun(head, length);
  return clash;
}

/**
 * The hint last: whoever met a chunk while it was taken may have removed it from the set, or is about to and then
 * looks at the claim again. The second look is a plain one: too early a value leaves a taken chunk in the set,
 * for whoever clashes there. A kill in between is repaired by the reaper's walk.
 */
export function putBack(head: i32, length: i32): void {
  assert(isRun(head, length));
  for (let i = length - 1; i >= 0; i--) storeClaim(head + i, tagFree);
  setAddRun(freeSet, head, length);
  updateRuns(head, length);
  for (let i = length - 1; i >= 0; i--)
    if (glance32((claimsAt + ((head + i) << 2)) | 0) !== tagFree) repairFree(head + i);
}

/** Sets or clears a chunk's bit in the set of free chunks after its claim word, whatever happens meanwhile. */
export function repairFree(chunk: i32): void {
  assert(isChunk(chunk));
  repairBit(chunk);
  updateRuns(chunk, 1);
}

function repairBit(chunk: i32): void {
  if (claimOf(chunk) === tagFree) {
    setAdd(freeSet, chunk);
    if (claimOf(chunk) === tagFree) return;
  }
  setRemove(freeSet, chunk);
  if (claimOf(chunk) === tagFree) setAdd(freeSet, chunk);
}

function hideRun(head: i32, length: i32): void {
  setRemoveRun(freeSet, head, length);
  updateRuns(head, length);
}

function isBody(claim: i32, distance: i32): bool {
  return (claim & tagMask) === tagBody && ((claim >>> claimLengthShift) & claimLengthMask) === distance;
}

/** Takes a run for a span; returns the chunk that another worker holds, whose bit it repairs, or −1. */
function takeWhole(head: i32, length: i32): i32 {
  const clash = takeChunks(head, length);
  if (clash !== noChunk) {
    repairFree(clash);
    return clash;
  }
  hideRun(head, length);
  takenIsZero = forgetClean(head, length);
  takenLength = length;
  countSpan(length);
  return noChunk;
}

/** Takes the chunks of a run; returns the one that another worker holds, or −1 when all are ours. */
function takeChunks(head: i32, length: i32): i32 {
  if (!swapClaim(head, tagFree, claimBuilding(length))) return head;
  for (let i = 1; i < length; i++) {
    if (swapClaim(head + i, tagFree, claimBody(i))) continue;
    putBack(head, i);
    return head + i;
  }
  return noChunk;
}

/** Keeps the hint of how many chunks are in spans, and its peak. A kill in between lets it drift. */
function countSpan(delta: i32): void {
  const peakAt = (heapAt + (spanChunksPeakWord << 2)) | 0;
  const now = add32((heapAt + (spanChunksWord << 2)) | 0, delta) + delta;
  if (delta < 0 || now <= glance32(peakAt)) return;
  // Bounded: another worker's higher peak ends it, and a lost race is only a lower hint.
  for (let tries = 0; tries < peakTries; tries++) {
    const peak = atomicLoad32(peakAt);
    if (now <= peak || compareExchange32(peakAt, peak, now)) return;
  }
}

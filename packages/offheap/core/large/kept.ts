// Spans that a worker has freed and keeps for its next object of as many chunks, as it keeps page runs (core/pages/kept.ts): so
// that a pair takes two exchanges, whatever the length.
//
//   keep        into the table; LARGE → KEPT(w, length), by the exchange of the free, which is all of it
//   take        KEPT → LARGE(w, length) by w, by an exchange; one more is counted as reused
//   give back   KEPT → BUILDING by an exchange, by any worker, who counts the free and gives the chunks back
//
// KEPT is BUILDING with one more bit: to all others it is no object, and no chunk to take. It names its worker, so no other span
// can be taken for it.
//
// A table: for each number of chunks up to 16 the head + 1, and whether that length was asked for. So a worker keeps at most
// 136 chunks.
//
// Plain loads: the worker's own table. Of another's what is read is a hint: the exchange says whether it holds.

import {
  claimBuilding,
  claimKept,
  claimLarge,
  claimOf,
  giveBackWhole,
  lengthOf,
  noteUsed,
  swapClaim,
  tagOf,
  workerOf,
} from "../arena/index.ts";
import {
  claimKeptBit,
  journalFreeingSpan,
  journalMoving,
  journalTakingSpan,
  keptCountShift,
  keptShift,
  noChunk,
  recordLargeFrees,
  recordReused,
  tagBuilding,
} from "../layout/index.ts";
import {
  beginLarge,
  countLarge,
  giveBackRuns,
  isWanted,
  noteWanted,
  wasWantedLately,
  writeJournal,
} from "../pages/index.ts";
import { isChunk, isPlace, keptOf, ownKept, worker } from "../places/index.ts";
import { assert, glance32, load32, store32 } from "../target/index.ts";

const spansIn = 1 << (keptCountShift + keptShift);
const mostKeptChunks = 1 << keptCountShift;

function spanEntry(length: i32): i32 {
  return (ownKept + spansIn + ((length - 1) << keptShift)) | 0;
}

/** A span of so many chunks that this worker has kept, live again: its head; −1: there is none. The journal is "moving". */
export function takeKeptSpan(length: i32): i32 {
  assert(length > 0);
  if (length > mostKeptChunks) return noChunk;
  const entry = spanEntry(length);
  const head = load32(entry) - 1;
  noteWanted(entry, length);
  const kept = claimKept(length);
  if (!isChunk(head) || claimOf(head) !== kept) return noChunk;
  beginLarge(journalTakingSpan, head, recordReused, 0);
  const isTaken = swapClaim(head, kept, claimLarge(worker, length));
  if (isTaken) {
    countLarge(recordReused);
    noteUsed();
  } else writeJournal(journalMoving);
  return isTaken ? head : noChunk;
}

/** Whether a span of so many chunks that is being freed is to be kept; then the table has it. */
export function isSpanToKeep(head: i32, length: i32): bool {
  if (length > mostKeptChunks) return false;
  const entry = spanEntry(length);
  if (!isWanted(entry, length)) return false;
  const before = load32(entry) - 1;
  if (isChunk(before) && claimOf(before) === claimKept(length)) return false;
  store32(entry, head + 1);
  return true;
}

/** Ends a live span, or one that is kept, if its claim word still is `claim`; the journal is "moving" then. */
export function endSpan(head: i32, claim: i32): bool {
  assert(isChunk(head));
  const length = lengthOf(claim);
  beginLarge(journalFreeingSpan, head, recordLargeFrees, 1);
  const isFreed = swapClaim(head, claim, claimBuilding(length));
  if (isFreed) countLarge(recordLargeFrees);
  writeJournal(journalMoving);
  if (isFreed) giveBackWhole(head, length);
  return isFreed;
}

/** Gives back what a worker keeps. The journal is "moving". */
export function giveBackKept(w: i32): void {
  giveBackFrom(w, false);
}

/** The same of what this worker keeps, and has not asked for since this was last called. */
export function giveBackIdle(): void {
  giveBackFrom(worker, true);
}

function giveBackFrom(w: i32, isIdle: bool): void {
  giveBackRuns(w, isIdle);
  const table = (keptOf(w) + spansIn) | 0;
  for (let i = 0; i < mostKeptChunks; i++) {
    const entry = (table + (i << keptShift)) | 0;
    if (isIdle && wasWantedLately(entry)) continue;
    const head = glance32(entry) - 1;
    const claim = isChunk(head) ? claimOf(head) : 0;
    if (isKeptSpan(claim) && workerOf(claim) === w) endSpan(head, claim);
  }
}

/** Gives back what is kept, by whomever, from a chunk to before `end`: for who wants these chunks. The journal is "moving". */
export function endKeptSpans(from: i32, end: i32): void {
  for (let head = from; head < end && isChunk(head); ) {
    const claim = claimOf(head);
    if (!isKeptSpan(claim)) return;
    head += lengthOf(claim);
    endSpan(head - lengthOf(claim), claim);
  }
}

function isKeptSpan(claim: i32): bool {
  return tagOf(claim) === tagBuilding && (claim & claimKeptBit) !== 0;
}

/** Forgets what a worker kept, who is gone or in whose heap nothing is live any more. */
export function forgetKept(w: i32): void {
  assert(isPlace(w));
  const table = keptOf(w);
  for (let at = 0; at < spansIn << 1; at += 4) store32((table + at) | 0, 0);
}

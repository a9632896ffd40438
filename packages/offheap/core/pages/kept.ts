// Page runs that a worker has freed and keeps for its next object of the same length: a program that allocates buffers
// of one length and frees them touches no span then.
//
//   keep        into the table; live → 127 by the exchange of the free, which is all of it
//   take        127 → live by w, by an exchange; one more is counted as reused
//   give back   127 → w by an exchange, by any worker, so that what is kept is lost to nobody: it counts the free, and ends it
//
// So the free of a kept run is in no count of frees until somebody gives it back, and statistics add those that are kept.
// No journal is needed for it: the byte alone says whether it took place.
//
// A table is of its worker's record: for each number of pages, by a hash, the state byte of the run that is kept + 1, and how
// many pages were asked for last, times four, + 1 if as often as twice in a row. Then such a run is kept: so lengths that come at
// random, of which each would be kept in vain, cost little. + 2 if since the last periodic clean-up, which leaves such a run:
// else each clean-up would give a span back that is built anew at once. What a table says of a run that was taken is not cleared:
// nobody believes it without the byte.
//
// Plain loads: the worker's own table. Of another's what is read is a hint: the exchange says whether it holds.

import { mapOf } from "../arena/index.ts";
import {
  chunkShift,
  journalFreeingRun,
  journalMoving,
  journalTakingRun,
  keptCountShift,
  keptShift,
  keptWanted,
  mapDistanceShift,
  mapPages,
  pageKept,
  pageShift,
  recordLargeFrees,
  recordReused,
  slotLive,
} from "../layout/index.ts";
import { dataAt, isChunk, isPlace, keptOf, ownKept, stateShift, statesAt, worker } from "../places/index.ts";
import { assert, compareExchange8, glance32, load8, load32, multiply, store32 } from "../target/index.ts";
import { endRun } from "./freeing.ts";
import { beginLarge, countLarge, writeJournal } from "./record.ts";
import { pageAtSlot } from "./state.ts";

/** Odd, so that lengths apart from each other by powers of two have places of their own. */
const spread = 167;
const hashBits = 8;
const wantedShift = 2;
const wantedTwice = 1;
const wantedLately = 2;

function runEntry(pages: i32): i32 {
  const hash = (multiply(pages, spread) & ((1 << hashBits) - 1)) >> (hashBits - keptCountShift);
  return (ownKept + (hash << keptShift)) | 0;
}

/** Notes that a length is asked for; false: the entry was of another so far. */
export function noteWanted(entry: i32, length: i32): bool {
  const wanted = load32((entry + keptWanted) | 0);
  const isSame = wanted >> wantedShift === length;
  const next = (length << wantedShift) | (isSame ? wantedTwice | wantedLately : 0);
  if (wanted !== next) store32((entry + keptWanted) | 0, next);
  return isSame;
}

/** Whether a length was asked for twice in a row. */
export function isWanted(entry: i32, length: i32): bool {
  return (
    (load32((entry + keptWanted) | 0) | wantedLately) ===
    ((length << wantedShift) | wantedTwice | wantedLately)
  );
}

/** Whether a length was asked for since this was last looked at. */
export function wasWantedLately(entry: i32): bool {
  const wanted = load32((entry + keptWanted) | 0);
  if ((wanted & wantedLately) === 0) return false;
  store32((entry + keptWanted) | 0, wanted & ~wantedLately);
  return true;
}

/** A run of so many pages that this worker has kept, live again: its address; 0: there is none. The journal is "moving". */
export function takeKept(pages: i32): i32 {
  assert(pages > 0);
  const entry = runEntry(pages);
  const slot = load32(entry) - 1;
  const isSame = noteWanted(entry, pages);
  if (slot < 0) return 0;
  const state = (statesAt + slot) | 0;
  if (!isSame || !isKeptRun(slot) || load8((state + 1) | 0) !== pages) {
    endKept(slot);
    store32(entry, 0);
    return 0;
  }
  beginLarge(journalTakingRun, slot, recordReused, 0);
  const isTaken = compareExchange8(state, pageKept, slotLive | worker);
  // From here on its span stands. Whoever gave it back may have let others allocate and keep there: so the length is looked at again.
  const head = isTaken ? headOfRun(slot) : -1;
  if (head < 0 || load8((state + 1) | 0) !== pages) {
    if (isTaken) compareExchange8(state, slotLive | worker, pageKept);
    writeJournal(journalMoving);
    return 0;
  }
  countLarge(recordReused);
  const page = pageAtSlot(head, slot);
  return (dataAt + (head << chunkShift) + (page << pageShift)) | 0;
}

/** Whether a run that is being freed is to be kept; then the table has it. */
export function isToKeep(slot: i32): bool {
  const pages = load8((statesAt + slot + 1) | 0);
  const entry = runEntry(pages);
  if (!isWanted(entry, pages)) return false;
  const before = load32(entry);
  if (before > 0 && isKeptRun(before - 1)) return false;
  store32(entry, slot + 1);
  return true;
}

/** Ends a live run, or one that is kept, if its first byte still is `state`. The journal is "moving" then. */
export function endWhole(head: i32, slot: i32, state: i32): bool {
  beginLarge(journalFreeingRun, slot, recordLargeFrees, 1);
  const isFreed = compareExchange8((statesAt + slot) | 0, state, worker);
  if (isFreed) countLarge(recordLargeFrees);
  writeJournal(journalMoving);
  // The span of one that is kept stands from here on, and not before.
  const found = isFreed && head < 0 ? headOfRun(slot) : head;
  if (isFreed && found >= 0) endRun(found, slot);
  return isFreed;
}

function endKept(slot: i32): void {
  if (isKeptRun(slot)) endWhole(-1, slot, pageKept);
}

/** Gives back the runs that a worker keeps; `isIdle`: its own that were not asked for lately. The journal is "moving". */
export function giveBackRuns(w: i32, isIdle: bool): void {
  assert(isPlace(w));
  const table = keptOf(w);
  for (let i = 0; i < 1 << keptCountShift; i++) {
    const entry = (table + (i << keptShift)) | 0;
    if (!isIdle || !wasWantedLately(entry)) endKept(glance32(entry) - 1);
  }
}

/** Whether a run is kept, by whomever. Damaged tables may lead anywhere. */
function isKeptRun(slot: i32): bool {
  return slot >= 0 && isChunk(slot >>> stateShift) && load8((statesAt + slot) | 0) === pageKept;
}

/** The span of a run that nobody else can free; below 0 where books are damaged. */
function headOfRun(slot: i32): i32 {
  const chunk = slot >>> stateShift;
  const entry = mapOf(chunk);
  const head = chunk - (entry >>> mapDistanceShift);
  return (entry & mapPages) !== 0 && isChunk(head) ? head : -1;
}

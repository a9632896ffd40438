// Page runs that a worker has freed and keeps for its next object of the same length: a program that allocates buffers
// of one length and frees them touches no span then.
//
//   keep        live → w by the exchange of the free, which is counted; into the table; w → 127
//   take        127 → live by w, by an exchange
//   give back   127 → 255 by an exchange, and the span into the set of those with frees to collect: by any worker,
//               so that what is kept is lost to nobody
//
// A table is of its worker's record: for each number of pages, by a hash, the state byte of the run that is kept + 1, and how
// many pages were asked for last, doubled, + 1 if as often as twice in a row. Then such a run is kept: so lengths that come at
// random, of which each would be kept in vain, cost little.
//
// Plain loads: the worker's own table. Of another's what is read is a hint: the exchange says whether it holds.

import { mapOf, setAdd } from "../arena/index.ts";
import {
  chunkShift,
  journalAllocatingRun,
  journalMoving,
  keptCountShift,
  keptShift,
  keptWanted,
  mapDistanceShift,
  mapPages,
  pageFreed,
  pageKept,
  pageShift,
  recordLargeAllocs,
  slotLive,
} from "../layout/index.ts";
import { dataAt, isChunk, isPlace, keptOf, ownKept, stateShift, statesAt, worker } from "../places/index.ts";
import { assert, compareExchange8, glance32, load8, load32, multiply, store32 } from "../target/index.ts";
import { pendingSet } from "./bins.ts";
import { endRun } from "./freeing.ts";
import { beginLarge, countLarge, writeJournal } from "./record.ts";
import { pageAtSlot } from "./state.ts";

/** Odd, so that lengths apart from each other by powers of two have places of their own. */
const spread = 167;
const hashBits = 8;

function entryFor(table: i32, pages: i32): i32 {
  const hash = (multiply(pages, spread) & ((1 << hashBits) - 1)) >> (hashBits - keptCountShift);
  return (table + (hash << keptShift)) | 0;
}

/** A run of so many pages that this worker has kept, live again and counted: its address; 0: there is none. */
export function takeKept(pages: i32): i32 {
  assert(pages > 0);
  const entry = entryFor(ownKept, pages);
  const slot = load32(entry) - 1;
  const wanted = load32((entry + keptWanted) | 0);
  if (wanted >> 1 !== pages) {
    if (slot >= 0) freeKept(entry, slot);
    store32((entry + keptWanted) | 0, pages << 1);
    return 0;
  }
  if ((wanted & 1) === 0) store32((entry + keptWanted) | 0, wanted | 1);
  if (slot < 0) return 0;
  const state = (statesAt + slot) | 0;
  if (!isKeptRun(slot) || load8((state + 1) | 0) !== pages) {
    freeKept(entry, slot);
    return 0;
  }
  beginLarge(journalAllocatingRun, slot, recordLargeAllocs, 0);
  const isTaken = compareExchange8(state, pageKept, slotLive | worker);
  // From here on its span stands. Whoever gave it back may have let others allocate and keep there: so the length is looked at again.
  const head = isTaken ? headOfRun(slot) : -1;
  const isWhole = head >= 0 && load8((state + 1) | 0) === pages;
  if (isWhole) countLarge(recordLargeAllocs);
  store32(entry, 0);
  if (!isWhole) {
    if (isTaken) giveBackRun(slot, slotLive | worker);
    writeJournal(journalMoving);
    return 0;
  }
  const page = pageAtSlot(head, slot);
  return (dataAt + (head << chunkShift) + (page << pageShift)) | 0;
}

/** Keeps a run that this worker has freed and counted, by its first state byte; false: nobody asked for as many pages. */
export function keepRun(slot: i32): bool {
  const state = (statesAt + slot) | 0;
  const pages = load8((state + 1) | 0);
  const entry = entryFor(ownKept, pages);
  if (load32((entry + keptWanted) | 0) !== ((pages << 1) | 1)) return false;
  const before = load32(entry);
  if (before > 0 && isKeptRun(before - 1)) return false;
  store32(entry, slot + 1);
  compareExchange8(state, worker, pageKept);
  return true;
}

/** Frees what an entry of the worker's own table has. */
function freeKept(entry: i32, slot: i32): void {
  if (isKeptRun(slot) && compareExchange8((statesAt + slot) | 0, pageKept, worker)) {
    const head = headOfRun(slot);
    if (head >= 0) endRun(head, slot);
  }
  store32(entry, 0);
}

/** Gives back what a worker keeps. */
export function giveBackKept(w: i32): void {
  assert(isPlace(w));
  const table = keptOf(w);
  for (let i = 0; i < 1 << keptCountShift; i++) {
    const entry = (table + (i << keptShift)) | 0;
    const slot = glance32(entry) - 1;
    if (isKeptRun(slot)) giveBackRun(slot, pageKept);
    if (w === worker) store32(entry, 0);
  }
}

/** Forgets what a worker kept, who is gone or in whose heap nothing is live any more. */
export function forgetKept(w: i32): void {
  assert(isPlace(w));
  const table = keptOf(w);
  for (let at = 0; at < 1 << (keptCountShift + keptShift); at += 4) store32((table + at) | 0, 0);
}

function giveBackRun(slot: i32, seen: i32): void {
  if (!compareExchange8((statesAt + slot) | 0, seen, pageFreed)) return;
  // Its span stands until it is collected.
  const head = headOfRun(slot);
  if (head >= 0) setAdd(pendingSet(), head);
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

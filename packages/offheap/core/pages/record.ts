// What a large operation writes to its worker's own record: what it is about, and the count as it must be if it does not
// (allocation) or does (free) take place; then the journal. So whoever settles it stores a count that was settled already.
//
// Plain loads: the worker's own record.

import {
  journalIdle,
  journalResizingSpan,
  recordCount,
  recordJournal,
  recordLimit,
  recordTarget,
} from "../layout/index.ts";
import { ownRecord } from "../places/index.ts";
import { load32, store32 } from "../target/index.ts";

/**
 * What malloc and free serve just now: bytes of the largest request, and chunks whose objects are freed. None while slots or spans
 * move: an exception would leave it so, for the next call to repair first. −1: not even a request of 0 bytes.
 */
export let mostBytes: i32 = -1;
export let openChunks: i32 = 0;
let mostAtRest: i32 = -1;
let chunksAtRest: i32 = 0;

/** What they serve at rest, and from now on. */
export function serveUpTo(bytes: i32, chunks: i32): void {
  mostAtRest = bytes;
  chunksAtRest = chunks;
  mostBytes = bytes;
  openChunks = chunks;
}

export function writeJournal(entry: i32): void {
  mostBytes = entry === journalIdle ? mostAtRest : -1;
  openChunks = entry === journalIdle ? chunksAtRest : 0;
  store32((ownRecord + recordJournal) | 0, entry);
}

/** Notes an allocation or a free, with its count as it must be: `more` than it is, 0 or 1. */
export function beginLarge(entry: i32, target: i32, which: i32, more: i32): void {
  const low = (load32((ownRecord + which) | 0) + more) | 0;
  const high = load32((ownRecord + which + 4) | 0);
  store32((ownRecord + recordTarget) | 0, target);
  store32((ownRecord + recordCount) | 0, low);
  store32((ownRecord + recordCount + 4) | 0, more === 1 && low === 0 ? (high + 1) | 0 : high);
  writeJournal(entry);
}

/** Counts one more, in two stores where the low word overflows: a death in between is settled by what was noted. */
export function countLarge(which: i32): void {
  const low = (load32((ownRecord + which) | 0) + 1) | 0;
  store32((ownRecord + which) | 0, low);
  if (low !== 0) return;
  const highAt = (ownRecord + which + 4) | 0;
  store32(highAt, (load32(highAt) + 1) | 0);
}

/** Notes a resize, which leaves at least `fewest` chunks, and has at most `limit` meanwhile. */
export function beginResize(target: i32, limit: i32, fewest: i32): void {
  store32((ownRecord + recordTarget) | 0, target);
  store32((ownRecord + recordLimit) | 0, limit);
  store32((ownRecord + recordCount) | 0, fewest);
  store32((ownRecord + recordCount + 4) | 0, 0);
  writeJournal(journalResizingSpan);
}

// Where a ring has what. A position counts all messages ever, modulo 2^32; the message at it is in the cell at the position's
// low bits.
//
//   a cell   the position for which it is free, as an odd number · or an object's address: a message; stamped by who did that
//   head     ≤ the first position whose message is not gone      tail ≤ the first position that had none yet
//   a message is put at a position ⇒ position − head < capacity
//
// What is the case stands in the cells. Head and tail are where to begin to look: they lag by a few positions, so that the lines
// they are on seldom go from one processor to another.
//
// Plain loads: what stays as it is while the ring lives; the length and tag of a message, which its sender wrote before the
// exchange that published it, and writes no more while the message is in its cell.

import { ringCells, ringId, ringListBytes, ringListCount, ringMask, ringTables } from "../layout/index.ts";
import { workerCount } from "../places/index.ts";
import { atomicLoad32, compareExchange32, load32, loadCell } from "../target/index.ts";

/** Cells are of 8 bytes. */
const cellShift = 3;
/** A message that was given back: its cell, its length, its tag. */
const givenBackShift = 4;
export const givenBackLength = 8;
export const givenBackTag = 12;
/** Positions that head and tail lag at most before somebody moves them on. */
const mostLag = 8;
/** Counters lag less: what is further ahead of one was seen 2^32 messages ago. */
export const mostAhead = 256;

export function cellAt(ring: i32, position: i32): i32 {
  return (load32((ring + ringCells) | 0) + ((position & load32((ring + ringMask) | 0)) << cellShift)) | 0;
}

/** Whether the ring of a number is there: where it was destroyed another may begin, or none. */
export function isThisRing(ring: i32, id: i32): bool {
  return load32((ring + ringId) | 0) === id;
}

/** What a cell has that is free for the message at a position. */
export function freeFor(position: i32): i32 {
  return (position << 1) | 1;
}
export function isMessage(value: i32): bool {
  return (value & 1) === 0;
}

/** Whether the message at a position has been, and is gone, as its cell's value tells. */
export function isGone(value: i32, position: i32): bool {
  return !isMessage(value) && ((value - freeFor(position)) | 0) > 0;
}

/** Moves a counter on to a position. It goes forward only. */
export function moveOn(counter: i32, position: i32): void {
  while (true) {
    const seen = atomicLoad32(counter);
    if (((position - seen) | 0) <= 0 || compareExchange32(counter, seen, position)) return;
  }
}

/** The same where it lags, or what it was then. */
export function moveOnLate(counter: i32, seen: i32, position: i32): void {
  if (((position - seen) | 0) >= mostLag) moveOn(counter, position);
}

/** The first position from one on whose message is not gone, or never was: within a round of the cells, as counters lag less. */
export function passGone(ring: i32, position: i32): i32 {
  const end = (position + load32((ring + ringMask) | 0) + 1) | 0;
  let at = position;
  while (at !== end && isGone(loadCell(cellAt(ring, at)), at)) at = (at + 1) | 0;
  return at;
}

/** The cell with the address of a place's lengths and tags. */
export function tableCell(ring: i32, place: i32): i32 {
  return (ring + ringTables + (place << cellShift)) | 0;
}

/** Where a sender has the length and the tag of its message at a position. */
export function lengthAt(ring: i32, place: i32, position: i32): i32 {
  const table = load32(tableCell(ring, place));
  return (table + ((position & load32((ring + ringMask) | 0)) << cellShift)) | 0;
}

/** Bytes of those, and of the messages of one call behind them. */
export function tableBytesOf(cellCount: i32): i32 {
  return ((cellCount << cellShift) + ringListCount * ringListBytes) | 0;
}

/** Where the message stands that a place's worker died with. */
export function givenBackAt(ring: i32, place: i32): i32 {
  const tablesEnd = (ringTables + ((workerCount + 1) << cellShift) + 15) & -16;
  return (ring + tablesEnd + (place << givenBackShift)) | 0;
}

/** Bytes of a ring, without its cells. */
export function ringBytes(): i32 {
  return (givenBackAt(0, workerCount + 1) + 63) & -64;
}

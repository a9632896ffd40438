// Where a ring has what. A position counts all messages ever, modulo 2^32; the message at it is in the cell at the position's
// low bits.
//
//   head ≤ positions of the messages in the ring < tail         tail − head ≤ capacity
//   a cell is 0 · or an object's address, stamped by who sent it, or emptied it
//
// Both counters may lag one behind their cell, after a death for good: who meets that moves them on.
// Plain loads: what stays as it is while the ring lives; the length and tag of a message, which its sender wrote before the
// exchange that published it, and writes no more while the message is in its cell.

import { ringCells, ringMask, ringTables } from "../layout/index.ts";
import { workerCount } from "../places/index.ts";
import { load32 } from "../target/index.ts";

/** Cells are of 8 bytes. */
const cellShift = 3;
/** A message that was given back: its cell, its length, its tag. */
const givenBackShift = 4;
export const givenBackLength = 8;
export const givenBackTag = 12;

export function cellAt(ring: i32, position: i32): i32 {
  return (load32((ring + ringCells) | 0) + ((position & load32((ring + ringMask) | 0)) << cellShift)) | 0;
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

/** Where the message stands that a place's worker died with. */
export function givenBackAt(ring: i32, place: i32): i32 {
  const tablesEnd = (ringTables + ((workerCount + 1) << cellShift) + 15) & -16;
  return (ring + tablesEnd + (place << givenBackShift)) | 0;
}

/** Bytes of a ring, without its cells. */
export function ringBytes(): i32 {
  return (givenBackAt(0, workerCount + 1) + 63) & -64;
}

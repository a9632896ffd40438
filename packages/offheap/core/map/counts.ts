// How many entries a map has, and their bytes: a row for each place, of what its worker has put in, less what it has taken out.
//
//   entries = sum of the rows      bytes ÷ 8 = sum of their second words, modulo 2^32
//   a row's turn is odd ⇔ its worker is about to change the map and count that
//   … and the worker is new or gone ⇒ a change may not be counted: the shell counts all entries then
//
// Plain loads: the caller's own row; lengths of an entry that is fresh, or under the caller's hazard.

import {
  entryKey,
  entryValueBytes,
  hashRowBytes,
  hashRowLost,
  hashRowShift,
  hashRows,
  hashRowTurn,
} from "../layout/index.ts";
import { atomicLoad32, atomicStore32, load32, store32 } from "../target/index.ts";
import { keyBytesOf } from "./steps.ts";

/** The row of a place: only its worker writes it. */
export function rowOf(map: i32, place: i32): i32 {
  return (map + hashRows + (place << hashRowShift)) | 0;
}

/** Bytes of an entry, in eights: one row counts 16 GiB in, another out. */
export function eightsOf(entry: i32): i32 {
  return (entryKey + ((keyBytesOf(entry) + 7) & -8) + load32((entry + entryValueBytes) | 0) + 7) >>> 3;
}

/** Before a change. Who had the place before may have died between its change and the count. */
export function beginCount(row: i32): void {
  const turn = load32((row + hashRowTurn) | 0);
  if ((turn & 1) !== 0) store32((row + hashRowLost) | 0, (load32((row + hashRowLost) | 0) + 1) | 0);
  store32((row + hashRowTurn) | 0, ((turn | 1) + (turn & 1) * 2) | 0);
}

/** Whoever sees the even turn sees what was counted. */
export function endCount(row: i32): void {
  const at = (row + hashRowTurn) | 0;
  atomicStore32(at, (load32(at) + 1) | 0);
}

/** So many entries more, of so many bytes more. */
export function count(row: i32, entries: i32, eights: i32): void {
  store32(row, (load32(row) + entries) | 0);
  const bytes = (row + hashRowBytes) | 0;
  store32(bytes, (load32(bytes) + eights) | 0);
}

/** Entries, as the rows have it. */
export function entryCount(map: i32, places: i32): i32 {
  let sum = 0;
  for (let w = 1; w <= places; w++) sum = (sum + atomicLoad32(rowOf(map, w))) | 0;
  return sum;
}

// An entry that this worker has found before is found again by the way to it, without its key: the head of its bucket, at most two
// entries between, the entry, each with the stamp that its cell had.
//
//   a cell's stamp is as it was ⇒ its link is: no stamp comes twice within a turn
//   from the entry back to the head ⇒ each cell was in the list when the one behind it was looked at: none is another object's by now
//   a head ends with its piece, and a new turn begins before (resize.ts)
//
// So nothing is named in a hazard, and nothing is written, but of a cache a use. The turn was read before the way was noted, and is looked at last.
//
// Plain loads: none. Plain stores: the caller's own record.

import { entryWord, turnsWord, usesMask } from "../layout/index.ts";
import { heapAt } from "../places/index.ts";
import { atomicLoad32, loadCell, stampLoaded, store32 } from "../target/index.ts";
import { isThere } from "./find.ts";
import {
  wayEntry,
  wayFirst,
  wayFirstStamp,
  wayHead,
  wayHeadStamp,
  waySecond,
  waySecondStamp,
} from "./quick.ts";
import { countHit, use } from "./standing.ts";
import { foundEntry, foundStamp, holdKnown, letGoEntry } from "./steps.ts";

/** Writes the way to the entry that was just found, eight words; false where it is longer. Of one that is shorter, zeros. */
export function noteWay(entry: i32, at: i32): bool {
  if (wayEntry !== entry || foundEntry !== entry) return false;
  store32(at, wayHead);
  store32((at + 4) | 0, wayHeadStamp);
  store32((at + 8) | 0, wayFirst);
  store32((at + 12) | 0, wayFirstStamp);
  store32((at + 16) | 0, waySecond);
  store32((at + 20) | 0, waySecondStamp);
  store32((at + 24) | 0, entry);
  store32((at + 28) | 0, foundStamp);
  return true;
}

function isWay(
  turn: i32,
  head: i32,
  headStamp: i32,
  first: i32,
  firstStamp: i32,
  second: i32,
  secondStamp: i32,
  entry: i32,
  entryStamp: i32,
): bool {
  loadCell(entry);
  if (stampLoaded() !== entryStamp) return false;
  if (first !== 0) {
    if (second !== 0) {
      loadCell(second);
      if (stampLoaded() !== secondStamp) return false;
    }
    loadCell(first);
    if (stampLoaded() !== firstStamp) return false;
  }
  loadCell(head);
  return stampLoaded() === headStamp && atomicLoad32((heapAt + (turnsWord << 2)) | 0) === turn;
}

/**
 * Whether the entry at the end of a way is in the map, and none has come in its place. Of a cache, whose books are not 0, it was used
 * then, and counts as a hit.
 */
export function isStanding(
  map: i32,
  cache: i32,
  turn: i32,
  head: i32,
  headStamp: i32,
  first: i32,
  firstStamp: i32,
  second: i32,
  secondStamp: i32,
  entry: i32,
  entryStamp: i32,
): bool {
  if (!isThere(map)) return false;
  const isUse = cache !== 0 && (atomicLoad32((entry + entryWord) | 0) & usesMask) !== usesMask;
  if (isUse) holdKnown(entry);
  const isThat = isWay(turn, head, headStamp, first, firstStamp, second, secondStamp, entry, entryStamp);
  if (isThat && isUse) use(entry);
  if (isUse) letGoEntry();
  if (isThat && cache !== 0) countHit(cache);
  return isThat;
}

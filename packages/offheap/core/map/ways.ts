// A walk to an entry in one function and in locals, which takes half the time, and the way that it went: the head of the bucket, at
// most two entries between, the entry, each with the stamp that its cell had. By that it is found again without its key.
//
//   a cell's stamp is as it was ⇒ its link is: no stamp comes twice within a turn
//   from the entry back to the head ⇒ each cell was in the list when the one behind it was looked at: none is another object's by now
//   a head ends with its piece, and a new turn begins before (resize.ts)
//   no head: the entry is packed, and stands as long as the map does
//
// So nothing is named in a hazard, and nothing is written, but of a cache a use. The turn was read before the way was noted, and is looked at last.
//
// Plain loads: none. Plain stores: the caller's own record.

import { headStamp, headValue, isWithin, turnRound } from "../buckets/index.ts";
import {
  cellMarked,
  cellToHead,
  entryKey,
  entryOrder,
  entryWord,
  intentHazards,
  turnsWord,
  usesMask,
} from "../layout/index.ts";
import { packedOf } from "../packed/index.ts";
import { heapAt, ownIntent } from "../places/index.ts";
import {
  atomicLoad32,
  atomicStore32,
  lessUnsigned,
  loadCell,
  stampLoaded,
  store32,
} from "../target/index.ts";
import { countHit, use } from "./standing.ts";
import {
  absent,
  foundEntry,
  foundQuickly,
  foundStamp,
  hasKey,
  holdKnown,
  isThere,
  letGoEntry,
  lost,
  present,
} from "./steps.ts";

/** The way to `wayEntry`, if `quickTo` has found that: the bucket's head, up to two entries between, and the stamps of their cells. */
let wayEntry: i32 = 0;
let wayHead: i32 = 0;
let wayHeadStamp: i32 = 0;
let wayFirst: i32 = 0;
let wayFirstStamp: i32 = 0;
let waySecond: i32 = 0;
let waySecondStamp: i32 = 0;
/** Steps of a quick walk: who goes further goes by `walkTo`. */
const quickSteps = 64;

/** The next entry that is found is not the one that was, by no way that is known. */
export function forgetWay(): void {
  wayEntry = 0;
}

/** What was found is packed: it stands as long as the map does. */
export function wayToPacked(entry: i32): void {
  foundQuickly(entry, 0, 0);
  wayEntry = entry;
  wayHead = 0;
  wayHeadStamp = 0;
  wayFirst = 0;
  wayFirstStamp = 0;
  waySecond = 0;
  waySecondStamp = 0;
}

/**
 * From an open head that was just read to the entry with a key, held, where no more than entries that are not marked stand before it;
 * else `lost`. The same as `walkTo`.
 */
export function quickTo(head: i32, order: i32, key: i32, keyBytes: i32): i32 {
  let cell = head;
  let link = headValue;
  let stamp = headStamp;
  const begunWith = stamp;
  let passed = 0;
  let first = 0;
  let firstStamp = 0;
  while (link !== 0) {
    if ((link & cellToHead) !== 0) return lessUnsigned(order, turnRound(link >>> 3)) ? absent : lost;
    if (passed === quickSteps || !isWithin(link, entryKey)) return lost;
    const next = loadCell(link);
    const nextStamp = stampLoaded();
    const its = atomicLoad32((link + entryOrder) | 0);
    if ((next & cellMarked) !== 0) return lost;
    if (its === order) atomicStore32((ownIntent + intentHazards) | 0, link);
    if (loadCell(cell) !== link || stampLoaded() !== stamp) return lost;
    if (lessUnsigned(order, its)) return absent;
    if (its === order && hasKey(link, key, keyBytes)) {
      foundQuickly(link, next, nextStamp);
      if (passed <= 2) {
        wayEntry = link;
        wayHead = head;
        wayHeadStamp = begunWith;
        wayFirst = first;
        wayFirstStamp = firstStamp;
        waySecond = passed === 2 ? cell : 0;
        waySecondStamp = stamp;
      }
      return present;
    }
    if (passed === 0) {
      first = link;
      firstStamp = nextStamp;
    }
    cell = link;
    link = next;
    stamp = nextStamp;
    passed++;
  }
  return absent;
}

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
  if (head === 0) return packedOf(map) !== 0;
  const isUse = cache !== 0 && (atomicLoad32((entry + entryWord) | 0) & usesMask) !== usesMask;
  if (isUse) holdKnown(entry);
  const isThat = isWay(turn, head, headStamp, first, firstStamp, second, secondStamp, entry, entryStamp);
  if (isThat && isUse) use(entry);
  if (isUse) letGoEntry();
  if (isThat && cache !== 0) countHit(cache);
  return isThat;
}

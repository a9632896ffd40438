// The steps of a walk over a map's list (Harris 2001; Michael 2002): what was seen, and what was met behind it.
//
//   an entry's cell is marked ⇔ it has gone out, or another stands in its place behind it; a head's ⇔ its piece goes out
//   a marked cell never changes ⇒ what a marked entry leads to stays in the list as long as that entry does
//   seen: the last cell that is not marked. While it has value and stamp, all that was met behind it is in the list
//   nothing goes in between a cell and a marked head behind it ⇒ before a marked head all that is not marked has lower orders
//
// So a step is good when the cell before it is as it was after the step was read: no stamp comes twice. What was read of an
// entry before that look may be another object's. An entry that may be the one is named in a hazard first, and does not end then.
//
// Plain loads: a key, under the hazard; the own hazard.

import {
  bucketOf,
  headStamp,
  headValue,
  isOpenHead,
  isSameKey,
  isWithin,
  parentOf,
  readHead,
  swapCell,
  turnRound,
} from "../buckets/index.ts";
import {
  cellApart,
  cellMarked,
  cellToHead,
  entryKey,
  entryKeyBytes,
  entryOrder,
  hashMagic,
  hashMark,
  intentHazards,
  mostKeyBytes,
} from "../layout/index.ts";
import { chunkCount, ownIntent } from "../places/index.ts";
import { newStamp, tell } from "../structure/index.ts";
import {
  atomicLoad32,
  atomicStore32,
  exchangeCell,
  lessUnsigned,
  load32,
  loadCell,
  stampLoaded,
} from "../target/index.ts";
import { isServed } from "../worker/index.ts";

// What a walk has come to.
export const lost = -1;
export const absent = 0;
export const present = 1;
// What stands behind a link, beside `lost`.
export const theEnd = 0;
export const aHead = 1;
export const anEntry = 2;

/** The last cell that is not marked, and what it has. */
export let seenCell: i32 = 0;
export let seenValue: i32 = 0;
export let seenStamp: i32 = 0;
/** The entry that was met last, what its cell has, and its order; or the bucket whose head was. */
export let foundEntry: i32 = 0;
export let foundValue: i32 = 0;
export let foundStamp: i32 = 0;
export let foundOrder: i32 = 0;
export let foundBucket: i32 = 0;
/** Whether a marked head stands between the cell that was seen and what was met. */
let isBeforeMarkedHead: bool = false;
/** Whether anything that the walk has passed was marked. */
let hasMetMarked: bool = false;
/** How far a walk may go yet: a damaged list may be a circle. */
let stepsLeft: i32 = 0;
/** Cells in a chunk, as a power of two. */
const cellsShift = 13;

/** Whether the worker is served, and the map there. */
export function isThere(map: i32): bool {
  return isServed() && atomicLoad32((map + hashMagic) | 0) === hashMark;
}

/** From now on no entry is named: who leaves one so holds back what others take out. */
export function letGoEntry(): void {
  const hazard = (ownIntent + intentHazards) | 0;
  if (load32(hazard) !== 0) atomicStore32(hazard, 0);
}

/** Gives the cell that was seen another stamp: who has seen it before exchanges it no more. False where somebody else has. */
export function sealSeen(): bool {
  tell(seenStamp);
  const stamp = newStamp();
  if (!exchangeCell(seenCell, seenValue, seenStamp, seenValue, stamp)) return false;
  seenStamp = stamp;
  return true;
}

function isAsSeen(): bool {
  return loadCell(seenCell) === seenValue && stampLoaded() === seenStamp;
}

/** Begins at a bucket's head; false where that is not open. Without a first head, which only damage makes it so: at the end. */
export function beginIn(map: i32, bucket: i32): bool {
  stepsLeft = chunkCount << cellsShift;
  hasMetMarked = false;
  const head = readHead(map, bucket);
  if (head !== 0 && isOpenHead(bucket)) {
    goOnAt(head, headValue, headStamp);
    return true;
  }
  goOnAt(0, 0, 0);
  return false;
}

/** Begins at the head of an order's bucket, or of the nearest of its ancestors that is open. */
export function beginFor(map: i32, order: i32): void {
  let bucket = bucketOf(map, order);
  while (!beginIn(map, bucket) && bucket !== 0) bucket = parentOf(bucket);
}

function goOnAt(cell: i32, value: i32, stamp: i32): void {
  seenCell = cell;
  seenValue = value;
  seenStamp = stamp;
  isBeforeMarkedHead = false;
}

/** Whether nothing may go in behind the cell that was seen: a marked head would stand behind it. */
export function isBlocked(): bool {
  return isBeforeMarkedHead;
}

/** Whether the entry that was found stands right behind the cell that was seen, and nothing marked before it. */
export function isAlone(): bool {
  return seenValue === foundEntry && !hasMetMarked;
}

/** Names the entry that was met; false where it may be none by now. */
export function holdEntry(): bool {
  atomicStore32((ownIntent + intentHazards) | 0, foundEntry);
  return isAsSeen();
}

/** Names an entry that the caller knows of. It does not end then, if it still is in the map. */
export function holdKnown(entry: i32): void {
  atomicStore32((ownIntent + intentHazards) | 0, entry);
}

/** What stands behind a link. Damaged books lead anywhere: that is an end. */
export function meetNext(link: i32): i32 {
  if (--stepsLeft < 0) return theEnd;
  if ((link & cellToHead) !== 0) {
    foundBucket = link >>> 3;
    return aHead;
  }
  if (link === 0 || !isWithin(link, entryKey)) return theEnd;
  foundEntry = link;
  foundValue = loadCell(link);
  foundStamp = stampLoaded();
  foundOrder = atomicLoad32((link + entryOrder) | 0);
  return isAsSeen() ? anEntry : lost;
}

export function isMarked(): bool {
  return (foundValue & cellMarked) !== 0;
}

/**
 * Goes on from the head that was met: `aHead`, and `foundValue` is the link behind it. `theEnd` where its piece is missing, which only
 * damage makes it.
 */
export function passHead(map: i32): i32 {
  const head = readHead(map, foundBucket);
  if (!isAsSeen()) return lost;
  if (head === 0) return theEnd;
  foundValue = headValue;
  foundStamp = headStamp;
  if (isMarked()) {
    foundEntry = 0;
    foundValue &= ~cellMarked;
    isBeforeMarkedHead = true;
    hasMetMarked = true;
    return aHead;
  }
  // It is in the list: from now on it is known to be.
  if ((headValue & cellApart) !== 0) {
    swapCell(head, headValue, headStamp, headValue & ~cellApart);
    return lost;
  }
  goOnAt(head, headValue, headStamp);
  return aHead;
}

/** Goes on from the entry that was met: the link behind it. */
export function passEntry(): i32 {
  if (isMarked()) {
    hasMetMarked = true;
    return foundValue & ~cellMarked;
  }
  goOnAt(foundEntry, foundValue, foundStamp);
  return foundValue;
}

/** The same as `passHead`; `theEnd` where the head does not stand before an order. */
export function passHeadBefore(map: i32, order: i32): i32 {
  return lessUnsigned(turnRound(foundBucket), order) ? passHead(map) : theEnd;
}

/** What a quick walk has found, and holds. */
export function foundQuickly(entry: i32, value: i32, stamp: i32): void {
  foundEntry = entry;
  foundValue = value;
  foundStamp = stamp;
}

/** Above them in the word stand flags, of the shell. */
export function keyBytesOf(entry: i32): i32 {
  return load32((entry + entryKeyBytes) | 0) & mostKeyBytes;
}

/** Whether an entry that is held has a key. */
export function hasKey(entry: i32, key: i32, keyBytes: i32): bool {
  if (keyBytesOf(entry) !== keyBytes || !isWithin(entry, entryKey + keyBytes)) return false;
  return isSameKey((entry + entryKey) | 0, key, keyBytes);
}

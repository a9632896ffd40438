// The walk over a map's list (Harris 2001; Michael 2002): to the first entry of an order, or to where one would go in.
//
//   an entry's cell is marked ⇔ it has gone out, or another stands in its place behind it
//   a marked cell never changes ⇒ what a marked entry leads to stays in the list as long as that entry does
//   seen: the last cell that is not marked. While it has value and stamp, all that was met behind it is in the list
//
// So a step is good when the cell before it is as it was after the step was read: no stamp comes twice. What was read of an
// entry before that look may be another object's. An entry that may be the one is named in a hazard first, and does not end then.
//
// Plain loads: a key, under the hazard.

import {
  cellMarked,
  cellToHead,
  entryKey,
  entryKeyBytes,
  entryOrder,
  intentHazards,
  mostKeyBytes,
} from "../layout/index.ts";
import { chunkCount, ownIntent } from "../places/index.ts";
import { atomicLoad32, atomicStore32, lessUnsigned, load32, loadCell, stampLoaded } from "../target/index.ts";
import { isSameKey, turnRound } from "./hash.ts";
import { headOf, isWithin, valueOfHead } from "./heads.ts";

// What a walk has come to.
export const lost = -1;
export const absent = 0;
export const present = 1;
// What stands behind a link, beside `lost`.
const theEnd = 0;
const aHead = 1;
const anEntry = 2;

/** The last cell that is not marked, and what it has. */
export let seenCell: i32 = 0;
export let seenValue: i32 = 0;
export let seenStamp: i32 = 0;
/** The entry that was met last, what its cell has, and its order; or the bucket whose head was. */
export let foundEntry: i32 = 0;
export let foundValue: i32 = 0;
export let foundStamp: i32 = 0;
/** The way to `wayEntry`, if `quickTo` has found that: the bucket's head, up to two entries between, and the stamps of their cells. */
export let wayEntry: i32 = 0;
export let wayHead: i32 = 0;
export let wayHeadStamp: i32 = 0;
export let wayFirst: i32 = 0;
export let wayFirstStamp: i32 = 0;
export let waySecond: i32 = 0;
export let waySecondStamp: i32 = 0;
let foundOrder: i32 = 0;
let foundBucket: i32 = 0;
/** How far a walk may go yet: a damaged list may be a circle. */
let stepsLeft: i32 = 0;
/** Cells in a chunk, as a power of two. */
const cellsShift = 13;
/** Steps of a quick walk: who goes further goes by `walkTo`. */
const quickSteps = 64;

/** The next entry that is found is not the one that was, by no way that is known. */
export function forgetWay(): void {
  wayEntry = 0;
}

/** From now on no entry is named. */
export function letGoEntry(): void {
  atomicStore32((ownIntent + intentHazards) | 0, 0);
}

/** The same, where one may be named: who leaves it so holds back what others take out. */
export function holdNothing(): void {
  if (load32((ownIntent + intentHazards) | 0) !== 0) letGoEntry();
}

function isAsSeen(): bool {
  return loadCell(seenCell) === seenValue && stampLoaded() === seenStamp;
}

/** Begins at a head that is in the list; 0, which only damage makes it: at the end. */
export function beginAt(head: i32): void {
  stepsLeft = chunkCount << cellsShift;
  if (head !== 0) return goOnAt(head);
  seenCell = 0;
  seenValue = 0;
  seenStamp = 0;
}

function goOnAt(head: i32): void {
  seenCell = head;
  seenValue = loadCell(head);
  seenStamp = stampLoaded();
}

/** Names the entry that was met; false where it may be none by now. */
function holdEntry(): bool {
  atomicStore32((ownIntent + intentHazards) | 0, foundEntry);
  return isAsSeen();
}

/** Names an entry that the caller knows of. It does not end then, if it still is in the map. */
export function holdKnown(entry: i32): void {
  atomicStore32((ownIntent + intentHazards) | 0, entry);
}

/** What stands behind a link. Damaged books lead anywhere: that is an end. */
function meetNext(link: i32): i32 {
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

function isMarked(): bool {
  return (foundValue & cellMarked) !== 0;
}

/** Goes on from the head that was met; false where its piece is missing, which only damage makes it. */
function passHead(map: i32): bool {
  const head = headOf(map, foundBucket);
  if (head === 0) return false;
  valueOfHead(head);
  goOnAt(head);
  return true;
}

/** Goes on from the entry that was met: the link behind it. */
function passEntry(): i32 {
  if (isMarked()) return foundValue & ~cellMarked;
  seenCell = foundEntry;
  seenValue = foundValue;
  seenStamp = foundStamp;
  return foundValue;
}

/** Whether the head that was met stands before an order, and the walk has gone on from it. */
function passHeadBefore(map: i32, order: i32): bool {
  return lessUnsigned(turnRound(foundBucket), order) && passHead(map);
}

/**
 * From an open head to the entry with a key, held, where no more than entries that are not marked stand before it; else `lost`. The
 * same as `walkTo` in one function and in locals: half its time.
 */
export function quickTo(head: i32, order: i32, key: i32, keyBytes: i32): i32 {
  let cell = head;
  let link = loadCell(cell);
  let stamp = stampLoaded();
  const headStamp = stamp;
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
      foundEntry = link;
      foundValue = next;
      foundStamp = nextStamp;
      if (passed <= 2) {
        wayEntry = link;
        wayHead = head;
        wayHeadStamp = headStamp;
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

/** Behind `beginAt`, to the entry with a key. It does not end before `letGoEntry`. */
export function walkTo(map: i32, order: i32, key: i32, keyBytes: i32): i32 {
  let link = seenValue;
  while (true) {
    const met = meetNext(link);
    if (met === lost) return lost;
    if (met === theEnd || (met === aHead && !passHeadBefore(map, order))) return absent;
    if (met === aHead) {
      link = seenValue;
      continue;
    }
    if (lessUnsigned(order, foundOrder)) return absent;
    if (foundOrder === order && !isMarked()) {
      if (!holdEntry()) return lost;
      if (hasKey(foundEntry, key, keyBytes)) return present;
    }
    link = passEntry();
  }
}

/** Behind `beginAt`, to the first entry of an order behind so many of it, or of a higher one; held as by `walkTo`. */
export function walkFrom(map: i32, order: i32, passed: i32): i32 {
  let link = seenValue;
  let left = passed;
  while (true) {
    const met = meetNext(link);
    if (met === lost) return lost;
    if (met === theEnd || (met === aHead && !passHead(map))) return absent;
    if (met === aHead) {
      link = seenValue;
      continue;
    }
    if (!lessUnsigned(foundOrder, order) && !isMarked()) {
      if (!holdEntry()) return lost;
      if (foundOrder !== order || left === 0) return present;
      left--;
    }
    link = passEntry();
  }
}

/** Above them in the word stand flags, of the shell. */
export function keyBytesOf(entry: i32): i32 {
  return load32((entry + entryKeyBytes) | 0) & mostKeyBytes;
}

function hasKey(entry: i32, key: i32, keyBytes: i32): bool {
  if (keyBytesOf(entry) !== keyBytes || !isWithin(entry, entryKey + keyBytes)) return false;
  return isSameKey((entry + entryKey) | 0, key, keyBytes);
}

/** Behind `beginAt`, to the entry of the bucket behind so many that are not marked, up to the next head; it is held then. */
export function walkInBucket(passed: i32): i32 {
  let link = seenValue;
  let left = passed;
  while (true) {
    const met = meetNext(link);
    if (met !== anEntry) return met === lost ? lost : absent;
    if (!isMarked()) {
      if (left === 0) return holdEntry() ? present : lost;
      left--;
    }
    link = passEntry();
  }
}

/** To the first marked entry up to an order that stands right behind a cell which is not: that cell is `seenCell`. */
export function walkToMarked(map: i32, order: i32): i32 {
  while (true) {
    const met = meetNext(seenValue);
    if (met === lost) return lost;
    if (met === theEnd || (met === aHead && !passHeadBefore(map, order))) return absent;
    if (met === aHead) continue;
    if (isMarked()) return present;
    if (lessUnsigned(order, foundOrder)) return absent;
    passEntry();
  }
}

/** To where a bucket's head would go in, or is: `present`. */
export function walkToHead(map: i32, bucket: i32): i32 {
  const order = turnRound(bucket);
  let link = seenValue;
  while (true) {
    const met = meetNext(link);
    if (met === lost) return lost;
    if (met === aHead && foundBucket === bucket) return present;
    if (met === theEnd || (met === aHead && !passHeadBefore(map, order))) return absent;
    if (met === aHead) {
      link = seenValue;
      continue;
    }
    if (lessUnsigned(order, foundOrder)) return absent;
    link = passEntry();
  }
}

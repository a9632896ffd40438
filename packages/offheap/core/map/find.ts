// What is asked of a map: the entry with a key, or the next one in order. Who looks opens the bucket it looks in, if that has a place.
//
// Plain loads: the own hazard.

import {
  bucketOf,
  headStamp,
  headValue,
  isOpen,
  isOpenHead,
  mostTries,
  orderOf,
  parentOf,
  pieceIn,
  pieceMask,
  pieceOfBucket,
  readHead,
  swapCell,
  toHead,
} from "../buckets/index.ts";
import { cellApart, cellMarked, intentHazards, mostBucketsLog } from "../layout/index.ts";
import { findPacked, packedOf } from "../packed/index.ts";
import { ownIntent } from "../places/index.ts";
import { atomicStore32, load32, loadCell, stampLoaded } from "../target/index.ts";
import {
  absent,
  beginFor,
  beginIn,
  foundEntry,
  foundStamp,
  isBlocked,
  isThere,
  letGoEntry,
  lost,
  present,
  seenCell,
  seenStamp,
  seenValue,
} from "./steps.ts";
import { walkFrom, walkTo, walkToHead } from "./walk.ts";
import { forgetWay, quickTo, wayToPacked } from "./ways.ts";

const shellFirst = -1;

/** The entry with a key, which does not end before `letGoEntry`; 0 where there is none, −1 where the shell is to look first. */
export function findEntry(map: i32, key: i32, keyBytes: i32): i32 {
  if (!isThere(map)) return shellFirst;
  forgetWay();
  const order = orderOf(map, key, keyBytes);
  let packed = packedOf(map);
  if (packed !== 0) return foundPacked(packed, order, key, keyBytes);
  const head = openedHead(map, order);
  const came = head === 0 ? lost : quickTo(head, order, key, keyBytes);
  if (came === present) return foundEntry;
  for (let found = came; found !== absent; ) {
    beginFor(map, order);
    found = walkTo(map, order, key, keyBytes);
    if (found === present) return foundEntry;
  }
  letGoEntry();
  // It may be out of the list because it is packed by now.
  packed = packedOf(map);
  return packed === 0 ? 0 : foundPacked(packed, order, key, keyBytes);
}

function foundPacked(index: i32, order: i32, key: i32, keyBytes: i32): i32 {
  const entry = findPacked(index, order, key, keyBytes);
  if (entry !== 0) wayToPacked(entry);
  return entry;
}

/** The head of an order's bucket, which is opened where it has a place; 0 where it has none. */
function openedHead(map: i32, order: i32): i32 {
  const bucket = bucketOf(map, order);
  const head = readHead(map, bucket);
  if (head === 0 || isOpenHead(bucket)) return head;
  // Those before it that have no entries of their own are not open, either. Damaged books may have more of them.
  for (let i = 0; i < mostBucketsLog; i++) {
    const next = bucketToOpen(map, order);
    if (next < 0) break;
    openBucket(map, next);
  }
  const now = readHead(map, bucket);
  return isOpenHead(bucket) ? now : 0;
}

/** The first entry of an order, behind so many of it, or of a higher one; held as by `findEntry`. */
export function entryFrom(map: i32, order: i32, passed: i32): i32 {
  if (!isThere(map)) return shellFirst;
  while (true) {
    beginFor(map, order);
    const found = walkFrom(map, order, passed);
    if (found === present) return foundEntry;
    if (found === absent) break;
  }
  letGoEntry();
  return 0;
}

/** The bucket that is to be opened for an order next, or −1: its piece must be there. */
export function bucketToOpen(map: i32, order: i32): i32 {
  let bucket = bucketOf(map, order);
  if (isOpen(map, bucket)) return -1;
  while (bucket !== 0 && !isOpen(map, parentOf(bucket))) bucket = parentOf(bucket);
  return bucket;
}

/** Puts a bucket's head into the list; its parent's is there. Not where its piece goes out, or it would stand before a marked head. */
export function openBucket(map: i32, bucket: i32): void {
  if (holdPiece(map, bucket)) openHeld(map, bucket);
  if (bucket > pieceMask) letGoEntry();
}

/** Names the piece of a bucket, which goes out by no step from then on; false where it does already. The first never does. */
function holdPiece(map: i32, bucket: i32): bool {
  if (bucket <= pieceMask) return true;
  const cell = pieceOfBucket(map, bucket);
  if (cell === 0) return false;
  const value = loadCell(cell);
  const stamp = stampLoaded();
  if (value === 0 || (value & cellMarked) !== 0) return false;
  atomicStore32((ownIntent + intentHazards) | 0, pieceIn(value));
  return loadCell(cell) === value && stampLoaded() === stamp;
}

function openHeld(map: i32, bucket: i32): void {
  for (let left = mostTries; left > 0; left--) {
    // First, so that whoever changes the head behind this look has looked at the list later.
    const head = readHead(map, bucket);
    const value = headValue;
    const stamp = headStamp;
    if (head === 0 || (value & cellApart) === 0 || !beginIn(map, parentOf(bucket))) return;
    const found = walkToHead(map, bucket);
    if (found === present) return sayOpen(head);
    if (found === absent && isBlocked()) return;
    if (found === lost || !swapCell(head, value, stamp, seenValue | cellApart)) continue;
    if (swapCell(seenCell, seenValue, seenStamp, toHead(bucket))) return sayOpen(head);
  }
}

/** A head is in the list, and its piece stays: from now on it is known to be. */
function sayOpen(head: i32): void {
  while (true) {
    const value = loadCell(head);
    if ((value & cellApart) === 0) return;
    const stamp = stampLoaded();
    swapCell(head, value, stamp, value & ~cellApart);
  }
}

/** The entry that is held is held for longer: until `unprotect(1)`. */
export function keepHeld(): void {
  const hazard = (ownIntent + intentHazards) | 0;
  const held = load32(hazard);
  if (held !== 0) atomicStore32((hazard + 4) | 0, held);
  letGoEntry();
}

/** The stamp of the entry that was found: another one at its place has another. */
export function stampFound(): i32 {
  return foundStamp;
}

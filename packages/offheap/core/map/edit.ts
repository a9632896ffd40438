// Entries go in and out.
//
//   in        the last cell before: … → entry                      publishes one
//   replaced  the old one's cell: … → new one, marked               publishes one, and ends the old one's time
//   out       the entry's cell: marked                              ends its time
//   unlinked  the cell before a marked one: → what that leads to    takes one out, which ends when nobody reads it
//
// Each is one exchange. Who dies behind the second or the third leaves a marked entry, which the next one that takes an entry out
// of the bucket unlinks. What was noted of a marked cell's stamp is told before its entry goes out: its maker may have died.
//
// Plain loads: the caller's own entry and row; lengths of an entry under the hazard.

import { isOpen, mostTries, orderOf, swapCell } from "../buckets/index.ts";
import {
  cellMarked,
  entryKey,
  entryOrder,
  hashFrozen,
  intentExchange,
  intentFresh,
  intentKind,
  intentNone,
  retiredAtOnce,
} from "../layout/index.ts";
import { isPlace, ownIntent, worker } from "../places/index.ts";
import { commit, exchange, newStamp, retire, tell } from "../structure/index.ts";
import { assert, atomicLoad32, load32, store32 } from "../target/index.ts";
import { beginCount, count, eightsOf, endCount, rowOf } from "./counts.ts";
import { admit, admitted, cacheOf, inherit, leave } from "./standing.ts";
import {
  absent,
  beginFor,
  foundEntry,
  foundStamp,
  foundValue,
  isAlone,
  isBlocked,
  isThere,
  keyBytesOf,
  letGoEntry,
  lost,
  present,
  seenCell,
  seenStamp,
  seenValue,
} from "./steps.ts";
import { foundNext, walkTo, walkToMarked } from "./walk.ts";

// What the calls come to, beside `absent` and `present`.
const replaced = 2;
export const notAtRest = -1;
export const retiredShift = 8;
/** The highest there is. */
const lastOrder = -1;
// How an entry goes in.
const always = 0;
const ifAbsent = 1;
/** Only in place of an entry that the caller names. */
const inPlace = 2;

/** An entry's order, from its key. */
export function writeOrder(map: i32, entry: i32): i32 {
  const order = orderOf(map, (entry + entryKey) | 0, keyBytesOf(entry));
  store32((entry + entryOrder) | 0, order);
  return order;
}

/**
 * Puts in an entry of the caller's, which is fresh and whole. `absent`: it did not go in, as `how` says. `present`: it did;
 * `replaced`: in place of another. The bits from `retiredShift` on: how many the caller has retired. `notAtRest`: the shell is to look
 * first, and to unlink what is marked up to the entry's order.
 */
export function placeEntry(map: i32, entry: i32, how: i32, expected: i32, stamp: i32): i32 {
  assert(isPlace(worker) && how >= always && how <= inPlace);
  const isFresh =
    load32((ownIntent + intentKind) | 0) === intentExchange &&
    load32((ownIntent + intentFresh) | 0) === entry;
  if (!isThere(map) || !isFresh || !isOpen(map, 0)) return notAtRest;
  const order = load32((entry + entryOrder) | 0);
  const keyBytes = keyBytesOf(entry);
  // Now: once it went in, others may take it out, and something else stands there.
  const eights = eightsOf(entry);
  const row = rowOf(map, worker);
  const cache = cacheOf(map);
  let came = absent;
  beginCount(row);
  for (let left = mostTries; left > 0; left--) {
    beginFor(map, order);
    const found = walkTo(map, order, (entry + entryKey) | 0, keyBytes);
    if (found === lost) continue;
    // Behind the look at the cell: who freezes the map gives all cells new stamps after that.
    if (isFrozen(map)) {
      came = notAtRest;
      break;
    }
    if (found === absent) {
      if (how === inPlace) break;
      if (isBlocked()) {
        came = notAtRest;
        break;
      }
      const isNew = cache !== 0 && admit(cache, entry);
      writeNext(entry, seenValue);
      if (!exchange(seenCell, seenValue, seenStamp, entry, 0)) continue;
      if (cache !== 0) admitted(cache, order, isNew);
      came = present;
    } else {
      if (how === ifAbsent || (how === inPlace && !isNamed(expected, stamp))) break;
      if (cache !== 0) inherit(entry, foundEntry);
      writeNext(entry, foundValue);
      if (!exchange(foundEntry, foundValue, foundStamp, entry | cellMarked, 0)) continue;
      came = replaced;
    }
    commit();
    if (came === replaced) count(row, 0, (eights - eightsOf(foundEntry)) | 0);
    else count(row, 1, eights);
    break;
  }
  endCount(row);
  letGoEntry();
  return came === replaced ? came | (unlinkFound(map, order, entry) << retiredShift) : came;
}

function isNamed(entry: i32, stamp: i32): bool {
  return foundEntry === entry && foundStamp === stamp;
}

/** What an entry leads to, by a stamp that no other cell has had: who met what stood there before sees another. */
function writeNext(entry: i32, value: i32): void {
  store32(entry, value);
  store32((entry + 4) | 0, newStamp());
}

/** Takes out the entry with a key, or only that one entry with it: `expected`, if it is not 0. Returns as `placeEntry` does. */
export function removeEntry(map: i32, key: i32, keyBytes: i32, expected: i32, stamp: i32): i32 {
  if (!isReady(map)) return notAtRest;
  const order = orderOf(map, key, keyBytes);
  const row = rowOf(map, worker);
  let came = absent;
  beginCount(row);
  for (let left = mostTries; left > 0; left--) {
    beginFor(map, order);
    const found = walkTo(map, order, key, keyBytes);
    if (found === lost) continue;
    // As in `placeEntry`; and what is packed is out of the list.
    if (isFrozen(map)) {
      came = notAtRest;
      break;
    }
    if (found === absent || (expected !== 0 && !isNamed(expected, stamp))) break;
    if (!markFound(map)) continue;
    count(row, -1, -eightsOf(foundEntry));
    came = present;
    break;
  }
  endCount(row);
  letGoEntry();
  return came === present ? came | (unlinkFound(map, order, foundValue) << retiredShift) : came;
}

function isFrozen(map: i32): bool {
  return atomicLoad32((map + hashFrozen) | 0) === 1;
}

/** Marks the entry that is held; false where its cell has changed. */
function markFound(map: i32): bool {
  if (!swapCell(foundEntry, foundValue, foundStamp, foundValue | cellMarked)) return false;
  const cache = cacheOf(map);
  if (cache !== 0) leave(cache, foundEntry);
  return true;
}

/** Takes out the entry that a walk has found and holds, also where the map is frozen. Returns as `placeEntry` does; `absent` where its cell has changed. */
export function evictFound(map: i32): i32 {
  const row = rowOf(map, worker);
  const order = load32((foundEntry + entryOrder) | 0);
  beginCount(row);
  const isOut = markFound(map);
  if (isOut) count(row, -1, -eightsOf(foundEntry));
  endCount(row);
  letGoEntry();
  return isOut ? present | (unlinkFound(map, order, foundValue) << retiredShift) : absent;
}

/** Where an entry's value begins. */
export function keyEnd(entry: i32): i32 {
  return (entry + entryKey + ((keyBytesOf(entry) + 7) & -8)) | 0;
}

/** Unlinks all that is marked, until some are to be swept. Returns as `placeEntry` does; `present`. */
export function unlinkAll(map: i32): i32 {
  return isReady(map) ? present | (unlinkFrom(map, 0, lastOrder) << retiredShift) : notAtRest;
}

/** The same up to an order, from its bucket on. */
export function unlinkUpTo(map: i32, order: i32): i32 {
  return isReady(map) ? present | (unlinkMarked(map, order) << retiredShift) : notAtRest;
}

/** Whether the map is there, and the worker about nothing in it. */
export function isReady(map: i32): bool {
  return isThere(map) && load32((ownIntent + intentKind) | 0) === intentNone;
}

/** Whether what a call came to says that the caller has retired so many that it sweeps them before it retires more. */
export function isToSweep(came: i32): bool {
  return came >>> retiredShift >= retiredAtOnce;
}

/** Unlinks the entry that a walk has found and the caller has marked, which leads to `next`; and what else is marked up to its order. */
function unlinkFound(map: i32, order: i32, next: i32): i32 {
  if (!isAlone() || !exchange(seenCell, seenValue, seenStamp, next, foundEntry)) {
    store32((ownIntent + intentKind) | 0, intentNone);
    return unlinkMarked(map, order);
  }
  return retire();
}

/**
 * Unlinks what is marked up to an order, from its bucket's head on; how many the caller has retired then. It stops where they are to be
 * swept: what has no space in the list would never end.
 */
export function unlinkMarked(map: i32, order: i32): i32 {
  return unlinkFrom(map, order, order);
}

/** The same, from the head of another order's bucket on. */
function unlinkFrom(map: i32, from: i32, order: i32): i32 {
  let retired = 0;
  for (let left = mostTries; left > 0; left--) {
    beginFor(map, from);
    const found = walkToMarked(map, order);
    if (found === absent) return retired;
    if (found === lost) continue;
    // A head is no object: its piece goes out behind it.
    if (foundEntry === 0) {
      swapCell(seenCell, seenValue, seenStamp, foundNext);
      continue;
    }
    tell(foundStamp);
    if (!exchange(seenCell, seenValue, seenStamp, foundNext, foundEntry)) {
      store32((ownIntent + intentKind) | 0, intentNone);
      continue;
    }
    retired = retire();
    if (retired >= retiredAtOnce) return retired;
  }
  return retired;
}

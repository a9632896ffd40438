// Walks over a map's list: to the first entry of an order, or to where one would go in.
//
// Plain loads: none.

import { turnRound } from "../buckets/index.ts";
import { cellMarked, hashLog } from "../layout/index.ts";
import { atomicLoad32, lessUnsigned } from "../target/index.ts";
import {
  absent,
  aHead,
  foundBucket,
  foundEntry,
  foundOrder,
  foundValue,
  hasKey,
  holdEntry,
  isBlocked,
  isMarked,
  lost,
  meetNext,
  passEntry,
  passHead,
  passHeadBefore,
  present,
  seenValue,
  theEnd,
} from "./steps.ts";

/** Of `walkToMarked`: what the marked cell leads to. */
export let foundNext: i32 = 0;

/** Behind `beginFor`, to the entry with a key. It does not end before `letGoEntry`. */
export function walkTo(map: i32, order: i32, key: i32, keyBytes: i32): i32 {
  let link = seenValue;
  while (true) {
    let met = meetNext(link);
    if (met === aHead) met = passHeadBefore(map, order);
    if (met === lost) return lost;
    if (met === theEnd) return absent;
    if (met === aHead) {
      link = foundValue;
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

/** Behind `beginFor`, to the first entry of an order behind so many of it, or of a higher one; held as by `walkTo`. */
export function walkFrom(map: i32, order: i32, passed: i32): i32 {
  let link = seenValue;
  let left = passed;
  while (true) {
    let met = meetNext(link);
    if (met === aHead) met = passHead(map);
    if (met === lost) return lost;
    if (met === theEnd) return absent;
    if (met === aHead) {
      link = foundValue;
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

/**
 * Behind `beginIn`, to the entry of the bucket behind so many that are not marked, up to the next head of those in use; it is held
 * then.
 */
export function walkInBucket(map: i32, passed: i32): i32 {
  let link = seenValue;
  let left = passed;
  while (true) {
    let met = meetNext(link);
    if (met === aHead) met = foundBucket >>> atomicLoad32((map + hashLog) | 0) === 0 ? theEnd : passHead(map);
    if (met === lost) return lost;
    if (met === theEnd) return absent;
    if (met === aHead) {
      link = foundValue;
      continue;
    }
    if (!isMarked()) {
      if (left === 0) return holdEntry() ? present : lost;
      left--;
    }
    link = passEntry();
  }
}

/**
 * To the first marked entry or head up to an order that stands right behind a cell which is not: that cell is `seenCell`, what it
 * leads to has `foundStamp`, and leads to `foundNext`. Of a head `foundEntry` is 0.
 */
export function walkToMarked(map: i32, order: i32): i32 {
  while (true) {
    let met = meetNext(seenValue);
    if (met === aHead) met = passHeadBefore(map, order);
    if (met === lost) return lost;
    if (met === theEnd) return absent;
    if (met === aHead) {
      if (!isBlocked()) continue;
      foundNext = foundValue;
      return present;
    }
    if (isMarked()) {
      foundNext = foundValue & ~cellMarked;
      return present;
    }
    if (lessUnsigned(order, foundOrder)) return absent;
    passEntry();
  }
}

/** To where a bucket's head would go in, or is: `present`. */
export function walkToHead(map: i32, bucket: i32): i32 {
  const order = turnRound(bucket);
  let link = seenValue;
  while (true) {
    let met = meetNext(link);
    if (met === aHead) {
      if (foundBucket === bucket) return present;
      met = passHeadBefore(map, order);
    }
    if (met === lost) return lost;
    if (met === theEnd) return absent;
    if (met === aHead) {
      link = foundValue;
      continue;
    }
    if (lessUnsigned(order, foundOrder)) return absent;
    link = passEntry();
  }
}

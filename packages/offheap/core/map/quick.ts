// A walk to an entry in one function and in locals, which takes half the time, and the way that it went.
//
// Plain loads: none.

import { headStamp, headValue, isWithin, turnRound } from "../buckets/index.ts";
import { cellMarked, cellToHead, entryKey, entryOrder, intentHazards } from "../layout/index.ts";
import { ownIntent } from "../places/index.ts";
import { atomicLoad32, atomicStore32, lessUnsigned, loadCell, stampLoaded } from "../target/index.ts";
import { absent, foundQuickly, hasKey, lost, present } from "./steps.ts";

/** The way to `wayEntry`, if `quickTo` has found that: the bucket's head, up to two entries between, and the stamps of their cells. */
export let wayEntry: i32 = 0;
export let wayHead: i32 = 0;
export let wayHeadStamp: i32 = 0;
export let wayFirst: i32 = 0;
export let wayFirstStamp: i32 = 0;
export let waySecond: i32 = 0;
export let waySecondStamp: i32 = 0;
/** Steps of a quick walk: who goes further goes by `walkTo`. */
const quickSteps = 64;

/** The next entry that is found is not the one that was, by no way that is known. */
export function forgetWay(): void {
  wayEntry = 0;
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

// How an entry of a cache stands: in its word. S3-FIFO's (Yang et al. 2023) with the order of the list in place of its queues: what is
// new is on probation, until it is used; what leaves probation unused is remembered by its hash, and is not on it when it comes back.
//
//   word   uses 2 | onProbation | expires | goneOut
//   on probation in all = sum of the rows
//
// Plain loads: the own row; what is constant while the cache lives; the word of an entry that is held, or the caller's own.

import { isWithin } from "../buckets/index.ts";
import {
  cacheGhostMask,
  cacheGhosts,
  cacheHits,
  cacheProbation,
  cacheRowShift,
  cacheRows,
  entryOrder,
  entryWord,
  expires,
  goneOut,
  hashOwner,
  onProbation,
  usesMask,
} from "../layout/index.ts";
import { worker, workerCount } from "../places/index.ts";
import { atomicLoad32, compareExchange8, glance32, load8, load32, store8, store32 } from "../target/index.ts";

/** The books of the cache that is built on a map; 0: none is. */
export function cacheOf(map: i32): i32 {
  const cache = load32((map + hashOwner) | 0);
  return isWithin(cache, cacheRows + ((workerCount + 1) << cacheRowShift)) ? cache : 0;
}

export function rowOfCache(cache: i32, place: i32): i32 {
  return (cache + cacheRows + (place << cacheRowShift)) | 0;
}

/** Adds to a count of 64 bits of the worker's own row. */
export function countUp(cache: i32, what: i32): void {
  const at = (rowOfCache(cache, worker) + what) | 0;
  const sum = (load32(at) + 1) | 0;
  store32(at, sum);
  if (sum === 0) store32((at + 4) | 0, (load32((at + 4) | 0) + 1) | 0);
}

export function countHit(cache: i32): void {
  countUp(cache, cacheHits);
}

/** The same, one less. */
export function countDown(cache: i32, what: i32): void {
  const at = (rowOfCache(cache, worker) + what) | 0;
  const sum = load32(at);
  store32(at, (sum - 1) | 0);
  if (sum === 0) store32((at + 4) | 0, (load32((at + 4) | 0) - 1) | 0);
}

/** What this worker has put on probation, less what it has seen leave it. */
export function ownProbation(cache: i32): i32 {
  return load32((rowOfCache(cache, worker) + cacheProbation) | 0);
}

export function addProbation(cache: i32, by: i32): void {
  store32((rowOfCache(cache, worker) + cacheProbation) | 0, (ownProbation(cache) + by) | 0);
}

/** Entries on probation. */
export function probationCount(cache: i32, places: i32): i32 {
  let sum = 0;
  for (let w = 1; w <= places; w++)
    sum = (sum + atomicLoad32((rowOfCache(cache, w) + cacheProbation) | 0)) | 0;
  return sum;
}

/** Where a hash is remembered; for damaged books in their first row, which is nobody's. */
function ghostAt(cache: i32, order: i32): i32 {
  const mask = load32((cache + cacheGhostMask) | 0);
  const at = (load32((cache + cacheGhosts) | 0) + (((order >>> 1) & mask) << 2)) | 0;
  return (at & 3) === 0 && isWithin(at & -8, 8) ? at : rowOfCache(cache, 0);
}

/** Remembers what is evicted from probation. */
export function remember(cache: i32, order: i32): void {
  store32(ghostAt(cache, order), order);
}

/** Before a fresh entry goes in that stands in nobody's place: on probation, unless it is remembered. True: it is. */
export function admit(cache: i32, entry: i32): bool {
  const order = load32((entry + entryOrder) | 0);
  const own = load8((entry + entryWord) | 0) & expires;
  const isNew = glance32(ghostAt(cache, order)) !== order;
  store8((entry + entryWord) | 0, isNew ? own | onProbation : own);
  return isNew;
}

/** It went in: from then on it is no longer looked at. */
export function admitted(cache: i32, order: i32, isNew: bool): void {
  if (isNew) addProbation(cache, 1);
  else store32(ghostAt(cache, order), 0);
}

/** Before a fresh entry goes in in another's place: it stands as that did, and was used. */
export function inherit(entry: i32, old: i32): void {
  const own = load8((entry + entryWord) | 0) & expires;
  const its = load8((old + entryWord) | 0) & (usesMask | onProbation);
  store8((entry + entryWord) | 0, own | (its & onProbation) | moreUses(its));
}

function moreUses(word: i32): i32 {
  const uses = word & usesMask;
  return uses === usesMask ? uses : uses + 1;
}

/** An entry that is held was used. Of one that was often nothing is written. */
export function use(entry: i32): void {
  const at = (entry + entryWord) | 0;
  const word = load8(at);
  if ((word & usesMask) === usesMask || (word & goneOut) !== 0) return;
  compareExchange8(at, word, (word & ~usesMask) | moreUses(word));
}

/** One use less of an entry that is held. */
export function useLess(entry: i32, word: i32): void {
  compareExchange8((entry + entryWord) | 0, word, word - 1);
}

/** An entry that is held leaves probation, with no uses. */
export function promote(cache: i32, entry: i32, word: i32): void {
  if (compareExchange8((entry + entryWord) | 0, word, word & expires)) addProbation(cache, -1);
}

/** An entry that is held has gone out, by the caller: whoever looks at it now promotes it no more. */
export function leave(cache: i32, entry: i32): void {
  const at = (entry + entryWord) | 0;
  while (true) {
    const word = load8(at);
    if (!compareExchange8(at, word, word | goneOut)) continue;
    if ((word & onProbation) !== 0) addProbation(cache, -1);
    return;
  }
}

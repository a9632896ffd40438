// Two hands go over the buckets of a cache's map, whose order is that of the keys' hashes: no queue, and nothing but a byte in each
// entry. While more than a tenth is on probation the fast hand looks at those only: used, they leave it, else they go. Otherwise
// the slow hand looks at all others: each pass takes a use from them, and those that have none go. What has expired always goes.
//
// In the order of hashes an entry is met after half a round where a queue would have it after one: hit rates are within two points of
// those of S3-FIFO with queues, on most streams within a half (docs/measurements.md, "Eviction in the order of hashes").
//
// Plain loads: the own row; the word and the value's begin of an entry that is held.

import { isOpen, isWithin } from "../buckets/index.ts";
import {
  cacheExpiredOut,
  cacheFast,
  cacheMainOut,
  cacheProbationOut,
  cacheSlow,
  entryOrder,
  entryWord,
  expires,
  expiryBytes,
  goneOut,
  hashLog,
  onProbation,
  usesMask,
} from "../layout/index.ts";
import { worker, workerCount } from "../places/index.ts";
import { add32, atomicLoad32, divide, lessUnsigned, load8, load32 } from "../target/index.ts";
import { entryCount, rowOf } from "./counts.ts";
import { evictFound, isToSweep, keyEnd } from "./edit.ts";
import {
  addProbation,
  countUp,
  ownProbation,
  probationCount,
  promote,
  remember,
  useLess,
} from "./standing.ts";
import { absent, beginIn, foundEntry, letGoEntry, lost } from "./steps.ts";
import { walkInBucket } from "./walk.ts";

/** One in so many entries may be on probation before the fast hand goes. */
const probationPart = 10;
/** Entries on probation of a small cache, whatever their part. */
const leastProbation = 8;
/** Buckets with entries in which a hand meets none of its own, before the other goes: the count of probation is wrong then. */
const mostInVain = 64;
/** Entries of one bucket that a hand passes: of a damaged list there may be no end. */
const mostPassed = 512;
/** Whether a hand has met entries, and any of its own. */
let hasMet: bool = false;
let hasMetOwn: bool = false;

/** Evicts up to so many, in at most so many buckets, until some are to be swept; returns how many. */
export function evictSome(map: i32, cache: i32, wanted: i32, buckets: i32, nowHigh: i32, nowLow: i32): i32 {
  // Summed once: of the rows only the own one changes by what is done here.
  const row = rowOf(map, worker);
  const onProbationOfOthers = (probationCount(cache, workerCount) - ownProbation(cache)) | 0;
  const entriesOfOthers = (entryCount(map, workerCount) - load32(row)) | 0;
  let evicted = 0;
  let vain = 0;
  let isOther = false;
  for (let left = buckets; left > 0 && evicted < wanted; left--) {
    const isFull = isProbationFull(
      (onProbationOfOthers + ownProbation(cache)) | 0,
      (entriesOfOthers + load32(row)) | 0,
    );
    const isFast = isFull !== isOther;
    const hand = (cache + (isFast ? cacheFast : cacheSlow)) | 0;
    const bucket = add32(hand, 1) & ((1 << atomicLoad32((map + hashLog) | 0)) - 1);
    if (!isOpen(map, bucket)) continue;
    let passed = 0;
    hasMet = false;
    hasMetOwn = false;
    while (evicted < wanted && passed < mostPassed) {
      if (!beginIn(map, bucket)) break;
      const found = walkInBucket(map, passed);
      if (found === lost) continue;
      if (found === absent) break;
      const cause = judge(cache, foundEntry, isFast, nowHigh, nowLow);
      if (cause === 0) {
        passed++;
        continue;
      }
      const order = load32((foundEntry + entryOrder) | 0);
      const out = evictFound(map);
      if (out === absent) continue;
      evicted++;
      countUp(cache, cause);
      if (cause === cacheProbationOut) remember(cache, order);
      if (isToSweep(out)) return evicted;
    }
    letGoEntry();
    if (!hasMet) continue;
    vain = hasMetOwn ? 0 : vain + 1;
    if (vain < mostInVain) continue;
    // A worker died between a change and its count. One is made good each time.
    addProbation(cache, isFast ? -1 : 1);
    isOther = !isOther;
    vain = 0;
  }
  return evicted;
}

function isProbationFull(probation: i32, entries: i32): bool {
  return probation > leastProbation && probation > divide(entries, probationPart);
}

/** What an entry that is held is evicted for; 0: it stays. */
function judge(cache: i32, entry: i32, isFast: bool, nowHigh: i32, nowLow: i32): i32 {
  const word = load8((entry + entryWord) | 0);
  if ((word & goneOut) !== 0) return 0;
  hasMet = true;
  if ((word & expires) !== 0 && hasExpired(entry, nowHigh, nowLow)) {
    hasMetOwn = true;
    return cacheExpiredOut;
  }
  const isNew = (word & onProbation) !== 0;
  if (isNew !== isFast) return 0;
  hasMetOwn = true;
  if ((word & usesMask) === 0) return isFast ? cacheProbationOut : cacheMainOut;
  if (isFast) promote(cache, entry, word);
  else useLess(entry, word);
  return 0;
}

/** Milliseconds since 1970, in two words, as the value of such an entry begins with. */
function hasExpired(entry: i32, nowHigh: i32, nowLow: i32): bool {
  const at = keyEnd(entry);
  if (!isWithin(at, expiryBytes)) return false;
  const high = load32((at + 4) | 0);
  return high < nowHigh || (high === nowHigh && !lessUnsigned(nowLow, load32(at)));
}

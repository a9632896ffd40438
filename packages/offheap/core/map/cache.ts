// What else a cache needs of its map: a look that counts as a use; whether an entry stands at an address.
//
// Plain loads: an entry that is held.

import { isWithin } from "../buckets/index.ts";
import {
  cacheGhostMask,
  cacheGhosts,
  cacheHits,
  cacheMagic,
  cacheMap,
  cacheMark,
  cacheMisses,
  cacheRowShift,
  cacheRows,
  entryKey,
  entryOrder,
  hashOwner,
} from "../layout/index.ts";
import { workerCount } from "../places/index.ts";
import { atomicLoad32, store32 } from "../target/index.ts";
import { findEntry } from "./find.ts";
import { countDown, countHit, countUp, use } from "./standing.ts";
import { absent, beginFor, foundEntry, lost } from "./steps.ts";
import { walkFrom } from "./walk.ts";

/** Entries of one order: a damaged list has no end of them. */
const mostAlike = 64;

/** The books of a cache, and its ghosts, none of them anybody yet. */
export function formatCache(cache: i32, map: i32, ghosts: i32, ghostCount: i32): void {
  const end = (cache + cacheBytes()) | 0;
  for (let at = cache; at !== end; at = (at + 4) | 0) store32(at, 0);
  for (let i = 0; i < ghostCount; i++) store32((ghosts + (i << 2)) | 0, 0);
  store32((cache + cacheMap) | 0, map);
  store32((cache + cacheGhosts) | 0, ghosts);
  store32((cache + cacheGhostMask) | 0, ghostCount - 1);
  store32((map + hashOwner) | 0, cache);
  store32((cache + cacheMagic) | 0, cacheMark);
}

/** As `findEntry`; and what is found was used. */
export function findHit(map: i32, cache: i32, key: i32, keyBytes: i32): i32 {
  const entry = findEntry(map, key, keyBytes);
  if (entry === -1) return entry;
  if (entry === 0) countUp(cache, cacheMisses);
  else {
    countHit(cache);
    use(entry);
  }
  return entry;
}

/** What was found had expired: it was a miss. */
export function countExpired(cache: i32): void {
  countDown(cache, cacheHits);
  countUp(cache, cacheMisses);
}

export function cacheBytes(): i32 {
  return cacheRows + ((workerCount + 1) << cacheRowShift);
}

/** Whether an entry of the map stands at an address: it is held then. */
export function hasEntry(map: i32, address: i32): bool {
  if (!isWithin(address, entryKey)) return false;
  // Of another object it is any number.
  const order = atomicLoad32((address + entryOrder) | 0) | 1;
  let passed = 0;
  while (true) {
    beginFor(map, order);
    const found = walkFrom(map, order, passed);
    if (found === lost) continue;
    if (found === absent || atomicLoad32((foundEntry + entryOrder) | 0) !== order) return false;
    if (foundEntry === address) return true;
    if (++passed === mostAlike) return false;
  }
}

// The entries of a map that was frozen, back to back in the order of its list, and how one is found. Nothing of them changes, and
// nothing ends before the map: a look names no entry in a hazard, and takes no fence.
//
//   bucket   the highest bits of an order      its word in a piece: the address of its first entry, or 0
//   entry    as in a list, from the bytes of its key on. What is returned is where one in a list would begin
//
// Plain loads: what was written before the map's cell said that it is packed.

import { isSameKey, isWithin } from "../buckets/index.ts";
import {
  cellApart,
  entryKey,
  entryKeyBytes,
  entryValueBytes,
  hashPacked,
  mostKeyBytes,
  packEnd,
  packedLog,
  packedMore,
  packedPieces,
  packedShift,
} from "../layout/index.ts";
import { atomicLoad32, copyBytes, load32 } from "../target/index.ts";

/** From the bytes of a key on, up to the key. */
const lengthBytes = entryKey - entryKeyBytes;
/** Entries of a bucket, and ends of packs in it: of damaged books there may be no end. */
const mostInBucket = 1 << 16;

/** The index of a map whose entries are packed; 0 where they are not, or not yet. */
export function packedOf(map: i32): i32 {
  const index = atomicLoad32((map + hashPacked) | 0);
  return (index & cellApart) === 0 && isWithin(index, packedPieces) ? index : 0;
}

/** The entry with a key; 0 where there is none. */
export function findPacked(index: i32, order: i32, key: i32, keyBytes: i32): i32 {
  let at = firstOf(index, order);
  for (let left = mostInBucket; left > 0 && isWithin(at, lengthBytes); left--) {
    const lengths = load32(at);
    if (lengths === packEnd) {
      at = load32((at + 4) | 0);
      continue;
    }
    const isThat = (lengths & mostKeyBytes) === keyBytes && isWithin(at, lengthBytes + keyBytes);
    if (isThat && isSameKey((at + lengthBytes) | 0, key, keyBytes)) return (at - entryKeyBytes) | 0;
    if ((lengths & packedMore) === 0) break;
    at = (at + packedBytes((at - entryKeyBytes) | 0)) | 0;
  }
  return 0;
}

/** Where the first entry of an order's bucket stands; 0: it has none. */
function firstOf(index: i32, order: i32): i32 {
  const word = wordOfBucket(index, order);
  return word === 0 ? 0 : load32(word);
}

/** The word of an order's bucket; 0 where damaged books lead elsewhere. */
export function wordOfBucket(index: i32, order: i32): i32 {
  const bucket = order >>> (32 - load32((index + packedLog) | 0));
  const shift = load32((index + packedShift) | 0);
  const cell = (index + packedPieces + ((bucket >>> shift) << 3)) | 0;
  if (!isWithin(cell, 8)) return 0;
  const word = (load32(cell) + ((bucket & ((1 << shift) - 1)) << 2)) | 0;
  return isWithin(word & -8, 8) ? word : 0;
}

/** Bytes that an entry takes when it is packed. */
export function packedBytes(entry: i32): i32 {
  const keyBytes = load32((entry + entryKeyBytes) | 0) & mostKeyBytes;
  return lengthBytes + ((keyBytes + 7) & -8) + ((load32((entry + entryValueBytes) | 0) + 7) & -8);
}

/** Copies an entry, from the bytes of its key on. */
export function packEntry(entry: i32, at: i32): void {
  copyBytes(at, (entry + entryKeyBytes) | 0, packedBytes(entry));
}

// What stands in an entry: its words, its key, when it expires, its value. An entry that is held does not change.

import { entryWords, expiry, mostKeyBytes, pack } from "../layout/index.ts";

/** Where a value stands, how long it is, and what its kind has noted. */
export interface ValueIn {
  readonly at: number;
  readonly length: number;
  readonly flags: number;
}

function wordIn(i32: Int32Array, entry: number, word: number): number {
  return i32[((entry >>> 2) + word) | 0] as number;
}

export function keyBytesIn(i32: Int32Array, entry: number): number {
  return wordIn(i32, entry, entryWords.keyBytes) & mostKeyBytes;
}

/** The end of the key, at a multiple of 8: there the expiry stands, or the value. */
export function keyEnd(i32: Int32Array, entry: number): number {
  return entry + keyEndOf(keyBytesIn(i32, entry));
}

/** The same of a key of so many bytes, from the entry's start. */
export function keyEndOf(keyBytes: number): number {
  return entryWords.keyFrom + ((keyBytes + 7) & -8);
}

export function hasExpiry(i32: Int32Array, entry: number): boolean {
  return (wordIn(i32, entry, entryWords.word) & expiry.flag) !== 0;
}

/** Bytes of the expiry; 0 where there is none. */
export function leadIn(i32: Int32Array, entry: number): number {
  return hasExpiry(i32, entry) ? expiry.bytes : 0;
}

/** Bytes of the expiry and the value. */
export function valueBytesIn(i32: Int32Array, entry: number): number {
  return wordIn(i32, entry, entryWords.valueBytes);
}

/** What the value's kind has noted. */
export function flagsIn(i32: Int32Array, entry: number): number {
  return wordIn(i32, entry, entryWords.keyBytes) & ~(mostKeyBytes | pack.more);
}

/** Bytes of an entry, rounded up to 8 (core/map/counts.ts counts in those). */
export function entryBytesIn(i32: Int32Array, entry: number): number {
  return (keyEnd(i32, entry) - entry + valueBytesIn(i32, entry) + 7) & -8;
}

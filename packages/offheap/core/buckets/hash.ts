// A key's hash, and its order in the list: HalfSipHash-1-3 (Aumasson & Bernstein 2012, of words of 32 bits), with the map's seed.
// So who does not know the seed makes no keys that meet in one bucket.
//
// Plain loads: the key is the caller's own, or stands in an entry that is the caller's or under its hazard; the seed stays.

import { hashSeed } from "../layout/index.ts";
import { load8, load32, rotateRight } from "../target/index.ts";

const tailBits = 24;
const finalRounds = 3;

/** The order of a key that begins at a word: its hash with the bits turned round, and odd. */
export function orderOf(map: i32, key: i32, bytes: i32): i32 {
  const words = bytes >> 2;
  let tail = bytes << tailBits;
  for (let i = words << 2; i < bytes; i++) tail |= load8((key + i) | 0) << (i << 3);
  const low = load32((map + hashSeed) | 0);
  const high = load32((map + hashSeed + 4) | 0);
  // One body for every round, so that all four stay in registers.
  let v0 = low;
  let v1 = high;
  let v2 = 0x6c796765 ^ low;
  let v3 = 0x74656462 ^ high;
  for (let i = 0; i <= words + finalRounds; i++) {
    let word = 0;
    if (i < words) word = load32((key + (i << 2)) | 0);
    else if (i === words) word = tail;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = rotateRight(v1, 27) ^ v0;
    v0 = rotateRight(v0, 16);
    v2 = (v2 + v3) | 0;
    v3 = rotateRight(v3, 24) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = rotateRight(v3, 25) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = rotateRight(v1, 19) ^ v2;
    v2 = rotateRight(v2, 16);
    v0 ^= word;
    if (i === words) v2 ^= 0xff;
  }
  return turnRound(v1 ^ v3) | 1;
}

/** The 32 bits of a number in the opposite order. */
export function turnRound(bits: i32): i32 {
  let turned = ((bits >>> 1) & 0x55555555) | ((bits & 0x55555555) << 1);
  turned = ((turned >>> 2) & 0x33333333) | ((turned & 0x33333333) << 2);
  turned = ((turned >>> 4) & 0x0f0f0f0f) | ((turned & 0x0f0f0f0f) << 4);
  turned = ((turned >>> 8) & 0x00ff00ff) | ((turned & 0x00ff00ff) << 8);
  return (turned >>> 16) | (turned << 16);
}

/** Whether two keys that begin at words are the same. */
export function isSameKey(a: i32, b: i32, bytes: i32): bool {
  const end = (a + (bytes & -4)) | 0;
  let other = b;
  for (let at = a; at !== end; at = (at + 4) | 0) {
    if (load32(at) !== load32(other)) return false;
    other = (other + 4) | 0;
  }
  for (let i = 0; i < (bytes & 3); i++) if (load8((end + i) | 0) !== load8((other + i) | 0)) return false;
  return true;
}

// A map is made, and frozen.
//
// Plain stores: the map is its maker's alone yet.

import { hashFrozen, hashKinds, hashMagic, hashMark, hashRoot, hashSeed } from "../layout/index.ts";
import { atomicStore32, store32 } from "../target/index.ts";
import { mapBytes } from "./heads.ts";

/** Zeroed but for what it is: no bucket has a head yet. */
export function formatMap(at: i32, kinds: i32, low: i32, high: i32): void {
  const end = (at + mapBytes()) | 0;
  for (let word = at; word !== end; word = (word + 4) | 0) store32(word, 0);
  store32((at + hashKinds) | 0, kinds);
  store32((at + hashSeed) | 0, low);
  store32((at + hashSeed + 4) | 0, high);
  store32((at + hashMagic) | 0, hashMark);
}

/** The first piece, which is the map maker's alone yet: the head of bucket 0 is the list's begin. */
export function formatFirst(at: i32, piece: i32): void {
  store32(piece, 0);
  store32((at + hashRoot) | 0, piece);
}

export function freezeMap(map: i32): void {
  atomicStore32((map + hashFrozen) | 0, 1);
}

// A map is made, and frozen; a piece of heads is.
//
// Plain stores: the map, or the piece, is its maker's alone yet.

import {
  cellApart,
  hashFrozen,
  hashKinds,
  hashMagic,
  hashMark,
  hashRoot,
  hashRowShift,
  hashRows,
  hashSeed,
  pieceShift,
} from "../layout/index.ts";
import { workerCount } from "../places/index.ts";
import { atomicStore32, store32 } from "../target/index.ts";

/** Bytes of a map, without its pieces. */
export function mapBytes(): i32 {
  return hashRows + ((workerCount + 1) << hashRowShift);
}

/** Bytes of a piece, or of a table of pieces. */
export function pieceBytes(): i32 {
  return 8 << pieceShift;
}

/** Zeroed but for what it is: no bucket has a head yet. */
export function formatMap(at: i32, kinds: i32, low: i32, high: i32): void {
  const end = (at + mapBytes()) | 0;
  for (let word = at; word !== end; word = (word + 4) | 0) store32(word, 0);
  store32((at + hashKinds) | 0, kinds);
  store32((at + hashSeed) | 0, low);
  store32((at + hashSeed + 4) | 0, high);
  store32((at + hashMagic) | 0, hashMark);
}

/** The heads of a new piece are in no list; a table of pieces has none. */
export function formatPiece(at: i32, isTable: i32): void {
  const value = isTable !== 0 ? 0 : cellApart;
  const end = (at + pieceBytes()) | 0;
  for (let cell = at; cell !== end; cell = (cell + 8) | 0) {
    store32(cell, value);
    store32((cell + 4) | 0, 0);
  }
}

/** The first piece, which is the map maker's alone yet: the head of bucket 0 is the list's begin. */
export function formatFirst(at: i32, piece: i32): void {
  store32(piece, 0);
  store32((at + hashRoot) | 0, piece);
}

export function freezeMap(map: i32): void {
  atomicStore32((map + hashFrozen) | 0, 1);
}

// What structures need of the books: what each worker is about (core/structure), and those that have a name.

import {
  cacheClaims,
  cacheExpiredOut,
  cacheFull,
  cacheGhostMask,
  cacheGhosts,
  cacheHits,
  cacheMagic,
  cacheMainOut,
  cacheMap,
  cacheMark,
  cacheMisses,
  cacheProbationOut,
  cacheSets,
  cacheSlabOut,
  cacheSlabs,
  cacheTtl,
  cellApart,
  cellMarked,
  cellToHead,
  entryKey,
  entryKeyBytes,
  entryOrder,
  entryValueBytes,
  entryWord,
  expires,
  expiryBytes,
  goneOut,
  hashClosing,
  hashFrozen,
  hashKinds,
  hashLog,
  hashMadeGood,
  hashMagic,
  hashMark,
  hashOwner,
  hashPacked,
  hashPacker,
  hashRoot,
  hashRootCells,
  hashRowBytes,
  hashRowLost,
  hashRowTurn,
  hazardCount,
  heldObject,
  intentHazards,
  intentKind,
  intentLength,
  intentOld,
  intentRetired,
  intentTag,
  mostBucketsLog,
  mostKeyBytes,
  packEnd,
  packEntries,
  packedEights,
  packedFirst,
  packedLog,
  packedMore,
  packedPieces,
  packedShift,
  packedSize,
  pieceShift,
  retiredAtOnce,
  ringCapacity,
  ringClosed,
  ringHead,
  ringId,
  ringListBytes,
  ringListCount,
  ringMagic,
  ringMark,
  ringReceivers,
  ringReceiversAcross,
  ringSenders,
  ringSendersAcross,
  stampShift,
} from "../../core/layout/index.ts";
import { alignUp } from "../base/index.ts";

const wordShift = 2;
export const wordsPerCacheLine = 16;
export const toLine = (words: number) => alignUp(words, wordsPerCacheLine);

/** What a worker is about: its intent, its hazards, what it has retired; in words. */
export const intent = {
  kind: intentKind >> wordShift,
  hazards: intentHazards >> wordShift,
  retired: intentRetired >> wordShift,
  /** Of a message that was received: its address; from there on its length and tag. */
  message: intentOld >> wordShift,
  lengthFrom: (intentLength - intentOld) >> wordShift,
  tagFrom: (intentTag - intentOld) >> wordShift,
  /** Of one that the worker holds: its address. */
  heldFrom: (heldObject - intentOld) >> wordShift,
} as const;

/** Objects that a worker has retired at most: one for each hazard of all workers, and some to wait for the next look. */
export const mostRetiredOf = (maxWorkers: number) => maxWorkers * hazardCount + retiredAtOnce;

/** Structures that have a name. */
export const rootCount = 64;
/** Bytes of a name, and of what it is the name of, at most; at least one each. */
export const mostNameBytes = 64;
export const mostKindBytes = 16;
export const wordsPerCell = 2;

/** The regions of structures, from a word on. */
export function structureRegions(maxWorkers: number, chunkCount: number, from: number) {
  const intentWords = toLine(intent.retired + mostRetiredOf(maxWorkers));
  const notesAt = from + maxWorkers * intentWords;
  const noteWords = toLine(maxWorkers + 1);
  const rootsAt = notesAt + maxWorkers * noteWords;
  const generationsAt = rootsAt + rootCount * wordsPerCell;
  const end = generationsAt + toLine(chunkCount);
  return { intentsAt: from, intentWords, notesAt, noteWords, rootsAt, generationsAt, end };
}

/** What the shell reads of a ring: bytes from its start. What begins with the mark is one. */
export const ringWords = {
  magic: ringMagic,
  capacity: ringCapacity,
  receivers: ringReceivers,
  senders: ringSenders,
  receiversAcross: ringReceiversAcross,
  sendersAcross: ringSendersAcross,
  closed: ringClosed,
  id: ringId,
  head: ringHead,
} as const;
/** A message in a list: its address, its length and its tag, a word each; and how many a list has at most. */
export const ringList = { words: ringListBytes >> wordShift, count: ringListCount } as const;
/** What the shell reads of a map: bytes from its start, or from a row's. What begins with the mark is one. */
export const mapWords = {
  magic: hashMagic,
  kinds: hashKinds,
  log: hashLog,
  frozen: hashFrozen,
  owner: hashOwner,
  madeGood: hashMadeGood,
  closing: hashClosing,
  packed: hashPacked,
  packer: hashPacker,
  root: hashRoot,
  rootCells: hashRootCells,
  rowBytes: hashRowBytes,
  rowTurn: hashRowTurn,
  rowLost: hashRowLost,
} as const;
/** Of an entry, in words; its key begins at `keyFrom` bytes. */
export const entryWords = {
  order: entryOrder >> wordShift,
  keyBytes: entryKeyBytes >> wordShift,
  valueBytes: entryValueBytes >> wordShift,
  word: entryWord >> wordShift,
  keyFrom: entryKey,
} as const;
/** Of the word of a cache's entry: its value begins with when it expires, in so many bytes. */
export const expiry = { flag: expires, bytes: expiryBytes } as const;
/** The same word of an entry that has gone out; it is never more than `most`. */
export const gone = { flag: goneOut, most: (goneOut << 1) - 1 } as const;
/** What the shell reads of the index of packed entries: bytes from its start. */
export const packedWords = {
  size: packedSize,
  eights: packedEights,
  log: packedLog,
  shift: packedShift,
  first: packedFirst,
  pieces: packedPieces,
} as const;
/**
 * A pack: where its entries begin, and what stands behind them. Of an entry of a list, from which byte on it is packed; of its first
 * word there, that another of its bucket follows.
 */
export const pack = { entries: packEntries, end: packEnd, from: entryKeyBytes, more: packedMore } as const;
/** Flags of a map's cells. */
export const cellFlags = { marked: cellMarked, toHead: cellToHead, apart: cellApart, all: 7 } as const;
/** What `frozen` of a map says while it is destroyed. */
export const mapEnding = 2;
/** The bit of a name's lengths that says that it is a draft. */
export const draftFlag = 1 << 15;
/** What the shell reads of a cache's books: bytes from their start; counts from the start of a row. */
export const cacheWords = {
  magic: cacheMagic,
  map: cacheMap,
  ghosts: cacheGhosts,
  ghostMask: cacheGhostMask,
  full: cacheFull,
  claims: cacheClaims,
  ttl: cacheTtl,
  slabs: cacheSlabs,
} as const;
export const cacheCounts = {
  hits: cacheHits,
  misses: cacheMisses,
  sets: cacheSets,
  probation: cacheProbationOut,
  main: cacheMainOut,
  expired: cacheExpiredOut,
  slab: cacheSlabOut,
} as const;
export const bucketsPerPiece = 1 << pieceShift;
export { cacheMark, hashMark as mapMark, mostBucketsLog, mostKeyBytes, retiredAtOnce, ringMark, stampShift };

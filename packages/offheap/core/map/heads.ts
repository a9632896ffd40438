// The heads of a map's buckets: cells in the list, each before the entries of its bucket (Shalev & Shavit 2006, Split-ordered
// lists). A bucket is opened at its first use: its head goes into the list behind its parent's, which is the bucket without its
// highest bit. So a map that grows moves nothing.
//
//   a cell   0: the end · an entry's address · a bucket's number << 3 | cellToHead; each but 0 with flags
//   a head   value | cellApart: not known to be in the list; the value is what will stand behind it
//   order of a head = its number with the bits turned round, even; of an entry odd
//
// Plain loads: none.

import {
  cellApart,
  cellToHead,
  chunkShift,
  hashLog,
  hashRoot,
  hashRootCells,
  hashRowShift,
  hashRows,
  pieceShift,
} from "../layout/index.ts";
import { chunkCount, dataAt, workerCount } from "../places/index.ts";
import { newStamp, tell } from "../structure/index.ts";
import {
  atomicLoad32,
  exchangeCell,
  leadingZeros,
  lessUnsigned,
  loadCell,
  stampLoaded,
  store32,
} from "../target/index.ts";
import { turnRound } from "./hash.ts";

/** Others make so many exchanges of one call fail only where a damaged list leads into what the call itself writes. */
export const mostTries = 1 << 20;
const pieceMask = (1 << pieceShift) - 1;
const tableShift = pieceShift << 1;

/** Bytes of a map, without its pieces. */
export function mapBytes(): i32 {
  return hashRows + ((workerCount + 1) << hashRowShift);
}

/** Bytes of a piece, or of a table of pieces. */
export function pieceBytes(): i32 {
  return 8 << pieceShift;
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

/** Whether so many bytes from a cell on lie where objects do: damaged words lead anywhere. */
export function isWithin(cell: i32, bytes: i32): bool {
  return (cell & 7) === 0 && lessUnsigned((cell - dataAt) | 0, ((chunkCount << chunkShift) - bytes + 1) | 0);
}

/** The cell that leads to the table in which a bucket's piece is found, or to the first piece. */
export function tableOfBucket(map: i32, bucket: i32): i32 {
  const index = bucket >>> pieceShift === 0 ? 0 : 1 + (bucket >>> tableShift);
  return (map + hashRoot + ((index % hashRootCells) << 3)) | 0;
}

/** The cell that leads to a bucket's piece; 0 where its table is missing. */
export function pieceOfBucket(map: i32, bucket: i32): i32 {
  const table = tableOfBucket(map, bucket);
  if (bucket >>> pieceShift === 0) return table;
  const at = atomicLoad32(table);
  const cell = (at + (((bucket >>> pieceShift) & pieceMask) << 3)) | 0;
  return at !== 0 && isWithin(cell, 8) ? cell : 0;
}

/** A bucket's head; 0 where its piece is missing. */
export function headOf(map: i32, bucket: i32): i32 {
  const piece = pieceOfBucket(map, bucket);
  const at = piece === 0 ? 0 : atomicLoad32(piece);
  const head = (at + ((bucket & pieceMask) << 3)) | 0;
  return at !== 0 && isWithin(head, 8) ? head : 0;
}

export function parentOf(bucket: i32): i32 {
  return bucket === 0 ? 0 : bucket & ~(1 << (31 - leadingZeros(bucket)));
}

/** Whether a head is in the list for certain. */
export function isOpen(head: i32): bool {
  return head !== 0 && (loadCell(head) & cellApart) === 0;
}

/** The bucket of an order, as many as there are in use now. */
export function bucketOf(map: i32, order: i32): i32 {
  return turnRound(order) & ((1 << atomicLoad32((map + hashLog) | 0)) - 1);
}

/** The same, or the nearest of its ancestors that is open. */
export function openBucketOf(map: i32, order: i32): i32 {
  let bucket = bucketOf(map, order);
  while (bucket !== 0 && !isOpen(headOf(map, bucket))) bucket = parentOf(bucket);
  return bucket;
}

/** What leads to a bucket's head. */
export function toHead(bucket: i32): i32 {
  return (bucket << 3) | cellToHead;
}

/** Exchanges a cell that was seen so, where nothing goes in or out that would have to be settled. */
export function swapCell(cell: i32, value: i32, stamp: i32, next: i32): bool {
  tell(stamp);
  return exchangeCell(cell, value, stamp, next, newStamp());
}

/** What stands behind a head that is in the list: from now on it is known to be. */
export function valueOfHead(head: i32): i32 {
  while (true) {
    const value = loadCell(head);
    if ((value & cellApart) === 0) return value;
    const stamp = stampLoaded();
    swapCell(head, value, stamp, value & ~cellApart);
  }
}

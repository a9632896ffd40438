// The heads of a map's buckets: cells in the list, each before the entries of its bucket (Shalev & Shavit 2006, Split-ordered
// lists). A bucket is opened at its first use: its head goes into the list behind its parent's, which is the bucket without its
// highest bit. So a map that grows moves nothing. Heads stand in pieces, which a map that shrinks gives back (core/map/resize.ts).
//
//   a cell   0: the end · an entry's address · a bucket's number << 3 | cellToHead; each but 0 with flags
//   a head   value | cellApart: not known to be in the list; the value is what will stand behind it
//            value | cellMarked: it goes out, with its piece
//   order of a head = its number with the bits turned round, even; of an entry odd
//   a piece's cell: its address; cellMarked: no bucket of it is opened any more
//   a head was read between two looks at its piece's cell that are the same ⇒ the piece stood when it was read
//
// Plain loads: none.

import {
  cellApart,
  cellMarked,
  cellToHead,
  chunkShift,
  hashLog,
  hashRoot,
  hashRootCells,
  pieceShift,
} from "../layout/index.ts";
import { chunkCount, dataAt } from "../places/index.ts";
import { newStamp, tell } from "../structure/index.ts";
import {
  atomicLoad32,
  exchangeCell,
  leadingZeros,
  lessUnsigned,
  loadCell,
  stampLoaded,
} from "../target/index.ts";
import { turnRound } from "./hash.ts";

/** Others make so many exchanges of one call fail only where a damaged list leads into what the call itself writes. */
export const mostTries = 1 << 20;
/** Of a bucket's number, its place in the piece. */
export const pieceMask = (1 << pieceShift) - 1;
/** Buckets of a table of pieces, as a power of two. */
export const tableShift = pieceShift << 1;
const flags = 7;

/** What `readHead` has read: of the head's cell. */
export let headValue: i32 = 0;
export let headStamp: i32 = 0;

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

/** The address in a piece's cell. */
export function pieceIn(value: i32): i32 {
  return value & ~flags;
}

/** A bucket's head, which is read while its piece stands; 0 where that is missing. */
export function readHead(map: i32, bucket: i32): i32 {
  const cell = pieceOfBucket(map, bucket);
  if (cell === 0) return 0;
  while (true) {
    const piece = loadCell(cell);
    const stamp = stampLoaded();
    const head = (pieceIn(piece) + ((bucket & pieceMask) << 3)) | 0;
    if (pieceIn(piece) === 0 || !isWithin(head, 8)) return 0;
    headValue = loadCell(head);
    headStamp = stampLoaded();
    if (loadCell(cell) === piece && stampLoaded() === stamp) return head;
  }
}

export function parentOf(bucket: i32): i32 {
  return bucket === 0 ? 0 : bucket & ~(1 << (31 - leadingZeros(bucket)));
}

/** Whether the head that was read is in the list for certain, and stays. Without the first one there is no list. */
export function isOpenHead(bucket: i32): bool {
  return bucket === 0 || (headValue & (cellApart | cellMarked)) === 0;
}

/** Whether a bucket's head is. */
export function isOpen(map: i32, bucket: i32): bool {
  return readHead(map, bucket) !== 0 && isOpenHead(bucket);
}

/** The bucket of an order, as many as there are in use now. */
export function bucketOf(map: i32, order: i32): i32 {
  return turnRound(order) & ((1 << atomicLoad32((map + hashLog) | 0)) - 1);
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

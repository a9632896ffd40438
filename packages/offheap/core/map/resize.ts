// As many buckets as entries: twice as many are in use, or half. Buckets that are used no more are closed a step at a time, from the
// lowest of them to the highest that may be, and their pieces are given back.
//
//   closing   a cell of the map: the bucket that is closed next; 0: none. Who has done a step exchanges it
//   1         the piece's cell is marked: nobody begins to open a bucket of it. Who has begun names the piece in a hazard
//   2         no hazard of others names it ⇒ each head of it is in the list by now, or never will be
//   3         heads in the list are marked, and unlinked. Nothing goes in before a marked one (steps.ts), so none is missed
//   4         a new turn begins: no way from one of the heads is taken any more (ways.ts)
//   5         the piece's cell becomes 0, and the piece is retired
//
// Each part may be done twice, by several at once, and be left where a worker died. The closing cell is read again behind the hazard:
// its stamp is as it was ⇒ the piece is the one of this closing, and all heads before the bucket are out.
//
// Plain loads: none.

import {
  isWithin,
  mostTries,
  pieceIn,
  pieceMask,
  pieceOfBucket,
  swapCell,
  tableOfBucket,
  tableShift,
  turnRound,
} from "../buckets/index.ts";
import {
  cellApart,
  cellMarked,
  hashClosing,
  hashLog,
  intentHazards,
  intentKind,
  intentNone,
  mostBucketsLog,
  pieceShift,
  retiredAtOnce,
  turnsWord,
} from "../layout/index.ts";
import { heapAt, ownIntent, worker } from "../places/index.ts";
import { exchange, isProtected, retire } from "../structure/index.ts";
import {
  add32,
  atomicLoad32,
  atomicStore32,
  compareExchange32,
  lessUnsigned,
  loadCell,
  stampLoaded,
  store32,
} from "../target/index.ts";
import { isReady, notAtRest, retiredShift, unlinkMarked } from "./edit.ts";
import { absent, beginFor, letGoEntry, lost, present } from "./steps.ts";
import { walkToHead } from "./walk.ts";

/** Heads that a step closes. */
const headsAtOnce = 64;
/** Pieces, or tables of pieces, which are missing, that a step passes. */
const missingAtOnce = 64;
const mostBuckets = 1 << mostBucketsLog;

/** Uses twice the buckets; false where somebody else did. */
export function growMap(map: i32, log: i32): bool {
  return compareExchange32((map + hashLog) | 0, log, log + 1);
}

/** Uses half the buckets; false where somebody else did, where only the first piece is left, or while others are being closed. */
export function halveMap(map: i32, log: i32): bool {
  const closing = (map + hashClosing) | 0;
  if (log <= pieceShift || loadCell(closing) !== 0) return false;
  const stamp = stampLoaded();
  if (!compareExchange32((map + hashLog) | 0, log, log - 1)) return false;
  // Who dies before leaves pieces that the next closing comes to.
  swapCell(closing, 0, stamp, 1 << (log - 1));
  return true;
}

/**
 * A step of what is to be closed. `present`: there may be more. `absent`: there is none, or somebody who opens a bucket stands in the
 * way. Else as `placeEntry` returns.
 */
export function shrinkSome(map: i32): i32 {
  if (!isReady(map)) return notAtRest;
  const closing = (map + hashClosing) | 0;
  const bucket = loadCell(closing);
  const stamp = stampLoaded();
  if (bucket === 0) return absent;
  const cell = pieceOfBucket(map, bucket);
  const piece = cell === 0 ? 0 : loadCell(cell);
  const pieceStamp = stampLoaded();
  // Damaged books have any numbers.
  const isSound = isOfStep(bucket) && (piece === 0 || isWithin(pieceIn(piece), 8 << pieceShift));
  if (!isSound) return goOn(closing, bucket, stamp, 0);
  if (piece === 0) return goOn(closing, bucket, stamp, nextPiece(map, bucket));
  if ((piece & cellMarked) === 0) {
    // A new one, where the last closing was not followed by the exchange of its cell.
    if ((bucket & pieceMask) !== 0) return goOn(closing, bucket, stamp, bucket & ~pieceMask);
    const used = 1 << atomicLoad32((map + hashLog) | 0);
    if (lessUnsigned(bucket, used)) return goOn(closing, bucket, stamp, used === mostBuckets ? 0 : used);
    swapCell(cell, piece, pieceStamp, piece | cellMarked);
    return present;
  }
  atomicStore32((ownIntent + intentHazards) | 0, pieceIn(piece));
  const isThatPiece = loadCell(cell) === piece && stampLoaded() === pieceStamp;
  const isThatClosing = loadCell(closing) === bucket && stampLoaded() === stamp;
  let came = absent;
  if (isThatPiece && isThatClosing && !isProtected(pieceIn(piece), worker)) {
    const retired = closeHeads(map, bucket, pieceIn(piece));
    came = present | (retired << retiredShift);
    const next = (bucket + headsAtOnce) | 0;
    if (retired < retiredAtOnce && (next & pieceMask) !== 0) goOn(closing, bucket, stamp, next);
    else if (retired < retiredAtOnce) {
      came = present | (endPiece(cell, piece, pieceStamp) << retiredShift);
      goOn(closing, bucket, stamp, nextPiece(map, bucket));
    }
  }
  letGoEntry();
  return came;
}

/** Whether a step may begin at a bucket. */
function isOfStep(bucket: i32): bool {
  return (bucket & (headsAtOnce - 1)) === 0 && bucket > pieceMask && bucket < mostBuckets;
}

function goOn(closing: i32, bucket: i32, stamp: i32, next: i32): i32 {
  swapCell(closing, bucket, stamp, next);
  return present;
}

/** The first bucket of the next piece, or where a step is over that looks for it; 0: there is none. */
function nextPiece(map: i32, bucket: i32): i32 {
  let next = (bucket | pieceMask) + 1;
  for (let left = missingAtOnce; left > 0 && next < mostBuckets; left--) {
    const cell = pieceOfBucket(map, next);
    if (cell !== 0 && atomicLoad32(cell) !== 0) break;
    const isTable = atomicLoad32(tableOfBucket(map, next)) !== 0;
    next = isTable ? next + pieceMask + 1 : ((next >>> tableShift) + 1) << tableShift;
  }
  return next < mostBuckets ? next : 0;
}

/** Takes the heads of a step out of the list; how many entries the caller has retired. At `retiredAtOnce` there may be more heads. */
function closeHeads(map: i32, bucket: i32, piece: i32): i32 {
  let retired = 0;
  for (let i = 0; i < headsAtOnce && retired < retiredAtOnce; i++) {
    const its = (bucket + i) | 0;
    if (isOut(map, its, (piece + ((its & pieceMask) << 3)) | 0)) continue;
    retired = unlinkMarked(map, turnRound(its) | 1);
  }
  return retired;
}

/** Marks a head that is in the list; true where it never was. */
function isOut(map: i32, bucket: i32, head: i32): bool {
  for (let left = mostTries; left > 0; left--) {
    const value = loadCell(head);
    const stamp = stampLoaded();
    if ((value & cellMarked) !== 0) return false;
    let found = present;
    if ((value & cellApart) !== 0) {
      // Nobody has begun to open it.
      if (stamp === 0) return true;
      beginFor(map, turnRound(bucket));
      found = walkToHead(map, bucket);
    }
    if (found === absent) return true;
    if (found === lost) continue;
    if (swapCell(head, value, stamp, (value & ~cellApart) | cellMarked)) return false;
  }
  return false;
}

/** Ends a piece with no head in the list; how many objects the caller has retired. */
function endPiece(cell: i32, piece: i32, stamp: i32): i32 {
  add32((heapAt + (turnsWord << 2)) | 0, 1);
  if (exchange(cell, piece, stamp, 0, pieceIn(piece))) return retire();
  store32((ownIntent + intentKind) | 0, intentNone);
  return 0;
}

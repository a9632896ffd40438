// What a worker is about in a structure, so that whoever reaps it can end it from the memory alone.
//
//   cell    64 bits that workers exchange: a value, 0 or an address; the stamp of who exchanged it last
//   stamp   worker 7 | count 25: never the same twice within a turn: 2^25 exchanges of one worker, whose quarters the heap counts
//   intent  a fresh object, the cell, the stamp of the exchange, the object that goes out by it
//
//   it took place  ⇔  the cell has the stamp, or somebody noted that it had
//   took place     the fresh object is the structure's, nobody's; the old one is the worker's to end
//   did not        the fresh object ends; the old one stays
//
// Who is about to overwrite a stamp notes it first (a detectable compare-exchange: Attiya, Ben-Baruch & Hendler 2018).
// Plain loads: the own intent and notes, or the intent of the dead worker whom the caller reaps.

import {
  chunkShift,
  intentCell,
  intentCount,
  intentExchange,
  intentFresh,
  intentKind,
  intentNone,
  intentOld,
  intentStamp,
  recordDoomed,
  roundSlot,
  slotLive,
  stampCount,
  stampShift,
  turnCount,
  turnsWord,
} from "../layout/index.ts";
import { roundAt, roundCountIn } from "../magazine/index.ts";
import {
  chunkCount,
  dataAt,
  gaugeAt,
  heapAt,
  intentOf,
  isClass,
  isPlace,
  noteAt,
  ownIntent,
  recordOf,
  statesAt,
  tableBytes,
  worker,
  workerCount,
} from "../places/index.ts";
import {
  add32,
  assert,
  atomicLoad32,
  exchangeCell,
  lessUnsigned,
  load32,
  loadCell,
  stampLoaded,
  store8,
  store32,
} from "../target/index.ts";
import { allocated, findRoundAtRest } from "../worker/index.ts";
import { doom, endDoomed, hasSpaceFor } from "./end.ts";
import { nowhere, ownerAt, ownerIn, passTo, swapOwner } from "./owner.ts";
import { retireOf, retireOwn } from "./retire.ts";

/** Stamps of a worker that are told apart from those which it made 2^25 ago. */
const fewStamps = 0x100000;

/** An object of the class that ends if its worker does, until it is kept; 0 where the shell is to look closer. */
export function allocateFresh(classIndex: i32): i32 {
  assert(isPlace(worker) && isClass(classIndex));
  if (!findRoundAtRest(classIndex)) return 0;
  const round = roundAt(worker, classIndex, roundCountIn(worker, classIndex) - 1);
  const address = load32(round);
  const state = (statesAt + load32((round + roundSlot) | 0) - tableBytes) | 0;
  const gauge = gaugeAt(worker, classIndex);
  const filled = (load32(gauge) + allocated) | 0;
  noteAnew(address);
  // An exception behind the byte is one of an allocation: the next call of the class settles that, and the intent with it.
  store8(state, slotLive | worker);
  store32((ownIntent + intentKind) | 0, intentExchange);
  store32(gauge, filled);
  return address;
}

/** Makes an object of the caller's fresh, which it has allocated otherwise. */
export function noteFresh(address: i32): void {
  noteAnew(address);
  store32((ownIntent + intentKind) | 0, intentExchange);
}

function noteAnew(fresh: i32): void {
  store32((ownIntent + intentFresh) | 0, fresh);
  store32((ownIntent + intentOld) | 0, 0);
  store32((ownIntent + intentCell) | 0, 0);
  store32((ownIntent + intentStamp) | 0, 0);
}

/**
 * Exchanges a cell that was seen with this value and stamp: the fresh object, if there is one, goes in, `old` goes out.
 * False: it was another by then, and the intent stands as before. True: `commit` or `retire` is next.
 */
export function exchange(cell: i32, value: i32, stamp: i32, next: i32, old: i32): bool {
  assert(isPlace(worker) && isCell(cell));
  tell(stamp);
  const own = newStamp();
  if (load32((ownIntent + intentKind) | 0) === intentNone) store32((ownIntent + intentFresh) | 0, 0);
  store32((ownIntent + intentOld) | 0, old);
  store32((ownIntent + intentCell) | 0, cell);
  store32((ownIntent + intentStamp) | 0, own);
  store32((ownIntent + intentKind) | 0, intentExchange);
  return exchangeCell(cell, value, stamp, next, own);
}

/** The exchange took place: what went out is the caller's from now on, and returned; 0 where nothing did. */
export function commit(): i32 {
  const old = own();
  store32((ownIntent + intentKind) | 0, intentNone);
  return old;
}

/** The same where others may still be reading what went out: it ends when nobody does. Returns how many wait for that. */
export function retire(): i32 {
  const old = own();
  const waiting = old === 0 ? 0 : retireOwn(old);
  store32((ownIntent + intentKind) | 0, intentNone);
  return waiting;
}

/** What went in is nobody's, what went out the worker's. */
function own(): i32 {
  const fresh = load32((ownIntent + intentFresh) | 0);
  const old = load32((ownIntent + intentOld) | 0);
  if (fresh !== 0) swapOwner(ownerAt(fresh), slotLive | worker, slotLive);
  return old !== 0 && passTo(ownerAt(old), slotLive | worker) ? old : 0;
}

/** No exchange: what is fresh is nobody's from now on, as it is. */
export function keepFresh(): void {
  const fresh = load32((ownIntent + intentFresh) | 0);
  // With a cell, what is nobody's and did not get there ends (`settleIntent`).
  store32((ownIntent + intentCell) | 0, 0);
  if (fresh !== 0) swapOwner(ownerAt(fresh), slotLive | worker, slotLive);
  store32((ownIntent + intentKind) | 0, intentNone);
}

/** No exchange: what is fresh ends. 0, or its address where the shell is to end it (`end`). */
export function abandon(): i32 {
  const fresh = load32((ownIntent + intentFresh) | 0);
  if (load32((ownIntent + intentKind) | 0) === intentNone || fresh === 0) {
    store32((ownIntent + intentKind) | 0, intentNone);
    return 0;
  }
  const at = ownerAt(fresh);
  const isHere = hasSpaceFor(at);
  doom(at);
  store32((ownIntent + intentKind) | 0, intentNone);
  if (!isHere) return fresh;
  endDoomed(fresh, at);
  return 0;
}

/** Ends an object, also if the caller dies meanwhile: it is the caller's first. 0, or its address where the shell is to end it. */
export function end(address: i32): i32 {
  const at = ownerAt(address);
  if (!passTo(at, slotLive | worker)) return 0;
  const isHere = hasSpaceFor(at);
  doom(at);
  if (!isHere) return address;
  endDoomed(address, at);
  return 0;
}

/** What a worker was about when it died, or when an exception stopped it. What is to end then is doomed, or retired. */
export function settleIntent(w: i32): void {
  assert(isPlace(w));
  const at = intentOf(w);
  if (load32((at + intentKind) | 0) !== intentExchange) return;
  const fresh = load32((at + intentFresh) | 0);
  const old = load32((at + intentOld) | 0);
  const freshAt = fresh === 0 ? nowhere : ownerAt(fresh);
  const cell = load32((at + intentCell) | 0);
  if (tookPlace(cell, load32((at + intentStamp) | 0))) {
    if (freshAt !== nowhere) swapOwner(freshAt, slotLive | w, slotLive);
    if (old !== 0 && passTo(ownerAt(old), slotLive | w)) retireOf(w, old);
  } else {
    // A sender makes its object nobody's before the exchange (core/ring/send.ts): nobody else knows it yet.
    if (cell !== 0 && ownerIn(freshAt) === slotLive) swapOwner(freshAt, slotLive, slotLive | w);
    if (ownerIn(freshAt) === (slotLive | w)) store32((recordOf(w) + recordDoomed) | 0, freshAt);
  }
  store32((at + intentKind) | 0, intentNone);
}

/** Whether the exchange of a stamp took place, of a worker that is dead or the caller. */
export function tookPlace(cell: i32, stamp: i32): bool {
  const w = stamp >>> stampShift;
  if (w === 0 || w > workerCount || !isCell(cell)) return false;
  loadCell(cell);
  if (stampLoaded() === stamp) return true;
  for (let by = 1; by <= workerCount; by++) if (atomicLoad32(noteAt(w, by)) === stamp) return true;
  return false;
}

/**
 * Notes that the exchange of a stamp took place. The exchange that follows publishes it. A note is the latest stamp of its
 * worker's that this one has overwritten: whoever is noted with a later one is done with this.
 */
export function tell(stamp: i32): void {
  const w = stamp >>> stampShift;
  if (w === 0 || w > workerCount || w === worker) return;
  const at = noteAt(w, worker);
  const noted = load32(at);
  if (noted >>> stampShift === w) {
    if (((noted - stamp) & stampCount) < fewStamps) return;
    const isNext = ((stamp - noted) & stampCount) < fewStamps;
    // Which of two that are far apart is later does not show: so the note stays where it may yet be asked for.
    if (!isNext && atomicLoad32((intentOf(w) + intentStamp) | 0) === noted) return;
  }
  store32(at, stamp);
}

export function newStamp(): i32 {
  const count = (load32((ownIntent + intentCount) | 0) + 1) & stampCount;
  if ((count & turnCount) === 0) add32((heapAt + (turnsWord << 2)) | 0, 1);
  store32((ownIntent + intentCount) | 0, count);
  return (worker << stampShift) | count;
}

/** Whether a cell lies in the heap: damaged books may name another. */
export function isCell(cell: i32): bool {
  const chunks = ((dataAt - heapAt) >>> chunkShift) + chunkCount;
  return (cell & 7) === 0 && lessUnsigned((cell - heapAt) >>> chunkShift, chunks);
}

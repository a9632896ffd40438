// A message is received: it goes out of its cell by one exchange, and is the receiver's. Those that were given back come first.
//
//   intent with address, length, tag → cell, free → head → who waits for space is woken → byte 128 + w
//
// Killed before the exchange the receiver has nothing; behind it, before the call has returned, its reaper gives the message
// back (give-back.ts). Of several in one call it gives back the last: those before it are the receiver's.
//
// Plain loads: the receiver's intent; length and tag as in places.ts.

import {
  heldLength,
  heldObject,
  heldRing,
  heldTag,
  intentCell,
  intentKind,
  intentLength,
  intentNone,
  intentOld,
  intentReceive,
  intentRing,
  intentStamp,
  intentTag,
  ringCapacity,
  ringCells,
  ringClosed,
  ringGivenBack,
  ringHead,
  ringId,
  ringListBytes,
  ringMagic,
  ringMark,
  ringMask,
  ringReceivers,
  ringSenders,
  ringSendersAcross,
  ringTail,
  ringTakenUpTo,
  slotLive,
  stampShift,
} from "../layout/index.ts";
import { isPlace, ownIntent, worker, workerCount } from "../places/index.ts";
import {
  doom,
  endDoomed,
  hasSpaceFor,
  isCell,
  newStamp,
  ownerAt,
  setOwner,
  tell,
} from "../structure/index.ts";
import {
  assert,
  atomicLoad32,
  atomicStore32,
  compareExchange32,
  exchangeCell,
  load32,
  loadCell,
  stampLoaded,
  store32,
} from "../target/index.ts";
import { isServed } from "../worker/index.ts";
import {
  cellAt,
  freeFor,
  givenBackAt,
  givenBackLength,
  givenBackTag,
  isMessage,
  isThisRing,
  lengthAt,
  mostAhead,
  moveOnLate,
  passGone,
  ringBytes,
} from "./places.ts";
import { closed, doneAt, empty, notServed, sent, wakeAt } from "./send.ts";

const cellsPerLine = 8;
/** The ring that was received from last, by its number, and the position behind the last message taken; the head at the start of a call. */
let seenSource: i32 = 0;
let takenUpTo: i32 = 0;
let headBefore: i32 = 0;

/**
 * Receives a message: `sent` or `sentAcross`, and the intent's words say which; `empty`, or `closed` and empty. `hold` is 1: it
 * comes back into the ring if the receiver dies before it is done with it.
 */
export function receiveMessage(ring: i32, id: i32, hold: i32): i32 {
  assert(isPlace(worker));
  const holds = hold !== 0;
  if (!isServed() || load32((ownIntent + intentKind) | 0) !== intentNone) return notServed;
  if (!isThisRing(ring, id)) return closed;
  // What it held before is its own from now on.
  store32((ownIntent + heldObject) | 0, 0);
  if (!takeGivenBack(ring, holds)) {
    beginToReceive(ring, id);
    const found = takeNext(ring, holds);
    if (found !== sent) return found;
    moveOnLate((ring + ringHead) | 0, headBefore, takenUpTo);
  }
  wakeAt((ring + ringSenders) | 0);
  finish(holds);
  return doneAt((ring + ringSendersAcross) | 0);
}

/** Receives up to so many messages; each with its address, length and tag goes into a list. How many there were. */
export function receiveMessages(ring: i32, id: i32, list: i32, count: i32): i32 {
  assert(isPlace(worker));
  if (!isServed() || load32((ownIntent + intentKind) | 0) !== intentNone) return notServed;
  if (!isThisRing(ring, id)) return 0;
  store32((ownIntent + heldObject) | 0, 0);
  beginToReceive(ring, id);
  let got = 0;
  for (let at = list; got < count; at = (at + ringListBytes) | 0) {
    if (!takeGivenBack(ring, false) && takeNext(ring, false) !== sent) break;
    store32(at, load32((ownIntent + intentOld) | 0));
    store32((at + 4) | 0, load32((ownIntent + intentLength) | 0));
    store32((at + 8) | 0, load32((ownIntent + intentTag) | 0));
    finish(false);
    got++;
  }
  moveOnLate((ring + ringHead) | 0, headBefore, takenUpTo);
  if (got > 0) wakeAt((ring + ringSenders) | 0);
  return got;
}

/** Where to begin: behind the last message that was taken from here, or at the head where others were faster. */
function beginToReceive(ring: i32, id: i32): void {
  headBefore = atomicLoad32((ring + ringHead) | 0);
  const ahead = (takenUpTo - headBefore) | 0;
  if (seenSource === id && ahead >= 0 && ahead < mostAhead) return;
  seenSource = id;
  takenUpTo = headBefore;
}

/** Takes the next message out; the intent says which, and is not ended. */
function takeNext(ring: i32, holds: bool): i32 {
  let isClosed = false;
  while (true) {
    const cell = cellAt(ring, takenUpTo);
    const value = loadCell(cell);
    const stamp = stampLoaded();
    if (value === freeFor(takenUpTo)) {
      if (isClosed) return closed;
      if (atomicLoad32((ring + ringClosed) | 0) === 0) return empty;
      // Of a ring that was closed before this look at the cell, and empty then, nothing comes any more.
      isClosed = true;
      continue;
    }
    if (!isMessage(value)) {
      takenUpTo = (takenUpTo + 1) | 0;
      continue;
    }
    // While the head is not beyond the position, nobody has put another message there.
    const head = atomicLoad32((ring + ringHead) | 0);
    if (((head - takenUpTo) | 0) > 0) {
      takenUpTo = head;
      continue;
    }
    if ((takenUpTo & (cellsPerLine - 1)) === 0) bringLines(ring);
    const entry = lengthAt(ring, stamp >>> stampShift, takenUpTo);
    const next = freeFor((takenUpTo + load32((ring + ringMask) | 0) + 1) | 0);
    if (!takeOut(ring, cell, value, stamp, next, load32(entry), load32((entry + 4) | 0), holds)) continue;
    takenUpTo = (takenUpTo + 1) | 0;
    return sent;
  }
}

/**
 * Reads a word of the objects that come next: their lines come at once, where they would come one by one, between exchanges. Of 64
 * bytes a message takes 90 ns so, and 105 without; several in a call 70 and 84.
 */
function bringLines(ring: i32): void {
  for (let i = 1; i < cellsPerLine; i++) {
    const value = atomicLoad32(cellAt(ring, (takenUpTo + i) | 0));
    if (isMessage(value) && isCell(value)) atomicLoad32(value);
  }
}

/** The exchange. Before it the intent has all that giving the message back would take. */
function takeOut(
  ring: i32,
  cell: i32,
  value: i32,
  stamp: i32,
  next: i32,
  length: i32,
  tag: i32,
  holds: bool,
): bool {
  tell(stamp);
  const own = newStamp();
  store32((ownIntent + intentOld) | 0, value);
  store32((ownIntent + intentCell) | 0, cell);
  store32((ownIntent + intentRing) | 0, ring);
  store32((ownIntent + intentLength) | 0, length);
  store32((ownIntent + intentTag) | 0, tag);
  store32((ownIntent + intentStamp) | 0, own);
  store32((ownIntent + intentKind) | 0, intentReceive);
  if (holds) {
    store32((ownIntent + heldRing) | 0, ring);
    store32((ownIntent + heldLength) | 0, length);
    store32((ownIntent + heldTag) | 0, tag);
  }
  if (exchangeCell(cell, value, stamp, next, own)) return true;
  store32((ownIntent + intentKind) | 0, intentNone);
  return false;
}

/** What was taken is the receiver's. */
function finish(holds: bool): void {
  const value = load32((ownIntent + intentOld) | 0);
  setOwner(ownerAt(value), slotLive, slotLive | worker);
  if (holds) store32((ownIntent + heldObject) | 0, value);
  store32((ownIntent + intentKind) | 0, intentNone);
}

/**
 * Takes a message that was given back, the own place's first: so that its entry is free while its worker has another. The
 * entries are gone over only while some message was given back since they were all found empty.
 */
function takeGivenBack(ring: i32, holds: bool): bool {
  const count = atomicLoad32((ring + ringGivenBack) | 0);
  const upTo = atomicLoad32((ring + ringTakenUpTo) | 0);
  if (count === upTo) return false;
  for (let i = 0; i < workerCount; i++) {
    const place = worker + i > workerCount ? worker + i - workerCount : worker + i;
    const entry = givenBackAt(ring, place);
    const value = loadCell(entry);
    const stamp = stampLoaded();
    if (value === 0) continue;
    // As they are while the entry has the message: if the exchange takes place, it had.
    const length = load32((entry + givenBackLength) | 0);
    const tag = load32((entry + givenBackTag) | 0);
    if (takeOut(ring, entry, value, stamp, 0, length, tag, holds)) return true;
  }
  compareExchange32((ring + ringTakenUpTo) | 0, upTo, count);
  return false;
}

/** Ends the message that the receiver holds. 0, or its address where the shell is to end it; 0 where there is none. */
export function endHeld(): i32 {
  const held = load32((ownIntent + heldObject) | 0);
  if (held === 0) return 0;
  const at = ownerAt(held);
  const isHere = hasSpaceFor(at);
  doom(at);
  store32((ownIntent + heldObject) | 0, 0);
  if (!isHere) return held;
  endDoomed(held, at);
  return 0;
}

/** From now on nothing is sent. Who sleeps is told. */
export function closeRing(ring: i32): void {
  atomicStore32((ring + ringClosed) | 0, 1);
  wakeAt((ring + ringReceivers) | 0);
  wakeAt((ring + ringSenders) | 0);
}

/** Makes a ring of an object: the cells follow what a ring has of itself. */
export function formatRing(ring: i32, capacity: i32, cellCount: i32): void {
  const cells = ringBytes();
  for (let at = 0; at < cells + (cellCount << 3); at += 4) store32((ring + at) | 0, 0);
  for (let position = 0; position < cellCount; position++)
    store32((ring + cells + (position << 3)) | 0, freeFor(position));
  store32((ring + ringCapacity) | 0, capacity);
  store32((ring + ringMask) | 0, cellCount - 1);
  store32((ring + ringCells) | 0, (ring + cells) | 0);
  store32((ring + ringId) | 0, newStamp());
  store32((ring + ringMagic) | 0, ringMark);
}

/** Whether there is a message, as one look tells: or else something to be told by a receive. */
export function hasMessage(ring: i32, id: i32): i32 {
  if (!isThisRing(ring, id)) return 1;
  if (atomicLoad32((ring + ringGivenBack) | 0) !== atomicLoad32((ring + ringTakenUpTo) | 0)) return 1;
  beginToReceive(ring, id);
  takenUpTo = passGone(ring, takenUpTo);
  return isMessage(loadCell(cellAt(ring, takenUpTo))) ? 1 : 0;
}

/** Messages in a ring, as one look tells. */
export function ringSize(ring: i32): i32 {
  const head = passGone(ring, atomicLoad32((ring + ringHead) | 0));
  const capacity = load32((ring + ringCapacity) | 0);
  const tail = atomicLoad32((ring + ringTail) | 0);
  let at = ((tail - head) | 0) > 0 ? tail : head;
  while (((at - head) | 0) < capacity && loadCell(cellAt(ring, at)) !== freeFor(at)) at = (at + 1) | 0;
  return (at - head) | 0;
}

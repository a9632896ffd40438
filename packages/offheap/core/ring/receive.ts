// A message is received: it goes out of its cell by one exchange, and is the receiver's. Those that were given back come first.
//
//   intent with address, length, tag → cell 0 → head → byte 128 + w → who waits for space is woken
//
// Killed before the exchange the receiver has nothing; behind it, before the call has returned, its reaper gives the message
// back (give-back.ts).
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
  ringMagic,
  ringMark,
  ringMask,
  ringReceivers,
  ringSenders,
  ringTail,
  ringTakenUpTo,
  slotLive,
  stampShift,
} from "../layout/index.ts";
import { isPlace, ownIntent, worker, workerCount } from "../places/index.ts";
import { doom, endDoomed, hasSpaceFor, newStamp, ownerAt, setOwner, tell } from "../structure/index.ts";
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
import { cellAt, givenBackAt, givenBackLength, givenBackTag, lengthAt, ringBytes } from "./places.ts";
import { closed, empty, notServed, passHead, sent, wakeAt } from "./send.ts";

/** The ring that was received from last, by its number, and where its tail was then. */
let seenSource: i32 = 0;
let seenTail: i32 = 0;

/**
 * Receives a message: `sent`, and the intent's words say which; `empty`, or `closed` and empty. `holds`: it comes back into
 * the ring if the receiver dies before it is done with it.
 */
export function receiveMessage(ring: i32, holds: bool): i32 {
  assert(isPlace(worker));
  if (!isServed() || load32((ownIntent + intentKind) | 0) !== intentNone) return notServed;
  // What it held before is its own from now on.
  store32((ownIntent + heldObject) | 0, 0);
  if (takeGivenBack(ring, holds)) return sent;
  while (true) {
    // Before the tail: of a ring that was closed, and empty after that, nothing comes any more.
    const isClosed = atomicLoad32((ring + ringClosed) | 0) !== 0;
    const head = atomicLoad32((ring + ringHead) | 0);
    const tail = tailFor(ring, head);
    const cell = cellAt(ring, head);
    const value = loadCell(cell);
    const stamp = stampLoaded();
    if (atomicLoad32((ring + ringHead) | 0) !== head) continue;
    if (value === 0) {
      if (tail === head) return isClosed ? closed : empty;
      passHead(ring, head);
    } else if (tail === head) compareExchange32((ring + ringTail) | 0, tail, (tail + 1) | 0);
    else {
      const entry = lengthAt(ring, stamp >>> stampShift, head);
      if (!takeOut(ring, cell, value, stamp, load32(entry), load32((entry + 4) | 0), holds)) continue;
      compareExchange32((ring + ringHead) | 0, head, (head + 1) | 0);
      finish(ring, value, holds);
      return sent;
    }
  }
}

/** The tail, or what it was at some time: that is less, and does where it is behind the head. */
function tailFor(ring: i32, head: i32): i32 {
  const id = load32((ring + ringId) | 0);
  if (seenSource === id && ((seenTail - head) | 0) > 0) return seenTail;
  seenSource = id;
  seenTail = atomicLoad32((ring + ringTail) | 0);
  return seenTail;
}

/** The exchange. Before it the intent has all that giving the message back would take. */
function takeOut(ring: i32, cell: i32, value: i32, stamp: i32, length: i32, tag: i32, holds: bool): bool {
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
  if (exchangeCell(cell, value, stamp, 0, own)) return true;
  store32((ownIntent + intentKind) | 0, intentNone);
  return false;
}

function finish(ring: i32, value: i32, holds: bool): void {
  wakeAt((ring + ringSenders) | 0);
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
    if (!takeOut(ring, entry, value, stamp, length, tag, holds)) continue;
    finish(ring, value, holds);
    return true;
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
  store32((ring + ringCapacity) | 0, capacity);
  store32((ring + ringMask) | 0, cellCount - 1);
  store32((ring + ringCells) | 0, (ring + cells) | 0);
  store32((ring + ringId) | 0, newStamp());
  store32((ring + ringMagic) | 0, ringMark);
}

/** Whether there is a message, as one look tells. */
export function hasMessage(ring: i32): i32 {
  const isGivenBack = atomicLoad32((ring + ringGivenBack) | 0) !== atomicLoad32((ring + ringTakenUpTo) | 0);
  const head = atomicLoad32((ring + ringHead) | 0);
  return isGivenBack || loadCell(cellAt(ring, head)) !== 0 || atomicLoad32((ring + ringTail) | 0) !== head
    ? 1
    : 0;
}

/** Messages in a ring, as its counters tell. */
export function ringSize(ring: i32): i32 {
  const head = atomicLoad32((ring + ringHead) | 0);
  return (atomicLoad32((ring + ringTail) | 0) - head) | 0;
}

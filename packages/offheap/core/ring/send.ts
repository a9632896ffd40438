// A message is sent: the object of the sender is nobody's, and in a cell, by one exchange.
//
//   free cell at the tail → length and tag into the sender's table → intent → byte 128 → cell → tail → who sleeps is woken
//
// Killed before the exchange the sender still has the object; behind it the ring has. Who died before waking a sleeper has it
// woken by its reaper.
//
// Plain loads: the sender's intent.

import {
  heldObject,
  intentCell,
  intentExchange,
  intentFresh,
  intentKind,
  intentNone,
  intentRing,
  intentSend,
  intentStamp,
  ringCapacity,
  ringClosed,
  ringHead,
  ringId,
  ringReceivers,
  ringTail,
  slotLive,
} from "../layout/index.ts";
import { isPlace, ownIntent, worker } from "../places/index.ts";
import { newStamp, ownerAt, ownerIn, setOwner, tell } from "../structure/index.ts";
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
  wake,
} from "../target/index.ts";
import { isServed } from "../worker/index.ts";
import { cellAt, lengthAt, tableCell } from "./places.ts";

/** The ring that was sent to last, by its number, and where its head was then. */
let seenRing: i32 = 0;
let seenHead: i32 = 0;

// What the calls of a ring come to.
/** The shell is to look closer: an exception cut something short, or the worker is none any more. */
export const notServed = -1;
export const full = 0;
export const empty = 0;
export const sent = 1;
export const closed = 2;
/** The object is not the sender's. */
export const notOwn = 3;
/** The sender has no table yet. */
export const noTable = 4;

/**
 * Sends an object of the caller's, one that is fresh or another. It is the ring's then, and later the receiver's. Where it
 * cannot be sent, the intent stands as before.
 */
export function sendMessage(ring: i32, address: i32, length: i32, tag: i32): i32 {
  assert(isPlace(worker));
  const kind = load32((ownIntent + intentKind) | 0);
  const isFresh = kind === intentExchange && load32((ownIntent + intentFresh) | 0) === address;
  if (!isServed() || (kind !== intentNone && !isFresh)) return notServed;
  const owner = ownerAt(address);
  if (ownerIn(owner) !== (slotLive | worker)) return notOwn;
  if (load32(tableCell(ring, worker)) === 0) return noTable;
  if (atomicLoad32((ring + ringClosed) | 0) !== 0) return closed;
  const capacity = load32((ring + ringCapacity) | 0);
  while (true) {
    const tail = atomicLoad32((ring + ringTail) | 0);
    const head = headFor(ring, tail, capacity);
    const cell = cellAt(ring, tail);
    const value = loadCell(cell);
    const stamp = stampLoaded();
    // Then the cell is as it was while the tail stood there.
    if (atomicLoad32((ring + ringTail) | 0) !== tail) continue;
    if (((tail - head) | 0) >= capacity) {
      if (!passHead(ring, head)) return full;
    } else if (value !== 0) compareExchange32((ring + ringTail) | 0, tail, (tail + 1) | 0);
    else if (put(ring, cell, tail, stamp, address, length, tag, owner, isFresh)) return sent;
  }
}

/**
 * The head, or what it was at some time: that is less, and does where it leaves space. So a sender meets the word that all
 * receivers write once in as many messages as the ring has.
 */
function headFor(ring: i32, tail: i32, capacity: i32): i32 {
  const id = load32((ring + ringId) | 0);
  const behind = (tail - seenHead) | 0;
  if (seenRing === id && behind >= 0 && behind < capacity) return seenHead;
  seenRing = id;
  seenHead = atomicLoad32((ring + ringHead) | 0);
  return seenHead;
}

/** Moves the head on if its message is gone; false when it is there. */
export function passHead(ring: i32, head: i32): bool {
  const value = loadCell(cellAt(ring, head));
  if (atomicLoad32((ring + ringHead) | 0) !== head) return true;
  if (value !== 0) return false;
  compareExchange32((ring + ringHead) | 0, head, (head + 1) | 0);
  return true;
}

function put(
  ring: i32,
  cell: i32,
  tail: i32,
  stamp: i32,
  address: i32,
  length: i32,
  tag: i32,
  owner: i32,
  isFresh: bool,
): bool {
  const entry = lengthAt(ring, worker, tail);
  store32(entry, length);
  store32((entry + 4) | 0, tag);
  tell(stamp);
  const own = newStamp();
  store32((ownIntent + intentFresh) | 0, address);
  store32((ownIntent + intentCell) | 0, cell);
  store32((ownIntent + intentRing) | 0, ring);
  store32((ownIntent + intentStamp) | 0, own);
  if (!isFresh) store32((ownIntent + intentKind) | 0, intentSend);
  setOwner(owner, slotLive | worker, slotLive);
  if (!exchangeCell(cell, 0, stamp, address, own)) {
    setOwner(owner, slotLive, slotLive | worker);
    if (!isFresh) store32((ownIntent + intentKind) | 0, intentNone);
    return false;
  }
  compareExchange32((ring + ringTail) | 0, tail, (tail + 1) | 0);
  wakeAt((ring + ringReceivers) | 0);
  // It is not held any more, if it is the message that its sender held.
  if (load32((ownIntent + heldObject) | 0) === address) store32((ownIntent + heldObject) | 0, 0);
  store32((ownIntent + intentKind) | 0, intentNone);
  return true;
}

/** Wakes those who sleep at a word of the ring, if there may be any. No call of the system else. */
export function wakeAt(at: i32): void {
  if (atomicLoad32(at) === 0) return;
  atomicStore32(at, 0);
  wake(at);
}

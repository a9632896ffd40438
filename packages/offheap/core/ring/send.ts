// A message is sent: the object of the sender is nobody's, and in a cell, by one exchange.
//
//   free cell at the tail → length and tag into the sender's table → intent → byte 128 → cell → tail → who sleeps is woken
//
// Killed before the exchange the sender still has the object; behind it the ring has. Of several in one call the intent is the
// last one's: those before it are sent. Who died before waking a sleeper has it woken by its reaper.
//
// Plain loads: the sender's intent; its own messages to send.

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
  ringListBytes,
  ringReceivers,
  ringReceiversAcross,
  ringTail,
  slotLive,
} from "../layout/index.ts";
import { isPlace, ownIntent, worker } from "../places/index.ts";
import { newStamp, ownerAt, ownerIn, setOwner, tell } from "../structure/index.ts";
import {
  assert,
  atomicLoad32,
  atomicStore32,
  exchangeCell,
  load32,
  loadCell,
  stampLoaded,
  store32,
  wake,
} from "../target/index.ts";
import { isServed } from "../worker/index.ts";
import {
  cellAt,
  freeFor,
  isThisRing,
  lengthAt,
  mostAhead,
  moveOn,
  moveOnLate,
  passGone,
  tableCell,
} from "./places.ts";

/** The ring that was sent to last, by its number: its head at some time, and the position behind the last message sent. */
let seenRing: i32 = 0;
let seenHead: i32 = 0;
let sentUpTo: i32 = 0;
/** The tail at the start of a call. */
let tailBefore: i32 = 0;

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
/** As `sent`; and whoever may sleep where other processes can wake them is the shell's to wake. */
export const sentAcross = 5;

/**
 * Sends an object of the caller's, one that is fresh or another. It is the ring's then, and later the receiver's. Where it
 * cannot be sent, the intent stands as before. A ring of another number than `id` is one that was destroyed: it is closed.
 */
export function sendMessage(ring: i32, id: i32, address: i32, length: i32, tag: i32): i32 {
  assert(isPlace(worker));
  const kind = load32((ownIntent + intentKind) | 0);
  const isFresh = kind === intentExchange && load32((ownIntent + intentFresh) | 0) === address;
  if (!isServed() || (kind !== intentNone && !isFresh)) return notServed;
  if (!isThisRing(ring, id)) return closed;
  beginToSend(ring, id);
  const found = sendNext(ring, address, length, tag, isFresh);
  if (found === sent) {
    endToSend(ring);
    return doneAt((ring + ringReceiversAcross) | 0);
  }
  if (!isFresh) store32((ownIntent + intentKind) | 0, intentNone);
  return found;
}

/** Sends so many objects of the caller's, as a list has them: address, length, tag. How many went before one did not. */
export function sendMessages(ring: i32, id: i32, list: i32, count: i32): i32 {
  assert(isPlace(worker));
  if (!isServed() || load32((ownIntent + intentKind) | 0) !== intentNone) return notServed;
  if (!isThisRing(ring, id)) return 0;
  beginToSend(ring, id);
  let went = 0;
  for (let at = list; went < count; at = (at + ringListBytes) | 0) {
    const address = load32(at);
    if (sendNext(ring, address, load32((at + 4) | 0), load32((at + 8) | 0), false) !== sent) break;
    went++;
  }
  if (went > 0) endToSend(ring);
  else store32((ownIntent + intentKind) | 0, intentNone);
  return went;
}

/** Where to begin: behind the last message that was sent from here, or at the tail. */
function beginToSend(ring: i32, id: i32): void {
  tailBefore = atomicLoad32((ring + ringTail) | 0);
  const ahead = (sentUpTo - tailBefore) | 0;
  if (seenRing === id && ahead >= 0 && ahead < mostAhead) return;
  sentUpTo = tailBefore;
  if (seenRing === id) return;
  seenRing = id;
  seenHead = atomicLoad32((ring + ringHead) | 0);
}

/** Who waits is woken after all cells have their messages: one that looks before that has them. */
function endToSend(ring: i32): void {
  moveOnLate((ring + ringTail) | 0, tailBefore, sentUpTo);
  wakeAt((ring + ringReceivers) | 0);
  store32((ownIntent + intentKind) | 0, intentNone);
}

function sendNext(ring: i32, address: i32, length: i32, tag: i32, isFresh: bool): i32 {
  const owner = ownerAt(address);
  if (ownerIn(owner) !== (slotLive | worker)) return notOwn;
  if (load32(tableCell(ring, worker)) === 0) return noTable;
  if (atomicLoad32((ring + ringClosed) | 0) !== 0) return closed;
  const capacity = load32((ring + ringCapacity) | 0);
  while (true) {
    if (!hasSpaceAt(ring, sentUpTo, capacity)) return full;
    const cell = cellAt(ring, sentUpTo);
    const value = loadCell(cell);
    const stamp = stampLoaded();
    if (value !== freeFor(sentUpTo)) sentUpTo = (sentUpTo + 1) | 0;
    else if (put(ring, cell, value, stamp, address, length, tag, owner, isFresh)) return sent;
  }
}

/**
 * Whether a message may be at a position: it is less than the capacity ahead of the head, or of what that was at some time. So
 * a sender meets the word that receivers write once in as many messages as the ring has.
 */
function hasSpaceAt(ring: i32, position: i32, capacity: i32): bool {
  const behind = (position - seenHead) | 0;
  if (behind >= 0 && behind < capacity) return true;
  const headAt = (ring + ringHead) | 0;
  // Moved on first: a receiver that sees the head at or before a position knows whose message its cell has.
  const head = passGone(ring, atomicLoad32(headAt));
  moveOn(headAt, head);
  seenHead = head;
  return ((position - head) | 0) < capacity;
}

function put(
  ring: i32,
  cell: i32,
  value: i32,
  stamp: i32,
  address: i32,
  length: i32,
  tag: i32,
  owner: i32,
  isFresh: bool,
): bool {
  const entry = lengthAt(ring, worker, sentUpTo);
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
  if (!exchangeCell(cell, value, stamp, address, own)) {
    setOwner(owner, slotLive, slotLive | worker);
    return false;
  }
  sentUpTo = (sentUpTo + 1) | 0;
  // It is not held any more, if it is the message that its sender held.
  if (load32((ownIntent + heldObject) | 0) === address) store32((ownIntent + heldObject) | 0, 0);
  return true;
}

/** Whether the shell is to wake those who sleep at a word that other processes know. */
export function doneAt(across: i32): i32 {
  return atomicLoad32(across) === 0 ? sent : sentAcross;
}

/** Wakes those who sleep at a word of the ring, if there may be any. No call of the system else. */
export function wakeAt(at: i32): void {
  if (atomicLoad32(at) === 0) return;
  atomicStore32(at, 0);
  wake(at);
}

/** Whether there is space for a message, as one look tells: or else something to be told by a send. */
export function hasSpaceForMessage(ring: i32, id: i32): i32 {
  if (!isThisRing(ring, id)) return 1;
  beginToSend(ring, id);
  while (true) {
    const position = sentUpTo;
    if (!hasSpaceAt(ring, position, load32((ring + ringCapacity) | 0))) return 0;
    if (loadCell(cellAt(ring, position)) === freeFor(position)) return 1;
    sentUpTo = (position + 1) | 0;
  }
}

// What a worker was about in a ring when it died, or when an exception stopped it.
//
//   sending      the object is the worker's still, or the ring's; a sleeper is woken
//   receiving    what it had taken out goes into the entry of its place, from where it is received before all others
//   holding      the same, while the object is the worker's
//
// Giving back is an exchange of whoever reaps: its stamp goes into the dead worker's intent first, so that the next reaper can
// tell whether it took place.
//
// Plain loads: the intent of the dead worker whom the caller reaps, or its own; the entry, which only that place's reaper fills.

import {
  heldLength,
  heldObject,
  heldRing,
  heldTag,
  intentBackStamp,
  intentCell,
  intentFresh,
  intentGiveBack,
  intentKind,
  intentLength,
  intentNone,
  intentOld,
  intentReceive,
  intentRing,
  intentSend,
  intentStamp,
  intentTag,
  ringGivenBack,
  ringMagic,
  ringMark,
  ringReceivers,
  slotLive,
} from "../layout/index.ts";
import { intentOf, isPlace, ownIntent } from "../places/index.ts";
import { isCell, newStamp, ownerAt, ownerIn, passTo, tell, tookPlace } from "../structure/index.ts";
import { add32, assert, exchangeCell, load32, loadCell, stampLoaded, store32 } from "../target/index.ts";
import { givenBackAt, givenBackLength, givenBackTag } from "./places.ts";
import { wakeAt } from "./send.ts";

/** Settles what a worker was about in a ring. Can be done again from the start. */
export function settleRing(w: i32): void {
  assert(isPlace(w));
  const at = intentOf(w);
  const kind = load32((at + intentKind) | 0);
  const ring = load32((at + intentRing) | 0);
  const isThere = isRing(ring);
  if (kind === intentSend && isThere) settleSend(w, at, ring);
  if (kind === intentReceive && isThere && hasTaken(at)) {
    store32((at + intentBackStamp) | 0, 0);
    store32((at + intentKind) | 0, intentGiveBack);
  }
  if (load32((at + intentKind) | 0) === intentGiveBack && isThere) giveMessageBack(w, at, ring);
  store32((at + intentKind) | 0, intentNone);
  const held = load32((at + heldObject) | 0);
  const heldIn = load32((at + heldRing) | 0);
  if (held !== 0 && isRing(heldIn) && ownerIn(ownerAt(held)) === (slotLive | w)) {
    prepareToGiveBack(at, heldIn, held);
    giveMessageBack(w, at, heldIn);
    store32((at + intentKind) | 0, intentNone);
  }
  store32((at + heldObject) | 0, 0);
}

function hasTaken(at: i32): bool {
  return tookPlace(load32((at + intentCell) | 0), load32((at + intentStamp) | 0));
}

/** Damaged books may name another. */
function isRing(ring: i32): bool {
  return ring !== 0 && isCell(ring) && load32((ring + ringMagic) | 0) === ringMark;
}

function settleSend(w: i32, at: i32, ring: i32): void {
  if (!hasTaken(at)) passTo(ownerAt(load32((at + intentFresh) | 0)), slotLive | w);
  // Also where it did not take place: of several those before it may have.
  wakeAt((ring + ringReceivers) | 0);
}

/** From now on the intent, which was none, is to give the message back that the worker held. */
function prepareToGiveBack(at: i32, ring: i32, message: i32): void {
  store32((at + intentOld) | 0, message);
  store32((at + intentRing) | 0, ring);
  store32((at + intentLength) | 0, load32((at + heldLength) | 0));
  store32((at + intentTag) | 0, load32((at + heldTag) | 0));
  store32((at + intentBackStamp) | 0, 0);
  store32((at + intentKind) | 0, intentGiveBack);
}

function giveMessageBack(w: i32, at: i32, ring: i32): void {
  const entry = givenBackAt(ring, w);
  if (!tookPlace(entry, load32((at + intentBackStamp) | 0))) {
    const message = load32((at + intentOld) | 0);
    // Only the reapers of this place fill its entry, and it was emptied before its worker took another message.
    const before = loadCell(entry);
    const stamp = stampLoaded();
    if (before !== 0 || !passTo(ownerAt(message), slotLive)) return;
    store32((entry + givenBackLength) | 0, load32((at + intentLength) | 0));
    store32((entry + givenBackTag) | 0, load32((at + intentTag) | 0));
    tell(stamp);
    const own = newStamp();
    store32((ownIntent + intentStamp) | 0, own);
    store32((at + intentBackStamp) | 0, own);
    exchangeCell(entry, 0, stamp, message, own);
  }
  add32((ring + ringGivenBack) | 0, 1);
  wakeAt((ring + ringReceivers) | 0);
}

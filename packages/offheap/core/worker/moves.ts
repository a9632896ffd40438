// reallocate, as far as it is common: the object stays, as it is or longer or shorter, or moves from slot to slot. What is
// rare, or wrong, is the shell's (src/pool/moves.ts): 0, and the object is as it was.
//
//   the bytes, into a slot that is the caller's · a new object there, doomed · the old one doomed instead: from here on the
//   move has taken place · the old one freed · nothing doomed
//
// From the first of these stores on no function is called but verbs, none of which needs more of the stack than the one
// before it: so no exception passes, and the fast calls need not be closed.
//
// Plain loads: the worker's own record; state bytes and the map as in calls.ts.

import { mapOf } from "../arena/index.ts";
import { resizeLarge } from "../large/index.ts";
import {
  chunkShift,
  granuleShift,
  journalIdle,
  mapClassMask,
  recordDoomed,
  roundSlot,
  slotLive,
  wideBytes,
} from "../layout/index.ts";
import { holdsSlot, roundAt, roundCountIn, slotOfRound } from "../magazine/index.ts";
import { writeJournal } from "../pages/index.ts";
import {
  chunkCount,
  classCount,
  dataAt,
  gaugeAt,
  objectBytes,
  ownRecord,
  spaceMask,
  statesAt,
  tableBytes,
  worker,
} from "../places/index.ts";
import {
  constant8,
  copyBytes,
  least,
  lessUnsigned,
  load8,
  load32,
  store8,
  store32,
} from "../target/index.ts";
import { allocated, isAtRest, slotAt } from "./halves.ts";
import { done, ensureRound, nothing } from "./slow.ts";

/** What stands for the new object while a move is under way; else 0. */
let doomOfNext: i32 = 0;

/** Not 0 where an exception cut a move short, whose new object is yet to be ended. */
export function doomOfMove(): i32 {
  return doomOfNext;
}

/** What was cut short is settled. */
export function endMove(): void {
  doomOfNext = 0;
}

/** The address of an object of `bytes` bytes, made of the one at an address; 0 where the shell is to look closer. */
export function reallocateInCore(address: i32, bytes: i32): i32 {
  const chunk = (address - dataAt) >>> chunkShift;
  const isUnderWay = load32((ownRecord + recordDoomed) | 0) !== 0 || doomOfNext !== 0;
  if (!lessUnsigned(chunk, chunkCount) || isUnderWay || !isAtRest()) return 0;
  const entry = mapOf(chunk);
  const from = entry & mapClassMask;
  const to = classFor(bytes);
  const isSlot = to !== 0 && objectBytes(to) <= wideBytes;
  if (from === 0) return resizeLarge(address, chunk, entry, bytes, isSlot) ? address : 0;
  const slot = slotAt(address, chunk, entry);
  const state = slot < 0 ? 0 : load8((statesAt + slot) | 0);
  if (from === to) return state >= slotLive ? address : 0;
  return isSlot && state === (slotLive | worker) ? moveSlot(address, slot, from, to, bytes) : 0;
}

/** The class of a request; 0: none. */
function classFor(bytes: i32): i32 {
  if (!lessUnsigned(bytes - 1, objectBytes(classCount))) return 0;
  return constant8((statesAt - tableBytes + ((bytes + 7) >>> granuleShift)) | 0);
}

/** Moves the caller's object to a slot of another class. */
function moveSlot(address: i32, slot: i32, from: i32, to: i32, bytes: i32): i32 {
  // It may have other magazines' rounds go home, so what they have is looked at afterwards.
  if (!hasRound(to)) return 0;
  const gaugeFrom = gaugeAt(worker, from);
  const filledFrom = load32(gaugeFrom);
  if ((filledFrom & spaceMask) <= 1) return 0;
  const gaugeTo = gaugeAt(worker, to);
  const topAt = roundAt(worker, to, roundCountIn(worker, to) - 1);
  const above = roundAt(worker, from, roundCountIn(worker, from));
  const next = load32(topAt);
  const nextSlot = (load32((topAt + roundSlot) | 0) - tableBytes) | 0;
  const count = least(objectBytes(from), (bytes + 7) & -8);
  if (!isInData(address, count) || !isInData(next, count)) return 0;
  const doomedAt = (ownRecord + recordDoomed) | 0;
  const live = slotLive | worker;
  const filledTo = (load32(gaugeTo) + allocated) | 0;
  copyBytes(next, address, count);
  // Another free of the object, illegal or of a stale address, may have come meanwhile: the shell says so.
  if (load8((statesAt + slot) | 0) !== live) return 0;
  doomOfNext = 1 + nextSlot;
  store32(doomedAt, 1 + nextSlot);
  store8((statesAt + nextSlot) | 0, live);
  store32(gaugeTo, filledTo);
  store32(doomedAt, 1 + slot);
  store32(above, address);
  store32((above + roundSlot) | 0, slot + tableBytes);
  store8((statesAt + slot) | 0, worker);
  store32(gaugeFrom, (filledFrom + 1) | 0);
  store32(doomedAt, 0);
  doomOfNext = 0;
  return next;
}

/** Sees to it that a magazine's top is a slot to allocate; false where the shell is to look closer. */
function hasRound(classIndex: i32): bool {
  if (holdsTop(classIndex)) return true;
  const found = ensureRound(classIndex);
  if (found === nothing) writeJournal(journalIdle);
  return found === done && holdsTop(classIndex);
}

function holdsTop(classIndex: i32): bool {
  const roundCount = roundCountIn(worker, classIndex);
  return roundCount > 0 && holdsSlot(classIndex, slotOfRound(worker, classIndex, roundCount - 1));
}

/** Whether bytes lie among the objects; damaged books may say otherwise. */
function isInData(at: i32, bytes: i32): bool {
  return lessUnsigned((at - dataAt) | 0, ((chunkCount << chunkShift) - bytes + 1) | 0);
}

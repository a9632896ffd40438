// What allocate and deallocate do when a magazine is empty or full, as far as it happens often. The journal says "moving"
// while slots move between magazine and slabs.

import { claimOf, classOf, isSlab, setNext } from "../arena/index.ts";
import { infoFreeCount, journalIdle, journalMoving, noChunk } from "../layout/index.ts";
import {
  drain,
  foldGauge,
  holdsSlot,
  refill,
  refillHome,
  roundCountIn,
  slotOfRound,
  takeFrom,
  threeQuarters,
  uncount,
} from "../magazine/index.ts";
import { writeJournal } from "../pages/index.ts";
import {
  classCount,
  cleanupInterval,
  infoAt,
  isClass,
  isPlace,
  roundLimit,
  slabSet,
  worker,
} from "../places/index.ts";
import { buildSlab, releaseEmpty, releaseIfEmpty, slotsOf } from "../slab/index.ts";
import { assert, glance32 } from "../target/index.ts";
import { settle } from "./settle.ts";

/** What `ensureRound` and `ensureSpace` found. */
export const corrupt = -1;
export const nothing = 0;
export const done = 1;
/** And a clean-up took place: the shell's part of it is due. */
export const cleanedUp = 2;
/** The same, but nothing is freed yet: the shell does its part first, and calls again. */
export const cleanUpFirst = 3;

/** Slabs that are looked at, of a class and of all empty ones, so that no single call pays for many. */
const looks = 4;
/**
 * Slabs that one periodic clean-up gives back at most. With 4 it fell behind where slabs have few slots: objects of 9,000 bytes
 * were freed in reverse, and what was placed among the slabs left over cut the heap so that a third of it served no long object.
 */
const slabsPerCleanup = 16;

/** Slots sent home since the last clean-up: only these can have emptied a slab. */
let sentHome: i32 = 0;
/** Classes whose rounds have gone home at some time, a bit each: before that, no two slabs of a class can be empty. */
let drainedLow: i32 = 0;
let drainedHigh: i32 = 0;

/**
 * Sees to it that the magazine's top is a slot to allocate. `nothing`: no slab can be had; the journal is left at
 * "moving", for the caller to try further.
 */
export function ensureRound(classIndex: i32): i32 {
  assert(isPlace(worker) && isClass(classIndex));
  settle(worker, classIndex, journalIdle);
  if (roundCountIn(worker, classIndex) < 0) return corrupt;
  foldGauge(worker, classIndex);
  if (dropForeignRounds(classIndex)) return done;
  writeJournal(journalMoving);
  if (!refillHome(classIndex) && !buildReusing(classIndex) && !refill(classIndex)) return nothing;
  writeJournal(journalIdle);
  return done;
}

/** Sees to it that the magazine has space for one round. `nothing`: no slab that its rounds lead to can be had just now. */
export function ensureSpace(classIndex: i32): i32 {
  assert(isPlace(worker) && isClass(classIndex));
  settle(worker, classIndex, journalIdle);
  if (roundCountIn(worker, classIndex) < 0) return corrupt;
  foldGauge(worker, classIndex);
  const roundCount = roundCountIn(worker, classIndex);
  if (roundCount < roundLimit(classIndex)) return done;
  writeJournal(journalMoving);
  let sent = sendHome(classIndex, threeQuarters(roundCount));
  if (sent === 0) sent = sendHome(classIndex, roundCount);
  const isDue = countSentHome(sent);
  if (isDue) releaseEmpty(slabsPerCleanup);
  writeJournal(journalIdle);
  return sent === 0 ? nothing : isDue ? cleanedUp : done;
}

/** Counts slots that have gone home; whether a clean-up is due, which is counted as done then. */
export function countSentHome(count: i32): bool {
  sentHome += count;
  if (cleanupInterval === 0 || sentHome < cleanupInterval) return false;
  sentHome = 0;
  return true;
}

/** Counts an object that has gone home by itself. */
export function countFreed(): i32 {
  if (!countSentHome(1)) return done;
  writeJournal(journalMoving);
  releaseEmpty(slabsPerCleanup);
  writeJournal(journalIdle);
  return cleanedUp;
}

export function forgetSentHome(): void {
  sentHome = 0;
}

/** Drains, and notes that the class has. */
export function sendHome(classIndex: i32, count: i32): i32 {
  assert(isClass(classIndex));
  if (classIndex < 32) drainedLow |= 1 << classIndex;
  else drainedHigh |= 1 << (classIndex & 31);
  return drain(classIndex, count);
}

function hasDrained(classIndex: i32): bool {
  return ((classIndex < 32 ? drainedLow : drainedHigh) & (1 << (classIndex & 31))) !== 0;
}

/** Takes rounds off the top that an illegal free took from us; true when a good one is there. */
function dropForeignRounds(classIndex: i32): bool {
  for (let roundCount = roundCountIn(worker, classIndex); roundCount > 0; roundCount--) {
    const slot = slotOfRound(worker, classIndex, roundCount - 1);
    if (holdsSlot(classIndex, slot)) return true;
    uncount(classIndex, slot);
  }
  return false;
}

/** Fills the magazine from a new slab; false when there is no free chunk. */
export function build(classIndex: i32): bool {
  assert(isClass(classIndex));
  const head = buildSlab(classIndex);
  return head !== noChunk && takeFrom(classIndex, head);
}

/**
 * The same. Before it touches fresh memory, memory that other classes have done with is given back: slabs that are empty,
 * or would be but for the rounds of the caller's own magazine. A class keeps one slab with free slots, or two classes
 * used in turn would build each other's slab anew at each call. Ten sizes in turn, 4 MiB of each, touched 40 MiB, and
 * with this 6 (golden/footprint.json).
 */
function buildReusing(classIndex: i32): bool {
  for (let other = 1; other <= classCount; other++) {
    if (!hasDrained(other) || other === classIndex || !pinsSlabs(other)) continue;
    settleBetween(other);
    sendHome(other, roundLimit(other));
  }
  releaseSpare();
  return build(classIndex);
}

/**
 * What an exception left half done of a call is settled before its class's rounds move, and counts only while
 * the journal is idle. Leaves it at "moving".
 */
export function settleBetween(classIndex: i32): void {
  writeJournal(journalIdle);
  settle(worker, classIndex, journalIdle);
  writeJournal(journalMoving);
}

/** Whether two or more slabs of the class would be empty if the caller's rounds went home, as the hints tell. */
function pinsSlabs(classIndex: i32): bool {
  const roundCount = roundCountIn(worker, classIndex);
  if (roundCount <= 0) return false;
  let pinned = 0;
  let head = setNext(slabSet(classIndex), 0);
  for (let look = 0; look < looks && head !== noChunk; look++) {
    const claim = claimOf(head);
    if (isSlab(claim) && glance32((infoAt(head) + infoFreeCount) | 0) + roundCount >= slotsOf(claim))
      pinned++;
    head = setNext(slabSet(classIndex), head + 1);
  }
  return pinned > 1;
}

/** Gives an empty slab back whose class has another one with free slots; false when there is none such. */
function releaseSpare(): bool {
  let head = setNext(slabSet(0), 0);
  for (let look = 0; look < looks && head !== noChunk; look++) {
    if (!isOnlyPartial(head) && releaseIfEmpty(head)) return true;
    head = setNext(slabSet(0), head + 1);
  }
  return false;
}

function isOnlyPartial(head: i32): bool {
  const claim = claimOf(head);
  const set = slabSet(isSlab(claim) ? classOf(claim) : 0);
  return setNext(set, 0) === head && setNext(set, head + 1) === noChunk;
}

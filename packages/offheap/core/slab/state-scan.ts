// State bytes four at a time: whether a slab is empty, what is to be cleared where one is built, a line's slots sent home.
// A quad is written only where all four are the writer's. Slots are numbered as their state bytes are.
//
// Plain loads: the caller holds the span. Others write only bytes that are theirs, or live, and never 0 or the caller's number
// there. What is acted upon is a byte that is 0 or the caller's, and those nobody else writes.

import { slotFree } from "../layout/index.ts";
import { isPlace, statesAt } from "../places/index.ts";
import { assert, load8, loadQuad, multiply, store8, storeQuad } from "../target/index.ts";

/** The first slot from `from` on, before `end`, whose byte is not 0; `end` when there is none. */
export function firstUsed(from: i32, end: i32): i32 {
  assert(from >= 0);
  let slot = from;
  while ((slot & 3) !== 0 && slot < end) {
    if (load8((statesAt + slot) | 0) !== slotFree) return slot;
    slot++;
  }
  while (slot + 4 <= end && loadQuad((statesAt + slot) | 0) === 0) slot += 4;
  while (slot < end) {
    if (load8((statesAt + slot) | 0) !== slotFree) return slot;
    slot++;
  }
  return end;
}

/** Makes bytes 0 that nobody else may write. Reads before it writes, so that pages of fresh bytes stay untouched. */
export function clearStates(from: i32, end: i32): void {
  assert(from >= 0);
  for (let slot = firstUsed(from, end); slot < end; slot = firstUsed(slot + 1, end))
    store8((statesAt + slot) | 0, slotFree);
}

/** `byte` four times. */
export function quadOf(byte: i32): i32 {
  return multiply(byte, 0x01010101);
}

/** Whether one of the bytes from slot `from` on, a multiple of 4, and before `end` is 0 (Warren, Hacker's Delight, section 6-1). */
export function hasFree(from: i32, end: i32): bool {
  assert(from >= 0);
  let zeros = 0;
  let slot = from;
  while (slot + 4 <= end) {
    const quad = loadQuad((statesAt + slot) | 0);
    zeros |= (quad - 0x01010101) & ~quad;
    slot += 4;
  }
  return (zeros & -0x7f7f7f80) !== 0 || firstFree(slot, end) < end;
}

function firstFree(from: i32, end: i32): i32 {
  let slot = from;
  while (slot < end && load8((statesAt + slot) | 0) !== slotFree) slot++;
  return slot;
}

/** How many bytes from slot `from` on, a multiple of 4, and before `end` are `byte`. */
export function countStates(from: i32, end: i32, byte: i32): i32 {
  assert((isPlace(byte) || byte === slotFree) && from >= 0);
  const same = quadOf(byte);
  let count = 0;
  let slot = from;
  while (slot + 4 <= end) {
    const other = loadQuad((statesAt + slot) | 0) ^ same;
    // The top bit of each byte that is 0, added up by a multiplication (Warren, Hacker's Delight, section 6-1).
    const zeros = ~(((other & 0x7f7f7f7f) + 0x7f7f7f7f) | other) & -0x7f7f7f80;
    count += multiply(zeros >>> 7, 0x01010101) >>> 24;
    slot += 4;
  }
  while (slot < end) {
    if (load8((statesAt + slot) | 0) === byte) count++;
    slot++;
  }
  return count;
}

/** Makes those bytes free. The slab is held, and `byte` is what its holder writes. */
export function freeStates(from: i32, end: i32, byte: i32): void {
  assert(isPlace(byte) && from >= 0);
  const same = quadOf(byte);
  let slot = from;
  while (slot + 4 <= end) {
    const value = loadQuad((statesAt + slot) | 0);
    if (value === same) storeQuad((statesAt + slot) | 0, 0);
    else if (value !== 0) freeEach(slot, slot + 4, byte);
    slot += 4;
  }
  freeEach(slot, end, byte);
}

function freeEach(from: i32, end: i32, byte: i32): void {
  for (let slot = from; slot < end; slot++)
    if (load8((statesAt + slot) | 0) === byte) store8((statesAt + slot) | 0, slotFree);
}

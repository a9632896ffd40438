// The rounds of a magazine, two words each: an object's address, and where the state byte of its slot is.
// Round 0 is the oldest, lowest in memory. The slot is the truth of the two.
//
// Plain loads: the record as in gauge.ts. The state byte of a slot that is cached by this worker nobody else writes, unless an
// illegal free races: then the byte is another's, and the round is none.

import { mapOf } from "../arena/index.ts";
import { chunkShift, mapClassMask, mapDistanceShift, roundShift, roundSlot } from "../layout/index.ts";
import {
  dataAt,
  isChunk,
  isClass,
  magazineAt,
  objectBytes,
  stateShift,
  statesAt,
  tableBytes,
  worker,
} from "../places/index.ts";
import { assert, load8, load32, multiply, store32 } from "../target/index.ts";

export function roundAt(w: i32, classIndex: i32, round: i32): i32 {
  return (magazineAt(w, classIndex) + (round << roundShift)) | 0;
}

/** The slot of a round; below 0 where none is. */
export function slotOfRound(w: i32, classIndex: i32, round: i32): i32 {
  return (load32((roundAt(w, classIndex, round) + roundSlot) | 0) - tableBytes) | 0;
}

/** The address of a slot of the class, by the map. */
export function addressOfSlot(classIndex: i32, slot: i32): i32 {
  const chunk = slot >>> stateShift;
  if (!isChunk(chunk)) return 0;
  const head = chunk - (mapOf(chunk) >>> mapDistanceShift);
  return (dataAt + (head << chunkShift) + multiply(slot - (head << stateShift), objectBytes(classIndex))) | 0;
}

export function setRound(w: i32, classIndex: i32, round: i32, slot: i32): void {
  const at = roundAt(w, classIndex, round);
  store32(at, addressOfSlot(classIndex, slot));
  store32((at + roundSlot) | 0, slot + tableBytes);
}

export function clearRound(w: i32, classIndex: i32, round: i32): void {
  const at = roundAt(w, classIndex, round);
  store32((at + roundSlot) | 0, 0);
  store32(at, 0);
}

/** Whether a round still is what it says: cached by this worker, in a slab of its class. */
export function holdsSlot(classIndex: i32, slot: i32): bool {
  assert(isClass(classIndex));
  const chunk = slot >>> stateShift;
  if (!isChunk(chunk) || load8((statesAt + slot) | 0) !== worker) return false;
  return (mapOf(chunk) & mapClassMask) === classIndex;
}

// Settles the one allocate or deallocate that a kill or an exception cut short. Both touch the state byte
// before the counter, and the magazine shows which of the two stores is missing:
//
//   allocate    top's byte is "live by w": the address was never returned      → the byte back to w
//   deallocate  the slot just above the top is cached by w, yet in no list     → count the free
//
// Plain loads: the record and the bytes are of a worker that is the caller, or dead; the map as `mapOf` says.
// Both are idempotent, so that a reaper which dies here is simply followed by another.

import { mapEntry, mapOf } from "../arena/index.ts";
import {
  chunkShift,
  journalFreeing,
  journalIdle,
  mapClassMask,
  mapDistanceShift,
  slotLive,
} from "../layout/index.ts";
import { countFree, roundCountIn, slotOfRound } from "../magazine/index.ts";
import { isChunk, isClass, isPlace, objectBytes, roundLimit, stateShift, statesAt } from "../places/index.ts";
import { assert, load8, multiply, store8, trailingZeros } from "../target/index.ts";

/** What `settle` found cut short. */
export const settledNone = 0;
export const settledAllocate = 1;
export const settledDeallocate = 2;

/** Settles one class of a worker; `entry` is its journal. The worker is the caller, or dead and the caller its reaper. */
export function settle(w: i32, classIndex: i32, entry: i32): i32 {
  assert(isPlace(w) && isClass(classIndex));
  if (entry !== journalIdle && entry !== journalFreeing) return settledNone;
  const roundCount = roundCountIn(w, classIndex);
  if (roundCount < 0 || roundCount > roundLimit(classIndex)) return settledNone;
  if (roundCount > 0 && entry === journalIdle) {
    const top = slotOfRound(w, classIndex, roundCount - 1);
    if (stands(classIndex, top, slotLive | w)) {
      store8((statesAt + top) | 0, w);
      return settledAllocate;
    }
  }
  const above = slotOfRound(w, classIndex, roundCount);
  if (stands(classIndex, above, w) && !isListed(w, classIndex, above, roundCount)) {
    countFree(w, classIndex);
    return settledDeallocate;
  }
  return settledNone;
}

/**
 * Whether the slot lies in a slab of the class, and its byte is `state`. Behind the slots that the slab's chunks hold
 * a byte may be left from before a reset.
 */
function stands(classIndex: i32, slot: i32, state: i32): bool {
  const chunk = slot >>> stateShift;
  if (!isChunk(chunk)) return false;
  const entry = mapOf(chunk);
  if ((entry & mapClassMask) !== classIndex || load8((statesAt + slot) | 0) !== state) return false;
  const head = chunk - (entry >>> mapDistanceShift);
  const bytes = objectBytes(classIndex);
  const distance = (multiply(slot - (head << stateShift) + 1, bytes) - 1) >> chunkShift;
  const last = head + distance;
  return isChunk(last) && mapOf(last) === mapEntry(classIndex, trailingZeros(bytes), distance);
}

function isListed(w: i32, classIndex: i32, slot: i32, roundCount: i32): bool {
  for (let i = 0; i < roundCount; i++) if (slotOfRound(w, classIndex, i) === slot) return true;
  return false;
}

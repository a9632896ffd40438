// From a slab to its slots, and from a slot to its slab, by the map. Slots are numbered as their state bytes are.

import { claimOf, classOf, isSlab, lengthOf, mapOf } from "../arena/index.ts";
import { mapClassMask, mapDistanceShift, noChunk } from "../layout/index.ts";
import { isChunk, slotCount, stateShift } from "../places/index.ts";

export function firstSlot(head: i32): i32 {
  return head << stateShift;
}

export function slotsOf(claim: i32): i32 {
  return slotCount(classOf(claim), lengthOf(claim));
}

/** The head of the slab that a cached slot belongs to, by the map; −1 if that is of another class. */
export function headOfSlot(slot: i32, classIndex: i32): i32 {
  const chunk = slot >>> stateShift;
  if (!isChunk(chunk)) return noChunk;
  const entry = mapOf(chunk);
  return (entry & mapClassMask) === classIndex ? chunk - (entry >>> mapDistanceShift) : noChunk;
}

/** The class of the slab that a slot lies in; 0 where none is, or one that is being built or given back. */
export function classAtSlot(slot: i32): i32 {
  const chunk = slot >>> stateShift;
  if (!isChunk(chunk)) return 0;
  const entry = mapOf(chunk);
  const head = chunk - (entry >>> mapDistanceShift);
  return (entry & mapClassMask) !== 0 && head >= 0 && isSlab(claimOf(head)) ? entry & mapClassMask : 0;
}

// Settles the one allocate or deallocate that a kill or an exception cut short. Both touch the state byte
// before the counter, and the magazine shows which of the two stores is missing:
//
//   allocate    top's byte is "live by w": the address was never returned      → the byte back to w
//   deallocate  the slot just above the top is cached by w, yet in no list     → count the free
//
// Both are idempotent, so that a reaper which dies here is simply followed by another.

import { mapClassMask, mapDistanceShift, mapEntry } from "../arena/span-map.ts";
import { divideUp } from "../base/bits.ts";
import type { WorkerSlot } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { chunkBytes } from "../memory/layout.ts";
import type { SizeClass } from "./class-table.ts";
import { countFree, roundsIn } from "./counters.ts";
import { journal } from "./journal.ts";
import { slotOfRound } from "./rounds.ts";
import { liveBy } from "./slot-state.ts";

export type Unfinished = "none" | "allocate" | "deallocate";

/**
 * Whether the slot lies in a slab of the class, and its byte is `state`. Behind the slots that the slab's chunks hold
 * a byte may be left from before a reset.
 */
function stands(heap: Heap, sizeClass: SizeClass, slot: number, state: number): boolean {
  const { words, layout } = heap;
  const chunk = slot >>> layout.stateShift;
  if (chunk >= layout.chunkCount) return false;
  const entry = words[layout.mapAt + chunk] as number;
  if ((entry & mapClassMask) !== sizeClass.index || heap.states[slot] !== state) return false;
  const head = chunk - (entry >>> mapDistanceShift);
  const endBytes = (slot - (head << layout.stateShift) + 1) * sizeClass.objectBytes;
  const distance = divideUp(endBytes, chunkBytes) - 1;
  return words[layout.mapAt + head + distance] === mapEntry(sizeClass.index, sizeClass.shift, distance);
}

function isListed(heap: Heap, sizeClass: SizeClass, slot: number, rounds: number): boolean {
  for (let i = 0; i < rounds; i++) if (slotOfRound(heap, sizeClass, i) === slot) return true;
  return false;
}

/** Settles one class of a worker; `entry` is its journal. The worker is the caller, or dead and the caller its reaper. */
export function settle(heap: Heap, worker: WorkerSlot, sizeClass: SizeClass, entry: number): Unfinished {
  if (entry !== journal.idle && entry !== journal.freeing) return "none";
  const { states } = heap;
  const rounds = roundsIn(heap, sizeClass);
  if (rounds < 0 || rounds > sizeClass.rounds) return "none";
  if (rounds > 0 && entry === journal.idle) {
    const top = slotOfRound(heap, sizeClass, rounds - 1);
    if (stands(heap, sizeClass, top, liveBy(worker))) {
      states[top] = worker;
      return "allocate";
    }
  }
  const above = slotOfRound(heap, sizeClass, rounds);
  if (stands(heap, sizeClass, above, worker) && !isListed(heap, sizeClass, above, rounds)) {
    countFree(heap, sizeClass);
    return "deallocate";
  }
  return "none";
}

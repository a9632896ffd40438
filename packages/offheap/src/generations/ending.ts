// A record ends, exactly once, whoever tries and whoever dies. What its worker is about stands in its own record, `ending`:
//
//   ending = address · stub: live → ended by w (compare-exchange: one wins) · slot: its worker's · ending = address + 1 ·
//   slot given back · ending = 0
//
//   died at address,     stub ended by w   the slot is yet to be given back, and is still the record's
//   died at address + 1, stub ended by w   the same while the slot is w's; else it was given back
//   stub otherwise                         somebody else won, or nothing had happened yet
//
// A stub says "ended by w" from the exchange until the next record begins in the slot, so it tells who won.

import type { Address, SlotIndex, WorkerPlace } from "../base/index.ts";
import { liveBy, record, recordAt, slotLive } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { nowhere, slotAt, stubAt } from "./directory.ts";
import { endedStub, isEndedBy } from "./stub.ts";

const ownedBit = 1;
const addressMask = ~7;
/** The owner of a slot may change by an adopter and a reaper meanwhile: each once. */
const ownerTries = 4;

const endingAt = ({ layout }: Heap, worker: WorkerPlace): number => recordAt(layout, worker) + record.ending;

/**
 * Ends the record at an address, in a slot, whose stub, at an index of `Heap.whole`, was seen. True: the slot is the caller's now, to be
 * given back, and then `endIsOver`. False: it ended before.
 */
export function endRecord(
  heap: Heap,
  worker: WorkerPlace,
  address: Address,
  slot: number,
  at: number,
  stub: number,
): boolean {
  const { words, atomics, whole } = heap;
  const noted = endingAt(heap, worker);
  words[noted] = address | 0;
  // Decides between two who end it: the stub has another value for the second. Acquires what the first wrote.
  if (!atomics.swap(whole, at, stub, endedStub(stub, worker))) {
    words[noted] = 0;
    return false;
  }
  own(heap, worker, slot);
  words[noted] = address | ownedBit;
  return true;
}

export function endIsOver(heap: Heap, worker: WorkerPlace): void {
  heap.words[endingAt(heap, worker)] = 0;
}

/** Ends what a worker had begun to end, dead or stopped by an exception. Again: nothing. */
export function settleEnding(
  heap: Heap,
  target: WorkerPlace,
  freeSlot: (slot: SlotIndex, address: Address) => void,
): void {
  const noted = endingAt(heap, target);
  const word = heap.words[noted] as number;
  if (word === 0) return;
  const address = (word & addressMask) >>> 0;
  const at = stubAt(heap, address);
  const slot = slotAt(heap, address);
  if (at !== nowhere && slot !== nowhere && isEndedBy(heap.atomics.load(heap.whole, at), target)) {
    if ((word & ownedBit) === 0) own(heap, target, slot);
    heap.words[noted] = address | ownedBit;
    if (heap.states[slot] === liveBy(target)) freeSlot(slot as SlotIndex, address);
  }
  heap.words[noted] = 0;
}

/** Makes a live slot a worker's, whose death then gives it back. */
function own({ states, atomics }: Heap, worker: WorkerPlace, slot: number): void {
  for (let tries = 0; tries < ownerTries; tries++) {
    const state = states[slot] as number;
    if (state === liveBy(worker) || state < slotLive) return;
    if (atomics.swapByte(states, slot, state, liveBy(worker))) return;
  }
}

/** A slot of the worker's becomes nobody's. False: it is somebody else's, or not live. */
export function disownSlot({ states, atomics }: Heap, worker: WorkerPlace, slot: number): boolean {
  return slot !== nowhere && atomics.swapByte(states, slot, liveBy(worker), slotLive);
}

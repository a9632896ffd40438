// The end of a worker's own object, also if the worker dies in it: the record names it from before the free until the slot's byte
// says that it is free. An exception in between leaves that name: then no call of the core is served until the shell has ended
// the object, or else the slot could be allocated anew and end once more.
//
// Plain loads: this worker's record; the byte of an object of its own.

import { mapOf } from "../arena/index.ts";
import { freeLarge } from "../large/index.ts";
import { chunkShift, recordDoomed, roundSlot, slotLive } from "../layout/index.ts";
import { roundAt, roundCountIn } from "../magazine/index.ts";
import { dataAt, gaugeAt, ownRecord, statesAt, tableBytes, worker } from "../places/index.ts";
import { classAtSlot } from "../slab/index.ts";
import { load8, load32, store8, store32 } from "../target/index.ts";
import { ensureSpace, isServed, nothing } from "../worker/index.ts";
import { nowhere } from "./owner.ts";

/** Whether the object whose owner stands at `at` can end in here: a slot's magazine has space, a large one needs none. */
export function hasSpaceFor(at: i32): bool {
  const classIndex = at > 0 ? classAtSlot(at - 1) : 0;
  return at !== nowhere && isServed() && (classIndex === 0 || ensureSpace(classIndex) > nothing);
}

/** From now on an object of the caller's is to end. */
export function doom(at: i32): void {
  store32((ownRecord + recordDoomed) | 0, at);
}

/** Ends what is doomed, in the order of a free: its byte before the gauge. A large one ends by its own exchange. */
export function endDoomed(address: i32, at: i32): void {
  const classIndex = at > 0 ? classAtSlot(at - 1) : 0;
  if (classIndex === 0) {
    const chunk = (address - dataAt) >>> chunkShift;
    freeLarge(address, chunk, mapOf(chunk));
    doom(nowhere);
    return;
  }
  const state = (statesAt + at - 1) | 0;
  const above = roundAt(worker, classIndex, roundCountIn(worker, classIndex));
  const gauge = gaugeAt(worker, classIndex);
  const filled = (load32(gauge) + 1) | 0;
  // Freed by somebody else meanwhile, illegally.
  if (load8(state) < slotLive) {
    doom(nowhere);
    return;
  }
  store32(above, address);
  store32((above + roundSlot) | 0, at - 1 + tableBytes);
  store8(state, worker);
  store32((ownRecord + recordDoomed) | 0, nowhere);
  store32(gauge, filled);
}

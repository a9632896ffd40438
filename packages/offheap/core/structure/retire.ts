// Objects that have gone out of a structure while others may still be reading them. A reader says so in a hazard of its
// record before it looks (Michael 2004, Hazard pointers); who retires an object ends it when no hazard names it. So a reader that
// is stalled, or dead and not yet reaped, holds back two objects, and no worker.
//
//   retired  objects of their worker: 128 + w. What is in the list and another's is no member any more
//
// Plain loads: the own list and hazards, or that of the dead worker whom the caller reaps.

import { hazardCount, intentHazards, intentRetired, retiredAtOnce, slotLive } from "../layout/index.ts";
import { intentOf, mostRetired, ownIntent, worker, workerCount } from "../places/index.ts";
import { atomicLoad32, atomicStore32, load32, loadCell, stampLoaded, store32 } from "../target/index.ts";
import { doom, endDoomed, hasSpaceFor } from "./end.ts";
import { nowhere, ownerAt, ownerIn, swapOwner } from "./owner.ts";

/**
 * The value of a cell, which does not end until `unprotect`. Asked again where the cell has changed meanwhile, which takes
 * another worker's exchange each time.
 */
export function protect(hazard: i32, cell: i32): i32 {
  while (true) {
    const value = loadCell(cell);
    const stamp = stampLoaded();
    // Before the second look: who exchanges the cell after that sees the hazard.
    atomicStore32((ownIntent + intentHazards + (hazard << 2)) | 0, value);
    if (loadCell(cell) === value && stampLoaded() === stamp) return value;
  }
}

export function unprotect(hazard: i32): void {
  const at = (ownIntent + intentHazards + (hazard << 2)) | 0;
  if (load32(at) !== 0) atomicStore32(at, 0);
}

/** Where the list of this worker has space, unless something came between; and how many of it are waiting then. */
let nextSpace: i32 = 0;
/** Objects of the list that one look at the hazards is for. */
const mostAtOnce = 32;

/** Puts an object that this worker has just taken out into its list; returns how many are in it, or were since the last sweep. */
export function retireOwn(address: i32): i32 {
  const space = (ownIntent + intentRetired + (nextSpace << 2)) | 0;
  if (nextSpace >= retiredAtOnce || load32(space) !== 0) return retireOf(worker, address);
  store32(space, address);
  nextSpace++;
  return nextSpace;
}

/** Puts an object of a worker's into its list, once; returns how many are in it. */
export function retireOf(w: i32, address: i32): i32 {
  const list = (intentOf(w) + intentRetired) | 0;
  let waiting = 0;
  let space = -1;
  for (let i = 0; i < mostRetired; i++) {
    const entry = load32((list + (i << 2)) | 0);
    if (entry === address) return waiting + 1;
    if (entry !== 0) waiting++;
    else if (space < 0) space = i;
  }
  if (space >= 0) store32((list + (space << 2)) | 0, address);
  return waiting + 1;
}

/** Ends what nobody reads any more. 0, or the address of one that the shell is to end: then there may be more. */
export function sweepRetired(): i32 {
  const list = (ownIntent + intentRetired) | 0;
  const held = heldOf(list);
  nextSpace = 0;
  for (let i = 0; i < mostRetired; i++) {
    const address = load32((list + (i << 2)) | 0);
    if (address === 0) continue;
    if (i < mostAtOnce ? (held & (1 << i)) !== 0 : isProtected(address, 0)) continue;
    const at = ownerAt(address);
    const isOurs = ownerIn(at) === (slotLive | worker);
    const isHere = isOurs && hasSpaceFor(at);
    if (isOurs) doom(at);
    store32((list + (i << 2)) | 0, 0);
    if (isHere) endDoomed(address, at);
    else if (isOurs) return address;
  }
  return 0;
}

/**
 * Takes one object of a dead worker's list into the caller's; false when none is left, or there is no space: what stays in
 * the list of the place is its next worker's. The last space is for what the caller retires itself, before it looks again.
 */
export function inheritRetired(w: i32): bool {
  if (!hasSpace()) return false;
  const list = (intentOf(w) + intentRetired) | 0;
  for (let i = 0; i < mostRetired; i++) {
    const address = load32((list + (i << 2)) | 0);
    if (address === 0) continue;
    const at = ownerAt(address);
    // Doomed by the caller from the moment on when it is the caller's, until it is in the caller's list.
    doom(at);
    const isOurs = ownerIn(at) === (slotLive | w) && swapOwner(at, slotLive | w, slotLive | worker);
    store32((list + (i << 2)) | 0, 0);
    if (isOurs) retireOf(worker, address);
    doom(nowhere);
    if (isOurs) return true;
  }
  return false;
}

function hasSpace(): bool {
  let space = 0;
  for (let i = 0; i < mostRetired; i++) if (load32((ownIntent + intentRetired + (i << 2)) | 0) === 0) space++;
  return space > 1;
}

/** Of a dead worker: it reads nothing any more. */
export function clearHazards(w: i32): void {
  for (let i = 0; i < hazardCount; i++) atomicStore32((intentOf(w) + intentHazards + (i << 2)) | 0, 0);
}

/** Whether the object whose owner stands at `at` is in a worker's list. */
export function isRetired(w: i32, at: i32): bool {
  const list = (intentOf(w) + intentRetired) | 0;
  for (let i = 0; i < mostRetired; i++) {
    const address = load32((list + (i << 2)) | 0);
    if (address !== 0 && ownerAt(address) === at) return true;
  }
  return false;
}

/** Which of the first objects of a list some hazard names, a bit each: all of them went out before this look. */
function heldOf(list: i32): i32 {
  let held = 0;
  for (let w = 1; w <= workerCount; w++)
    for (let k = 0; k < hazardCount; k++) {
      const named = atomicLoad32((intentOf(w) + intentHazards + (k << 2)) | 0);
      if (named === 0) continue;
      for (let i = 0; i < mostAtOnce; i++) if (load32((list + (i << 2)) | 0) === named) held |= 1 << i;
    }
  return held;
}

/** Whether a hazard names an object, but for those of one worker; 0: of none. */
export function isProtected(address: i32, butBy: i32): bool {
  for (let w = 1; w <= workerCount; w++)
    for (let i = 0; i < hazardCount; i++)
      if (w !== butBy && atomicLoad32((intentOf(w) + intentHazards + (i << 2)) | 0) === address) return true;
  return false;
}

/** Whether a worker's list has members. */
export function hasRetired(w: i32): bool {
  const list = (intentOf(w) + intentRetired) | 0;
  for (let i = 0; i < mostRetired; i++) if (load32((list + (i << 2)) | 0) !== 0) return true;
  return false;
}

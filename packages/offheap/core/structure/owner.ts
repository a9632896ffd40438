// Whose an object is. A state byte says so of a slot, and of a page run; of a span of its own its claim word does. Here all
// three read as a state byte: 128 nobody's, 128 + w that worker's, below 128 no live object.
//
// Plain loads: the map, for an address that the caller has by a hand-over or from a record.

import { claimOf, lengthOf, mapOf, swapClaim, tagOf } from "../arena/index.ts";
import {
  chunkShift,
  claimLengthShift,
  claimWorkerMask,
  claimWorkerShift,
  mapClassMask,
  mapDistanceShift,
  pageShift,
  slotLive,
  tagLarge,
  tagPages,
  tagPagesHeld,
} from "../layout/index.ts";
import { isLivePage } from "../pages/index.ts";
import { chunkCount, dataAt, isChunk, stateShift, statesAt } from "../places/index.ts";
import { compareExchange8, lessUnsigned, load8, store8 } from "../target/index.ts";
import { slotAt } from "../worker/index.ts";

const pageMask = (1 << pageShift) - 1;
/** No object begins there. */
export const nowhere = 0;
/** An owner may change so often between a look and an exchange: who publishes it, who recovers that one, who adopts. */
const passTries = 4;

/** Where it stands whose the object at an address is: 1 + the index of its state byte; −1 − its chunk; or `nowhere`. */
export function ownerAt(address: i32): i32 {
  const chunk = (address - dataAt) >>> chunkShift;
  if (!lessUnsigned(chunk, chunkCount)) return nowhere;
  const entry = mapOf(chunk);
  if ((entry & mapClassMask) !== 0) {
    const slot = slotAt(address, chunk, entry);
    // A damaged map leads anywhere.
    return lessUnsigned(slot, chunkCount << stateShift) ? slot + 1 : nowhere;
  }
  const head = chunk - (entry >>> mapDistanceShift);
  if (!isChunk(head)) return nowhere;
  const kind = tagOf(claimOf(head));
  const offset = (address - dataAt - (head << chunkShift)) | 0;
  if (kind === tagLarge) return offset === 0 ? -1 - head : nowhere;
  if ((kind !== tagPages && kind !== tagPagesHeld) || (address & pageMask) !== 0) return nowhere;
  return (head << stateShift) + ((offset >>> pageShift) << 1) + 1;
}

/** The owner that stands at `at`, as a state byte; 0 where no live object does. */
export function ownerIn(at: i32): i32 {
  if (at === nowhere) return 0;
  if (at > 0) {
    // A plain load: who acts on it exchanges it.
    const state = load8((statesAt + at - 1) | 0);
    // Above all owners: a page run that was freed, and is yet to be collected.
    return isLivePage(state) ? state : 0;
  }
  const claim = claimOf(-1 - at);
  return tagOf(claim) === tagLarge ? slotLive | ((claim >>> claimWorkerShift) & claimWorkerMask) : 0;
}

/** Exchanges the owner that was seen; false where it is another by now. */
export function swapOwner(at: i32, seen: i32, owner: i32): bool {
  if (at > 0) return compareExchange8((statesAt + at - 1) | 0, seen, owner);
  const claim = claimOf(-1 - at);
  if (tagOf(claim) !== tagLarge) return false;
  const rest = tagLarge | ((lengthOf(claim) - 1) << claimLengthShift);
  return swapClaim(
    -1 - at,
    rest | ((seen & claimWorkerMask) << claimWorkerShift),
    rest | ((owner & claimWorkerMask) << claimWorkerShift),
  );
}

/** The same of an object that nobody else knows, or may touch: by a plain store where that does. */
export function setOwner(at: i32, seen: i32, owner: i32): void {
  if (at > 0) store8((statesAt + at - 1) | 0, owner);
  else swapOwner(at, seen, owner);
}

/** Makes a live object's owner this one, whoever's it is; false where it is live no more. */
export function passTo(at: i32, owner: i32): bool {
  for (let tries = 0; tries < passTries; tries++) {
    const seen = ownerIn(at);
    if (seen === owner) return true;
    if (seen === 0) return false;
    if (swapOwner(at, seen, owner)) return true;
  }
  return false;
}

// Objects with a span of their own, as one worker handles them. The claim word is the whole truth: LARGE(owner,
// length) is a live object. It is stored last, and ends by an exchange, so that of two frees exactly one succeeds.
//
//   allocate  one that is kept (kept.ts); else take; map; count; LARGE
//   free      kept, by one exchange; else LARGE → BUILDING; count; give back
//   resize    longer: the chunks behind become bodies, then LARGE gets the new length; shorter: those to go become
//             bodies by the resizer, LARGE gets the new length, they go. Its bodies beyond the length are let go by
//             whoever settles it if need be: by no other's number, so whatever stands there by then is not touched.

import {
  claimBody,
  claimKept,
  claimLarge,
  claimOf,
  cutBehind,
  heedDestroy,
  lengthOf,
  mapSpan,
  markBehind,
  setMap,
  storeClaim,
  swapClaim,
  tagOf,
  takeBehind,
  takeExact,
  takeRoomy,
  workerOf,
} from "../arena/index.ts";
import {
  chunkShift,
  journalAllocatingSpan,
  mapDistanceShift,
  mapLarge,
  noChunk,
  recordLargeAllocs,
  tagLarge,
} from "../layout/index.ts";
import { beginLarge, beginResize, countLarge } from "../pages/index.ts";
import { dataAt, isChunk, worker } from "../places/index.ts";
import { assert, least, most } from "../target/index.ts";
import { endKeptSpans, endSpan, isSpanToKeep, takeKeptSpan } from "./kept.ts";

/** Its owner's death, its adoption, and that adopter's death may each change the word once. */
const ownerTries = 4;

/** The head of a new object of so many chunks; −1: there is none. The journal is "moving"; it is yet to say so. */
export function allocateSpan(length: i32, align: i32, isGrowing: bool): i32 {
  assert(length > 0 && align > 0);
  const mayBeKept = align === 1 && !isGrowing;
  const kept = mayBeKept ? takeKeptSpan(length) : noChunk;
  if (kept !== noChunk) return kept;
  let head = isGrowing && align === 1 ? takeRoomy(length) : noChunk;
  if (head === noChunk) head = takeExact(length, align, dataAt >>> chunkShift);
  if (head === noChunk) return noChunk;
  beginLarge(journalAllocatingSpan, head, recordLargeAllocs, 0);
  mapSpan(head, length, mapLarge);
  countLarge(recordLargeAllocs);
  storeClaim(head, claimLarge(worker, length));
  heedDestroy(head, length);
  return head;
}

/** Ends an object if its claim word still is `claim`; the journal may be "moving" then. */
export function freeSpan(head: i32, claim: i32): bool {
  assert(isChunk(head) && tagOf(claim) === tagLarge);
  const length = lengthOf(claim);
  if (isSpanToKeep(head, length)) return swapClaim(head, claim, claimKept(length));
  return endSpan(head, claim);
}

/** Makes the caller's object longer or shorter where it is; false when that cannot be. */
export function resizeSpan(head: i32, claim: i32, want: i32): bool {
  assert(isChunk(head) && want > 0);
  const length = lengthOf(claim);
  const limit = most(want, length);
  endKeptSpans(head + length, head + want);
  beginResize(head, limit, least(want, length));
  if (want > length && takeBehind(head, length, want - length) < want - length) {
    cutBehind(head, length, want, claimBody(0));
    return false;
  }
  markBehind(head, want, length);
  for (let i = length; i < want; i++) setMap(head + i, mapLarge | (i << mapDistanceShift));
  const isResized = setSpanLength(head, length, want);
  cutBehind(head, isResized ? want : length, limit, claimBody(0));
  return isResized;
}

/** Exchanges the length, whoever the owner is by now. */
function setSpanLength(head: i32, length: i32, want: i32): bool {
  for (let tries = 0; tries < ownerTries; tries++) {
    const claim = claimOf(head);
    if (tagOf(claim) !== tagLarge || lengthOf(claim) !== length) return false;
    if (swapClaim(head, claim, claimLarge(workerOf(claim), want))) return true;
  }
  return false;
}

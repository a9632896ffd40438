// Large objects of any length: page runs up to 448 KiB, spans of their own above; allocated, and ended by their address.
//
// Plain loads: the worker's own record; a live byte, for what is done about it ends in an exchange.

import { claimOf, lengthOf, tagOf } from "../arena/index.ts";
import {
  chunkBytes,
  chunkShift,
  journalIdle,
  journalMoving,
  mapDistanceShift,
  mapLarge,
  mapPages,
  maxRunBytes,
  noChunk,
  pageShift,
  recordDoomed,
  recordTarget,
  tagFree,
  tagLarge,
} from "../layout/index.ts";
import { allocateRun, freeRun, isLivePage, pagesAt, resizeRun, runAt, writeJournal } from "../pages/index.ts";
import { dataAt, isChunk, ownRecord, slotsPerSlab, statesAt } from "../places/index.ts";
import { assert, least, lessUnsigned, load8, load32, most, store32 } from "../target/index.ts";
import { allocateSpan, freeSpan, resizeSpan } from "./spans.ts";

/** Whether an object of so many bytes, and aligned so, is a page run. The bound on slots is there for tests, which have few. */
function isRunOf(bytes: i32, alignBytes: i32): bool {
  const mostBytes = least(maxRunBytes, slotsPerSlab << pageShift);
  return lessUnsigned(bytes - 1, mostBytes) && alignBytes <= 1 << chunkShift;
}

/** Whether it has a span of its own. */
export function isSpanOf(bytes: i32): bool {
  return bytes !== 0 && !isRunOf(bytes, 1);
}

/**
 * The address of a new object; 0: then there may be space behind another worker's claim. `isDoomed`: it is to end if the
 * worker does, until a move says otherwise. `isGrowing`: it has grown out of its place, and wants room for more.
 */
export function allocateLarge(bytes: i32, alignBytes: i32, isDoomed: bool, isGrowing: bool): i32 {
  assert(bytes !== 0 && alignBytes > 0);
  const isRun = isRunOf(bytes, alignBytes);
  writeJournal(journalMoving);
  const address = isRun ? newRun(bytes, alignBytes) : newSpan(bytes, alignBytes, isGrowing);
  if (isDoomed && address !== 0) {
    const target = load32((ownRecord + recordTarget) | 0);
    store32((ownRecord + recordDoomed) | 0, isRun ? 1 + target : -1 - target);
  }
  writeJournal(journalIdle);
  return address;
}

function newRun(bytes: i32, alignBytes: i32): i32 {
  return allocateRun(pagesFor(bytes), most(alignBytes >>> pageShift, 1));
}

function newSpan(bytes: i32, alignBytes: i32, isGrowing: bool): i32 {
  const head = allocateSpan(spanChunksFor(bytes), most(alignBytes >>> chunkShift, 1), isGrowing);
  return head === noChunk ? 0 : (dataAt + (head << chunkShift)) | 0;
}

/** Ends the live object that begins at an address of a chunk; false: there is none, or somebody else ended it first. */
export function freeLarge(address: i32, chunk: i32, entry: i32): bool {
  assert(isChunk(chunk));
  let isFreed = false;
  if ((entry & mapPages) !== 0) {
    const slot = runAt(address, chunk, entry);
    const state = slot < 0 ? 0 : load8((statesAt + slot) | 0);
    // Another free, illegal or of a stale address, may have come since it was found.
    if (!isLivePage(state)) return false;
    isFreed = freeRun(chunk - (entry >>> mapDistanceShift), slot, state);
  } else {
    const claim = spanAt(address, chunk, entry);
    if (claim === tagFree) return false;
    isFreed = freeSpan(chunk, claim);
  }
  writeJournal(journalIdle);
  return isFreed;
}

/** Makes that object `bytes` long where it is; false when that cannot be, or it is to become one of another kind. */
export function resizeLarge(address: i32, chunk: i32, entry: i32, bytes: i32, isSlot: bool): bool {
  assert(isChunk(chunk));
  const isRun = (entry & mapPages) !== 0;
  const found = isRun ? runAt(address, chunk, entry) : spanAt(address, chunk, entry);
  if (found < 0 || (!isRun && found === tagFree)) return false;
  const head = chunk - (entry >>> mapDistanceShift);
  const units = isRun ? pagesAt(head, found) : lengthOf(found);
  const want = isRun ? pagesFor(bytes) : spanChunksFor(bytes);
  if (want === units) return true;
  if (isSlot || isRun !== isRunOf(bytes, 1)) return false;
  writeJournal(journalMoving);
  const isResized = isRun ? resizeRun(head, found, units, want) : resizeSpan(head, found, want);
  writeJournal(journalIdle);
  return isResized;
}

/** The claim word of the live object that begins at an address of a chunk; 0: there is none. */
function spanAt(address: i32, chunk: i32, entry: i32): i32 {
  if (entry !== mapLarge || (address & (chunkBytes - 1)) !== 0) return tagFree;
  const claim = claimOf(chunk);
  return tagOf(claim) === tagLarge ? claim : tagFree;
}

function pagesFor(bytes: i32): i32 {
  return ((bytes - 1) >>> pageShift) + 1;
}
function spanChunksFor(bytes: i32): i32 {
  return ((bytes - 1) >>> chunkShift) + 1;
}

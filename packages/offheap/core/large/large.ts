// Large objects of any length: page runs up to 448 KiB, spans of their own above; allocated, and ended by their address.
//
// Plain loads: the worker's own record.

import { claimOf, tagOf } from "../arena/index.ts";
import {
  chunkBytes,
  chunkShift,
  journalIdle,
  journalMoving,
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
import { allocateRun, freeRunAt, writeJournal } from "../pages/index.ts";
import { dataAt, isChunk, ownRecord, slotsPerSlab } from "../places/index.ts";
import { assert, least, lessUnsigned, load32, most, store32 } from "../target/index.ts";
import { allocateSpan, freeSpan } from "./spans.ts";

/** Whether an object of so many bytes, and aligned so, is a page run. The bound on slots is there for tests, which have few. */
function isRunOf(bytes: i32, alignBytes: i32): bool {
  const mostBytes = least(maxRunBytes, slotsPerSlab << pageShift);
  return lessUnsigned(bytes - 1, mostBytes) && alignBytes <= 1 << chunkShift;
}

/**
 * The address of a new object; 0: then there may be room behind another worker's claim. `isDoomed`: it is to end if the
 * worker does, until a move says otherwise.
 */
export function allocateLarge(bytes: i32, alignBytes: i32, isDoomed: bool): i32 {
  assert(bytes !== 0 && alignBytes > 0);
  const isRun = isRunOf(bytes, alignBytes);
  writeJournal(journalMoving);
  const address = isRun ? newRun(bytes, alignBytes) : newSpan(bytes, alignBytes);
  if (isDoomed && address !== 0) {
    const target = load32((ownRecord + recordTarget) | 0);
    store32((ownRecord + recordDoomed) | 0, isRun ? 1 + target : -1 - target);
  }
  writeJournal(journalIdle);
  return address;
}

function newRun(bytes: i32, alignBytes: i32): i32 {
  return allocateRun(((bytes - 1) >>> pageShift) + 1, most(alignBytes >>> pageShift, 1));
}

function newSpan(bytes: i32, alignBytes: i32): i32 {
  const head = allocateSpan(((bytes - 1) >>> chunkShift) + 1, most(alignBytes >>> chunkShift, 1));
  return head === noChunk ? 0 : (dataAt + (head << chunkShift)) | 0;
}

/** Ends the live object that begins at an address of a chunk; false: there is none, or somebody else ended it first. */
export function freeLarge(address: i32, chunk: i32, entry: i32): bool {
  assert(isChunk(chunk));
  if ((entry & mapPages) !== 0) return freeRunAt(address, chunk, entry);
  const isStart = entry === mapLarge && (address & (chunkBytes - 1)) === 0;
  const claim = isStart ? claimOf(chunk) : tagFree;
  if (tagOf(claim) !== tagLarge) return false;
  const isFreed = freeSpan(chunk, claim);
  writeJournal(journalIdle);
  return isFreed;
}

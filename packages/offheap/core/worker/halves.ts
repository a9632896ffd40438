// The slow halves of allocate and deallocate, as far as they are common: one call from the shell, so that little of them is
// left for V8 to compile. The same stores as the shell's own. What is rare, or wrong, is the shell's: 0, and no call counts.
//
// Plain loads: the worker's own record; state bytes and the map as in calls.ts.

import { mapOf } from "../arena/index.ts";
import { allocateLarge, freeLarge } from "../large/index.ts";
import {
  chunkShift,
  classEntryShift,
  classesWord,
  classInverse,
  gaugeAllocShift,
  intentKind,
  intentNone,
  journalIdle,
  mapClassMask,
  mapDistanceShift,
  mapDivisorShift,
  maxSlotsPerSlab,
  recordDoomed,
  recordJournal,
  roundSlot,
  slotLive,
  statusReady,
  statusWord,
} from "../layout/index.ts";
import { holdsSlot, roundAt, roundCountIn, slotOfRound } from "../magazine/index.ts";
import { writeJournal } from "../pages/index.ts";
import {
  chunkCount,
  dataAt,
  gaugeAt,
  heapAt,
  isClass,
  ownIntent,
  ownRecord,
  stateShift,
  statesAt,
  tableBytes,
  worker,
} from "../places/index.ts";
import {
  assert,
  constant32,
  glance32,
  lessUnsigned,
  load8,
  load32,
  multiply,
  rotateRight,
  store8,
  store32,
} from "../target/index.ts";
import { cleanedUp, cleanUpFirst, countFreed, done, ensureRound, ensureSpace, nothing } from "./slow.ts";

/** Added to a gauge: one allocation more, one round less. */
export const allocated = (1 << gaugeAllocShift) - 1;

/** The worker's word, and what it was when the worker joined. */
let wordAt: i32 = 0;
let wordLow: i32 = 0;
let wordHigh: i32 = 0;

export function bindWord(at: i32, low: i32, high: i32): void {
  wordAt = at;
  wordLow = low;
  wordHigh = high;
}

/** Whether nothing of this worker was cut short, the heap is there, and the worker was not reaped. */
export function isAtRest(): bool {
  const isAbout = load32((ownIntent + intentKind) | 0) !== intentNone;
  return !isAbout && load32((ownRecord + recordDoomed) | 0) === 0 && isServed();
}

/** The same, but that something of a structure may be under way. */
export function isServed(): bool {
  return (
    wordAt !== 0 &&
    load32((ownRecord + recordJournal) | 0) === journalIdle &&
    glance32((heapAt + (statusWord << 2)) | 0) === statusReady &&
    glance32(wordAt) === wordLow &&
    glance32((wordAt + 4) | 0) === wordHigh
  );
}

/**
 * The slot that begins at an address in a chunk with this entry in the map; −1 where none does. Of no class it is the
 * first of the span: its gauge has neither a round nor space. The division: src/layout/class-table.ts.
 */
export function slotAt(address: i32, chunk: i32, entry: i32): i32 {
  const inverses = (heapAt + (classesWord << 2) - (1 << classEntryShift) + classInverse) | 0;
  const inverse = constant32((inverses + ((entry & mapClassMask) << classEntryShift)) | 0);
  const distance = entry >>> mapDistanceShift;
  const product = multiply((distance << chunkShift) | (address & 0xffff), inverse);
  const position = rotateRight(product, entry >>> mapDivisorShift);
  if (!lessUnsigned(position, maxSlotsPerSlab)) return -1;
  return (((chunk - distance) << stateShift) + position) | 0;
}

/** Sees to it that the magazine's top is a slot to allocate; false where the shell is to look closer. */
export function findRoundAtRest(classIndex: i32): bool {
  if (!isAtRest()) return false;
  const found = ensureRound(classIndex);
  if (found === nothing) writeJournal(journalIdle);
  if (found !== done) return false;
  const top = roundCountIn(worker, classIndex) - 1;
  return top >= 0 && holdsSlot(classIndex, slotOfRound(worker, classIndex, top));
}

/** The address of an object of the class; 0 where the shell is to look closer. */
export function allocateInCore(classIndex: i32): i32 {
  assert(isClass(classIndex));
  if (!findRoundAtRest(classIndex)) return 0;
  const top = roundCountIn(worker, classIndex) - 1;
  const slot = slotOfRound(worker, classIndex, top);
  const address = load32(roundAt(worker, classIndex, top));
  const gauge = gaugeAt(worker, classIndex);
  const filled = (load32(gauge) + allocated) | 0;
  store8((statesAt + slot) | 0, slotLive | worker);
  store32(gauge, filled);
  return address;
}

/** The address of a large object; 0 where the shell is to look closer. */
export function allocateLargeInCore(bytes: i32, alignBytes: i32): i32 {
  return isAtRest() ? allocateLarge(bytes, alignBytes, false, false) : 0;
}

/**
 * `done`, or for a large object `cleanedUp`; `cleanUpFirst`, for a clean-up may run out of stack, and the free of a slot that
 * throws has not taken place (found by the storm); 0 where the shell is to look closer.
 */
export function deallocateInCore(address: i32): i32 {
  const chunk = (address - dataAt) >>> chunkShift;
  if (!lessUnsigned(chunk, chunkCount)) return 0;
  const entry = mapOf(chunk);
  const classIndex = entry & mapClassMask;
  if (classIndex === 0) return isAtRest() && freeLarge(address, chunk, entry) ? countFreed() : 0;
  const slot = slotAt(address, chunk, entry);
  if (slot < 0 || load8((statesAt + slot) | 0) < slotLive || !isAtRest()) return 0;
  const found = ensureSpace(classIndex);
  if (found === cleanedUp) return cleanUpFirst;
  // Another free of the object, illegal or of a stale address, may have come meanwhile: the shell says so.
  if (found <= nothing || load8((statesAt + slot) | 0) < slotLive) return 0;
  const above = roundAt(worker, classIndex, roundCountIn(worker, classIndex));
  const gauge = gaugeAt(worker, classIndex);
  const filled = (load32(gauge) + 1) | 0;
  store32(above, address);
  store32((above + roundSlot) | 0, slot + tableBytes);
  store8((statesAt + slot) | 0, worker);
  store32(gauge, filled);
  return done;
}

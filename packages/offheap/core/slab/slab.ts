// Slabs as one worker handles them: built, claimed for a moment, filled into a magazine, given back.
// Whoever holds the claim owns the slab's info words and its free slots; nobody waits for a claim.
//
// Plain loads: info words, which only the holder of the claim writes; state bytes, as state-scan.ts reads them.
//
//   free count = number of state bytes 0         line bit set ⇐ the line of 64 slots has a state byte 0
//   in the class's set ⇐ free count > 0          in the set of empty ones ⇐ free count = slots     (hints, all of these)

import {
  claimBuilding,
  claimClaimed,
  claimOf,
  claimUnclaimed,
  classOf,
  giveBack,
  heedDestroy,
  isSlab,
  lengthOf,
  mapEntry,
  setAdd,
  setHas,
  setMap,
  setNext,
  setRemove,
  storeClaim,
  swapClaim,
  tagOf,
  takenLength,
  takeSpan,
} from "../arena/index.ts";
import {
  chunkShift,
  fewestSlots,
  infoFreeCount,
  infoLines,
  lineShift,
  lineWords,
  noChunk,
  slabBytes,
  slotFree,
  slotsPerLine,
  spanChunksWord,
  tagUnclaimed,
  wideBytes,
} from "../layout/index.ts";
import {
  classCount,
  heapAt,
  infoAt,
  isChunk,
  isClass,
  isPlace,
  objectBytes,
  slabChunks,
  slabSet,
  slotsPerSlab,
  worker,
} from "../places/index.ts";
import {
  assert,
  atomicLoad32,
  divide,
  glance32,
  least,
  load32,
  most,
  multiply,
  store32,
  trailingZeros,
} from "../target/index.ts";
import { firstSlot, slotsOf } from "./slots.ts";
import { clearStates, countStates, firstUsed, hasFree } from "./state-scan.ts";

/** Lists of more classes than this begin with short slabs: at least so many chunks. */
const fewClasses = 16;
const shortSlabChunks = 4;
/** Slabs of wide classes are shorter still, and may have a 256th: most programs have few objects of each. */
const wideSlabShift = 8;
const fewestWideSlots = 8;
/** A short slab may have a 64th of all chunks that are in spans. */
const shortSlabShift = 6;

/** No claim word of a claimed slab is this. */
export const notClaimed = 0;

/**
 * Claims the slab at `head` if it is one and nobody holds it. Returns the claim word as it now stands,
 * or `notClaimed`, also for what only damaged books lead to. Everything about the slab is read after this.
 */
export function claimSlab(head: i32): i32 {
  if (!isChunk(head)) return notClaimed;
  const claim = claimOf(head);
  if (tagOf(claim) !== tagUnclaimed || !isSlab(claim)) return notClaimed;
  const claimed = claimClaimed(classOf(claim), lengthOf(claim));
  return swapClaim(head, claim, claimed) ? claimed : notClaimed;
}

/** Hints first, then the word that lets others in. */
export function unclaimSlab(head: i32, claim: i32): void {
  assert(isChunk(head) && isSlab(claim));
  storeClaim(head, claimUnclaimed(classOf(claim), lengthOf(claim)));
}

/** Chunks that a new slab of the class asks for, by the hint of how many are in spans. */
export function chunksOfNewSlab(classIndex: i32): i32 {
  const bytes = objectBytes(classIndex);
  const slots = least(most(divide(slabBytes, bytes), fewestSlots), slotsPerSlab);
  const full = least(chunksFor(multiply(slots, bytes)), slabChunks);
  if (classCount <= fewClasses) return full;
  const spanChunks = atomicLoad32((heapAt + (spanChunksWord << 2)) | 0);
  if (bytes > wideBytes) {
    const few = chunksFor(multiply(fewestWideSlots, bytes));
    return least(most(spanChunks >> wideSlabShift, few), full);
  }
  const few = most(shortSlabChunks, chunksFor(multiply(fewestSlots, bytes)));
  return least(most(spanChunks >> shortSlabShift, few), full);
}

function chunksFor(bytes: i32): i32 {
  return (bytes + (1 << chunkShift) - 1) >> chunkShift;
}

/** Builds a slab, held by this worker; −1 when there is no free chunk. */
export function buildSlab(classIndex: i32): i32 {
  assert(isPlace(worker) && isClass(classIndex));
  const head = takeSpan(chunksOfNewSlab(classIndex), 1);
  if (head === noChunk) return noChunk;
  const length = takenLength;
  const bytes = objectBytes(classIndex);
  const shift = trailingZeros(bytes);
  for (let i = 0; i < length; i++) setMap(head + i, mapEntry(classIndex, shift, i));
  const claim = claimClaimed(classIndex, length);
  // Those behind the last slot, too, that an address in the slab's chunks leads to. A byte that is not 0 was left by a
  // reset, or written by a free that raced another of the same object and came after the span had been given back.
  const first = firstSlot(head);
  clearStates(first, first + divide((length << chunkShift) + bytes - 1, bytes));
  describe(head, slotsOf(claim));
  storeClaim(head, claim);
  heedDestroy(head, length);
  // After the claim: a hint to a chunk that is no slab yet would be taken away by whoever follows it.
  setAdd(slabSet(classIndex), head);
  return head;
}

/** The info words of a new slab, all of whose slots are free. */
function describe(head: i32, slots: i32): void {
  const info = infoAt(head);
  store32((info + infoFreeCount) | 0, slots);
  const lines = (slots + slotsPerLine - 1) >> lineShift;
  for (let i = 0; i < lineWords; i++) {
    const here = least(most(lines - i * 32, 0), 32);
    store32((info + infoLines + (i << 2)) | 0, here === 32 ? -1 : (1 << here) - 1);
  }
}

/** Under the claim: counts `freed` more free slots, whose bytes and line bits are set, and keeps the sets. */
export function addFree(head: i32, claim: i32, freed: i32): void {
  const at = (infoAt(head) + infoFreeCount) | 0;
  const freeBefore = load32(at);
  store32(at, freeBefore + freed);
  if (freed === 0) return;
  if (freeBefore === 0) setAdd(slabSet(classOf(claim)), head);
  if (freeBefore + freed === slotsOf(claim)) setAdd(slabSet(0), head);
}

/** Under the claim: gives the span back if every state byte is free. False leaves the slab claimed. */
export function releaseSlab(head: i32, claim: i32): bool {
  assert(isChunk(head) && isSlab(claim));
  const first = firstSlot(head);
  const end = first + slotsOf(claim);
  if (firstUsed(first, end) !== end) return false;
  const length = lengthOf(claim);
  storeClaim(head, claimBuilding(length));
  setRemove(slabSet(0), head);
  setRemove(slabSet(classOf(claim)), head);
  giveBack(head, length);
  return true;
}

/** Gives the slab at `head` back if it can be had and is empty; puts its hints right if it is not. */
export function releaseIfEmpty(head: i32): bool {
  const claim = claimSlab(head);
  if (claim === notClaimed) {
    repairEmpty(head);
    return false;
  }
  if (releaseSlab(head, claim)) return true;
  repairSlab(head, claim);
  unclaimSlab(head, claim);
  return false;
}

/** Gives up to `limit` wholly free slabs back, lowest first; returns how many went. */
export function releaseEmpty(limit: i32): i32 {
  let released = 0;
  let from = 0;
  while (released < limit) {
    const head = setNext(slabSet(0), from);
    if (head === noChunk) return released;
    from = head + 1;
    if (releaseIfEmpty(head)) released++;
  }
  return released;
}

/** Under the claim: makes the info words and the sets true again from the state bytes. */
export function repairSlab(head: i32, claim: i32): void {
  assert(isChunk(head) && isSlab(claim));
  const info = infoAt(head);
  const slots = slotsOf(claim);
  const first = firstSlot(head);
  for (let i = 0; i < lineWords; i++) store32((info + infoLines + (i << 2)) | 0, 0);
  let free = 0;
  for (let slot = 0; slot < slots; slot += slotsPerLine) {
    const end = least(slot + slotsPerLine, slots);
    // A refusal in a full heap comes by all of its state bytes.
    if (!hasFree(first + slot, first + end)) continue;
    free += countStates(first + slot, first + end, slotFree);
    const line = slot >> lineShift;
    const at = (info + infoLines + ((line >> 5) << 2)) | 0;
    store32(at, load32(at) | (1 << (line & 31)));
  }
  store32((info + infoFreeCount) | 0, free);
  keep(slabSet(classOf(claim)), head, free > 0);
  keep(slabSet(0), head, free === slots);
}

function keep(set: i32, head: i32, member: bool): void {
  if (member) setAdd(set, head);
  else setRemove(set, head);
}

/** Takes the hint "this slab is wholly free" away where there is no slab, or a busy one. */
function repairEmpty(head: i32): void {
  if (isSlab(claimOf(head))) return;
  setRemove(slabSet(0), head);
  if (isSlab(claimOf(head))) setAdd(slabSet(0), head);
}

/** Puts back the hints to a slab that somebody took away and died before putting them right. */
export function repairHints(head: i32, claim: i32): void {
  assert(isChunk(head) && isSlab(claim));
  const free = glance32((infoAt(head) + infoFreeCount) | 0);
  const partial = slabSet(classOf(claim));
  if (free > 0 && !setHas(partial, head)) setAdd(partial, head);
  if (free === slotsOf(claim) && !setHas(slabSet(0), head)) setAdd(slabSet(0), head);
}

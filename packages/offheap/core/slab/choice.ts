// Which slab a refill takes slots of. A worker goes on with its *homes*: slabs that it has filled its magazine from before. Two
// workers whose slots lie in one slab write the same lines of state bytes, and each waits for the other's processor. Two
// that replaced among 65,536 objects each took 51 ns a replacement, with homes 37, one alone 26 (docs/measurements.md).
//
//   home  place of the worker that took slots last, or 0; a hint
//   kept  from others: a home of a worker at work that is its last one, or less than half free; and only while three
//         quarters of the heap are in no span
//
// Nobody is refused a slot for it: where no slab can be built, any will do.
// Plain loads: the worker's own record.

import { claimOf, classOf, isSlab, setAdd, setNext, setRemove } from "../arena/index.ts";
import {
  homeSearchAt,
  infoFreeCount,
  infoHome,
  lastHomeAt,
  noChunk,
  spanChunksWord,
  workerLive,
  workerStateMask,
} from "../layout/index.ts";
import {
  chunkCount,
  countersAt,
  heapAt,
  infoAt,
  isPlace,
  slabSet,
  worker,
  workerWordAt,
} from "../places/index.ts";
import { atomicLoad32, glance32, load32, most, store32 } from "../target/index.ts";
import { chunksOfNewSlab, claimSlab, notClaimed, unclaimSlab } from "./slab.ts";
import { slotsOf } from "./slots.ts";

/** Slabs that one search tries to claim before it passes on. */
const claimTries = 4;
/** Slabs of a class that a search for a home looks at: the lowest, then more from where the last search ended. */
const lowLooks = 4;
const homeLooks = 32;

/** Claims a slab of the class with a free slot, lowest address first; −1 when none can be had. */
export function claimPartial(classIndex: i32): i32 {
  let from = 0;
  for (let tries = 0; tries < claimTries; tries++) {
    const head = setNext(slabSet(classIndex), from);
    if (head === noChunk) return noChunk;
    if (claimIfOf(head, classIndex)) return head;
    from = head + 1;
  }
  return noChunk;
}

/** Claims the slab if it is of the class; else puts the hint that led to it right. */
function claimIfOf(head: i32, classIndex: i32): bool {
  const claim = claimSlab(head);
  if (claim !== notClaimed) {
    if (classOf(claim) === classIndex) return true;
    unclaimSlab(head, claim);
  }
  repairPartial(classIndex, head);
  return false;
}

/**
 * Claims a home of the caller's, lowest address first, or a slab that is kept for nobody. −1 where a new slab is better: the
 * others are kept for workers at work, and most of the heap is free.
 */
export function claimHome(classIndex: i32): i32 {
  spare = noChunk;
  hasHome = false;
  looksLeft = lowLooks;
  let head = findHome(classIndex, 0, chunkCount);
  if (head === noChunk && looksLeft === 0) {
    // Others' slabs come first: on from where the last search ended, once around.
    const from = most(load32(searchOf(classIndex)), 0);
    looksLeft = homeLooks;
    head = findHome(classIndex, from, chunkCount);
    if (head === noChunk) head = findHome(classIndex, 0, from);
    if (head === noChunk) store32(searchOf(classIndex), lookedTo);
  }
  if (head !== noChunk) return head;
  if (spare !== noChunk && claimIfOf(spare, classIndex)) return spare;
  return hasHome || !isMostlyFree(classIndex) ? claimPartial(classIndex) : noChunk;
}

/** Of the searches of one call: looks left, where they ended; and met on the way a slab kept for nobody, a home that another holds. */
let looksLeft: i32 = 0;
let lookedTo: i32 = 0;
let spare: i32 = 0;
let hasHome: bool = false;

/** Claims the first home of the caller's from a chunk to before another. */
function findHome(classIndex: i32, start: i32, end: i32): i32 {
  let from = start;
  for (; looksLeft > 0; looksLeft--) {
    const head = setNext(slabSet(classIndex), from);
    if (head === noChunk || head >= end) return noChunk;
    const home = glance32((infoAt(head) + infoHome) | 0);
    if (home === worker) {
      if (claimIfOf(head, classIndex)) return head;
      hasHome = true; // another frees into it just now: no reason to build
    } else if (!isSlabOf(head, classIndex)) repairPartial(classIndex, head);
    else if (spare === noChunk && !isKept(classIndex, head, home)) spare = head;
    from = head + 1;
    lookedTo = from;
  }
  return noChunk;
}

function isKept(classIndex: i32, head: i32, home: i32): bool {
  if (!isPlace(home) || (glance32(workerWordAt(home)) & workerStateMask) !== workerLive) return false;
  const free = glance32((infoAt(head) + infoFreeCount) | 0);
  return free << 1 < slotsOf(claimOf(head)) || glance32(lastHomeOf(home, classIndex)) === head;
}

function lastHomeOf(w: i32, classIndex: i32): i32 {
  return (countersAt(w, classIndex) + lastHomeAt) | 0;
}

function searchOf(classIndex: i32): i32 {
  return (countersAt(worker, classIndex) + homeSearchAt) | 0;
}

/** Under the claim: the slab is the caller's home. */
export function makeHome(classIndex: i32, head: i32): void {
  store32((infoAt(head) + infoHome) | 0, worker);
  store32(lastHomeOf(worker, classIndex), head);
  store32(searchOf(classIndex), head);
}

/** Whether three quarters of the chunks are in no span, also with one more slab of the class. */
function isMostlyFree(classIndex: i32): bool {
  const taken = atomicLoad32((heapAt + (spanChunksWord << 2)) | 0) + chunksOfNewSlab(classIndex);
  return taken <= chunkCount >> 2;
}

/** Puts the hint "this slab has a free slot" right, after a search found it misleading. */
function repairPartial(classIndex: i32, head: i32): void {
  if (isSlabOf(head, classIndex)) return;
  setRemove(slabSet(classIndex), head);
  if (isSlabOf(head, classIndex)) setAdd(slabSet(classIndex), head);
}

function isSlabOf(head: i32, classIndex: i32): bool {
  const claim = claimOf(head);
  return isSlab(claim) && classOf(claim) === classIndex;
}

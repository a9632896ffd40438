// Which slab a refill takes slots of. A worker goes on with its *homes*: slabs that it has filled its magazine from before. Two
// workers whose slots lie in one slab write the same lines of state bytes, and each waits for the other's processor. Two
// that replaced 65,536 objects each took 53 ns a replacement, with homes 41, one alone 25 (docs/measurements.md).
//
//   home = place of the worker that took slots last, or 0; a hint, which others may have changed
//   kept from others: at most `homeLooks` slabs of a class, and only while three quarters of the heap are in no span
//
// Nobody is refused a slot for it: where no slab can be built, any will do.

import { claimOf, classOf, isSlab, setAdd, setNext, setRemove } from "../arena/index.ts";
import { infoHome, noChunk, spanChunksWord, workerLive, workerStateMask } from "../layout/index.ts";
import { chunkCount, heapAt, infoAt, isPlace, slabSet, worker, workerWordAt } from "../places/index.ts";
import { atomicLoad32, glance32 } from "../target/index.ts";
import { claimSlab, notClaimed, unclaimSlab } from "./slab.ts";

/** Slabs that one search tries to claim before it passes on. */
const claimTries = 4;
/** Slabs of a class that a search for a home looks at. */
const homeLooks = 16;

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
 * Claims a home of the caller's, lowest address first, or a slab that is the home of nobody at work. −1 where a new slab is
 * better: all others are homes of workers at work, they are few, and most of the heap is free.
 */
export function claimHome(classIndex: i32): i32 {
  const set = slabSet(classIndex);
  let spare = noChunk;
  let hasHome = false;
  let from = 0;
  for (let looks = 0; looks < homeLooks; looks++) {
    const head = setNext(set, from);
    if (head === noChunk) {
      if (spare !== noChunk && claimIfOf(spare, classIndex)) return spare;
      return hasHome || !isRoomy() ? claimPartial(classIndex) : noChunk;
    }
    const home = glance32((infoAt(head) + infoHome) | 0);
    if (home === worker) {
      if (claimIfOf(head, classIndex)) return head;
      hasHome = true; // another frees into it just now: no reason to build
    } else if (spare === noChunk && !isAtWork(home)) spare = head;
    from = head + 1;
  }
  return claimPartial(classIndex);
}

function isAtWork(home: i32): bool {
  return isPlace(home) && (glance32(workerWordAt(home)) & workerStateMask) === workerLive;
}

/** Whether three quarters of the chunks are in no span. */
function isRoomy(): bool {
  return atomicLoad32((heapAt + (spanChunksWord << 2)) | 0) <= chunkCount >> 2;
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

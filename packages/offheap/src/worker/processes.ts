// The workers of several processes in one heap. A worker's word says of which process it is, from the exchange that attaches it
// on. Whoever finds, after reading a word, that nobody holds the lock of its process's number, knows that worker to be dead: it
// was attached while its process held the lock. What is exchanged then is the very word that was read, incarnation and all: so
// it may come late, and others may do the same.

import { trackCount } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { processOf, tokenBits } from "./tokens.ts";
import { Workers } from "./workers.ts";

/** Marks the workers of processes that have ended. Nothing without an `os`, which alone can tell. */
export function markDead(heap: Heap): void {
  const { ownPage, os } = heap;
  const calls = os?.processes.calls;
  if (ownPage === undefined || calls === undefined || !ownPage.isOpen()) return;
  const { descriptor, process: own } = ownPage;
  const workers = new Workers(heap);
  // All words are read before any lock is looked at.
  const seen = workers.live().filter(({ token }) => ![0, own].includes(processOf(heap, token)));
  const isHeld = new Map<number, boolean>();
  for (const worker of seen) {
    const process = processOf(heap, worker.token);
    const held = isHeld.get(process) ?? calls.isLocked(descriptor, process);
    isHeld.set(process, held);
    if (!held) workers.bury(worker);
  }
}

/**
 * Marks all that stand under a number as ended, and forgets whom they tracked. For who has just got its lock, and has attached
 * nobody yet: they are of an earlier process with that number.
 */
export function markEarlier(heap: Heap, process: number): void {
  const workers = new Workers(heap);
  for (const worker of workers.live()) if (processOf(heap, worker.token) === process) workers.bury(worker);
  const { atomics, wide, layout } = heap;
  for (let i = 0; i < trackCount; i++) {
    const at = layout.tracksAt / 2 + i;
    const entry = atomics.loadWide(wide, at);
    if (entry !== 0n && processOf(heap, Number(entry >> BigInt(tokenBits))) === process)
      atomics.swapWide(wide, at, entry, 0n);
  }
}

/** How many live workers this process has, but one. */
export function othersOfProcess(heap: Heap, but: number): number {
  const workers = new Workers(heap);
  const own = workers.live().filter(({ token }) => processOf(heap, token) === heap.process);
  return own.filter(({ place }) => workers.idOf(place) !== but).length;
}

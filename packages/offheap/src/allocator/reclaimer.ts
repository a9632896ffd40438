// Slots that are somewhere, for a request that finds none at hand: in slabs that are empty, in the caller's own magazines, in
// what others left, in slabs that no hint tells of. The journal says "moving" meanwhile.

import { classOf } from "../arena/index.ts";
import type { ChunkIndex } from "../base/index.ts";
import type { SizeClass } from "../layout/index.ts";
import { emptyRecovery, hasStrays, type Reaper, Recoverer } from "../recovery/index.ts";
import { type Magazines, notClaimed, type Slabs } from "../slab/index.ts";
import { journal, writeJournal } from "../worker/index.ts";

/** Slabs that are given back before the rest is looked for. */
const slabsFirst = 4;

export class Reclaimer {
  private readonly slabs: Slabs;
  private readonly magazines: Magazines;
  private readonly reaper: Reaper;

  constructor(slabs: Slabs, magazines: Magazines, reaper: Reaper) {
    this.slabs = slabs;
    this.magazines = magazines;
    this.reaper = reaper;
  }

  /** Before giving up: empty slabs of all classes, our own caches, what others left, every slab of the class. */
  reclaim(sizeClass: SizeClass): boolean {
    if (this.releaseEmpty(slabsFirst) > 0 && this.build(sizeClass)) return true;
    this.recall();
    this.reaper.collectLeftovers();
    this.releaseEmpty(Number.POSITIVE_INFINITY);
    return (
      this.magazines.refill(sizeClass) ||
      this.build(sizeClass) ||
      searchAll(this.slabs, this.magazines, sizeClass, () => this.build(sizeClass))
    );
  }

  /** Sends everything this worker has cached home. */
  recall(): void {
    this.settleBetween();
    for (const sizeClass of this.magazines.classes) {
      // A drain may leave some for the next; what another worker holds just now stays for good.
      while (sizeClass.index !== 0 && this.magazines.drain(sizeClass, sizeClass.roundLimit) > 0);
    }
    if (hasStrays(this.magazines)) this.recoverSelf();
  }

  releaseEmpty(limit: number): number {
    return this.magazines.releaseEmpty(limit) + (this.slabs.others?.releaseEmpty(limit) ?? 0);
  }

  /** What an exception left half done of a call is settled before rounds move, and counts only while the journal is idle. */
  settleBetween(): void {
    const { heap, worker, core } = this.slabs;
    writeJournal(heap, worker, journal.idle);
    for (const { index } of this.magazines.classes) if (index !== 0) core.settle(worker, index, journal.idle);
    writeJournal(heap, worker, journal.moving);
  }

  /** In a walk over the heap. */
  recoverSelf(): void {
    new Recoverer(this.magazines, this.slabs.worker, "keep", emptyRecovery()).run();
  }

  /** Fills the magazine from a new slab; false when there is no free chunk. */
  private build({ index }: SizeClass): boolean {
    return Boolean(this.slabs.core.build(index));
  }
}

/**
 * Looks at every chunk, for the hints may lag behind another worker's last stores: fills the magazine from a slab of the
 * class, or gives back what is empty, and builds one.
 */
function searchAll(slabs: Slabs, magazines: Magazines, sizeClass: SizeClass, build: () => boolean): boolean {
  const { spans, heap } = slabs;
  let sawFree = false;
  for (let chunk = 0 as ChunkIndex; chunk < heap.layout.chunkCount; chunk++) {
    const seen = spans.claimOf(chunk);
    if (seen === 0) {
      sawFree = true;
      if (!spans.free.has(chunk)) spans.repairFree(chunk);
    }
    if (!slabs.isSlab(seen)) continue;
    const claim = slabs.claim(chunk);
    if (claim === notClaimed) continue;
    if (classOf(claim) === sizeClass.index) {
      if (magazines.takeFrom(sizeClass, chunk)) return true;
    } else if (slabs.release(chunk, claim)) sawFree = true;
    else slabs.unclaim(chunk, claim);
  }
  return sawFree && build();
}

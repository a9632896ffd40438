// Slabs as one worker handles them, as core/slab/slab.ts has them.

import { ChunkSet, classOf, isSlab, lengthOf, Spans } from "../arena/index.ts";
import type { ChunkIndex, WorkerPlace } from "../base/index.ts";
import { chunkSetAt, slotCountOf } from "../layout/index.ts";
import type { Core, Heap } from "../memory/index.ts";
import type { OtherSpans, OtherSpansOf } from "./other-spans.ts";

/** No claim word of a claimed slab is this. */
export const notClaimed = 0;

export class Slabs {
  readonly heap: Heap;
  readonly spans: Spans;
  readonly worker: WorkerPlace;
  /** By class index; at 0, which is no class, stands `empty`. */
  readonly partial: readonly ChunkSet[];
  readonly empty: ChunkSet;
  /** The spans of a pool that are no slabs. */
  readonly others: OtherSpans | undefined;

  constructor(heap: Heap, worker: WorkerPlace, others?: OtherSpansOf) {
    this.heap = heap;
    this.worker = worker;
    this.spans = new Spans(heap);
    this.others = others?.(heap, this.spans, worker);
    this.empty = new ChunkSet(heap, chunkSetAt(heap.layout, 1));
    const sets = [this.empty];
    for (let index = 1; index <= heap.layout.objectBytes.length; index++) {
      sets.push(new ChunkSet(heap, chunkSetAt(heap.layout, index + 1)));
    }
    this.partial = sets;
  }

  /** The core, as this worker's. */
  get core(): Core {
    return this.heap.coreOf(this.worker);
  }

  firstSlot(head: ChunkIndex): number {
    return head << this.heap.layout.stateShift;
  }

  slotCount(claim: number): number {
    return slotCountOf(this.heap.layout, classOf(claim), lengthOf(claim));
  }

  /** Whether a claim word is that of a slab, held or not. One with a class that is none is damaged. */
  isSlab(claim: number): boolean {
    return isSlab(claim) && classOf(claim) > 0 && classOf(claim) < this.partial.length;
  }

  /** Claims the slab at `head` if it is one and nobody holds it; the claim word then, or `notClaimed`. */
  claim(head: ChunkIndex): number {
    return this.core.claimSlab(head);
  }

  /** Hints first, then the word that lets others in. */
  unclaim(head: ChunkIndex, claim: number): void {
    this.core.unclaimSlab(head, claim);
  }

  /** Under the claim: gives the span back if every state byte is free. False leaves the slab claimed. */
  release(head: ChunkIndex, claim: number): boolean {
    return Boolean(this.core.releaseSlab(head, claim));
  }

  /** Under the claim: makes the info words and the sets true again from the state bytes. */
  repair(head: ChunkIndex, claim: number): void {
    this.core.repairSlab(head, claim);
  }

  /** Puts back the hints to a slab that somebody took away and died before putting them right. */
  repairHints(head: ChunkIndex, claim: number): void {
    this.core.repairHints(head, claim);
  }
}

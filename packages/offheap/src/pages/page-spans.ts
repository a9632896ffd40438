// Spans of pages as one worker handles them, by the core (core/pages/spans.ts): claimed for a moment, repaired, given back.
// Whoever holds the claim owns the page info, takes free pages and collects freed runs; nobody waits for a claim.

import { lengthOf } from "../arena/index.ts";
import type { ChunkIndex, WorkerPlace } from "../base/index.ts";
import { pageCountOf, pageInfo, statesPerPage, wordsPerSlabInfo } from "../layout/index.ts";
import type { Core, Heap } from "../memory/index.ts";
import { PageHints } from "./page-hints.ts";

/** No claim word of a held span is this. */
export const notHeld = 0;

export class PageSpans {
  readonly heap: Heap;
  readonly worker: WorkerPlace;
  readonly hints: PageHints;

  constructor(heap: Heap, worker: WorkerPlace) {
    this.heap = heap;
    this.worker = worker;
    this.hints = new PageHints(heap);
  }

  /** The core, as this worker's. */
  get core(): Core {
    return this.heap.coreOf(this.worker);
  }

  pageCount(claim: number): number {
    return pageCountOf(this.heap.layout, lengthOf(claim));
  }

  /** The first state byte of a page. */
  slotOf(head: number, page: number): number {
    return (head << this.heap.layout.stateShift) + page * statesPerPage;
  }

  /** Behind the state bytes of a span. */
  endSlot(head: number, claim: number): number {
    return this.slotOf(head, this.pageCount(claim));
  }

  /** Where the bits of a span's free pages are. */
  bitsAt(head: number): number {
    return this.heap.layout.infoAt + head * wordsPerSlabInfo + pageInfo.free;
  }

  /** Claims the span at `head` if it is one of pages and nobody holds it; the claim word then, or `notHeld`. */
  claim(head: ChunkIndex): number {
    return this.core.claimPageSpan(head);
  }

  /** Publishes what was done under the claim. */
  unclaim(head: ChunkIndex, claim: number): void {
    this.core.unclaimPages(head, claim);
  }

  /** Under the claim: lets the span go, or gives it back if it is empty and not the only one. */
  letGo(head: ChunkIndex, claim: number): void {
    this.core.letGoPages(head, claim);
  }

  /** Under the claim: makes bits and hints true again from the state bytes, and collects what was freed. */
  repair(head: ChunkIndex, claim: number): void {
    this.core.repairPages(head, claim);
  }

  /** Gives back what all workers keep. */
  giveBackKept(): void {
    for (let worker = 1; worker <= this.heap.layout.maxWorkers; worker++) this.core.giveBackKept(worker);
  }

  /** Gives up to `limit` empty spans back, lowest first; returns how many went. */
  releaseEmpty(limit: number): number {
    return this.core.releaseEmptyPages(Math.min(limit, this.heap.layout.chunkCount));
  }
}

// Spans of pages as one worker handles them: built, claimed for a moment, searched, tidied, given back. Whoever
// holds the claim owns the page info, takes free pages and collects freed runs; nobody waits for a claim.
// A page's free bit is a hint beside its state byte, as are the sets of spans: page-hints.ts.

import {
  claimBuilding,
  claimPages,
  claimPagesHeld,
  lengthOf,
  mapPages,
  noChunk,
  type Spans,
  tag,
  tagOf,
} from "../arena/index.ts";
import { type ChunkIndex, divideUp, type WorkerPlace } from "../base/index.ts";
import { pageCountOf, pageInfo, pagesPerChunk, statesPerPage, wordsPerSlabInfo } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { clearStates } from "../slab/index.ts";
import { markPages } from "./page-bits.ts";
import { PageHints } from "./page-hints.ts";
import { pageFree, pageFreed, runPages } from "./page-state.ts";

/** Members of the set of empty spans looked at for one that still is. */
const emptyTries = 8;
/** No claim word of a held span is this. */
export const notHeld = 0;

export class PageSpans {
  readonly heap: Heap;
  readonly spans: Spans;
  readonly worker: WorkerPlace;
  readonly hints: PageHints;
  private readonly stateShift: number;
  private readonly mostPages: number;
  private readonly infoAt: number;

  constructor(heap: Heap, spans: Spans, worker: WorkerPlace) {
    this.heap = heap;
    this.spans = spans;
    this.worker = worker;
    this.hints = new PageHints(heap);
    this.stateShift = heap.layout.stateShift;
    this.mostPages = heap.layout.slotsPerSlab;
    this.infoAt = heap.layout.infoAt;
  }

  firstSlot(head: number): number {
    return head << this.stateShift;
  }

  pageCount(claim: number): number {
    const pages = lengthOf(claim) * pagesPerChunk;
    return pages < this.mostPages ? pages : this.mostPages;
  }

  /** The first state byte of a page. */
  slotOf(head: number, page: number): number {
    return ((head << this.stateShift) + page * statesPerPage) | 0;
  }

  pageOf(head: number, slot: number): number {
    return ((slot - (head << this.stateShift)) / statesPerPage) | 0;
  }

  /** Behind the state bytes of a span. */
  endSlot(head: number, claim: number): number {
    return this.slotOf(head, this.pageCount(claim));
  }

  /** Where the bits of a span's free pages are. */
  bitsAt(head: number): number {
    return (this.infoAt + head * wordsPerSlabInfo + pageInfo.free) | 0;
  }

  /** Claims the span at `head` if it is one of pages and nobody holds it; the claim word then, or `notHeld`. */
  claim(head: ChunkIndex): number {
    const claim = this.spans.glimpse(head);
    if (tagOf(claim) !== tag.pages) return notHeld;
    const held = claimPagesHeld(lengthOf(claim), this.worker);
    return this.spans.swapClaim(head, claim, held) ? held : notHeld;
  }

  /** Publishes what was done under the claim. */
  unclaim(head: ChunkIndex, claim: number): void {
    this.spans.storeClaim(head, claimPages(lengthOf(claim)));
  }

  /** Builds a span, held by this worker, all pages free and in no room yet; `noChunk` without chunks. */
  build(pages: number): ChunkIndex {
    const { words, layout } = this.heap;
    const least = divideUp(pages, pagesPerChunk);
    const want = Math.max(least, layout.pageSpanChunks);
    if (pages > pageCountOf(layout, want)) return noChunk;
    const head = this.spans.take(this.worker, want, least);
    if (head === noChunk) return noChunk;
    const { length } = this.spans;
    const claim = claimPagesHeld(length, this.worker);
    this.spans.mapSpan(head, length, mapPages);
    // A byte that is not 0 was left by a reset, or by a free that raced another, of a slot that was here.
    const first = this.firstSlot(head);
    const end = first + length * pagesPerChunk * statesPerPage;
    clearStates(this.heap, first, end);
    const freeAt = this.bitsAt(head);
    for (let i = 0; i < length; i++) words[freeAt + i] = 0;
    const pageCount = this.pageCount(claim);
    markPages(words, freeAt, 0, pageCount, true);
    this.hints.clear(head, pageCount);
    this.spans.storeClaim(head, claim);
    this.spans.heedDestroy(head, length);
    return head;
  }

  /** Under the claim: gives a run another length. */
  setLength(head: ChunkIndex, page: number, pages: number, want: number): void {
    const { words, states } = this.heap;
    const freeAt = this.bitsAt(head);
    states[this.slotOf(head, page) + 1] = want;
    if (want > pages) markPages(words, freeAt, page + pages, want - pages, false);
    else markPages(words, freeAt, page + want, pages - want, true);
  }

  /** Under the claim: whether all pages of a stretch are free, by their bytes; no run reaches into it from before. */
  areFree(head: ChunkIndex, claim: number, page: number, count: number): boolean {
    const { states } = this.heap;
    if (page + count > this.pageCount(claim)) return false;
    const end = this.slotOf(head, page + count);
    for (let slot = this.slotOf(head, page); slot < end; slot += statesPerPage)
      if (states[slot] !== pageFree) return false;
    return true;
  }

  /** Under the claim: makes the hints true by the bits. */
  measure(head: ChunkIndex, claim: number): void {
    const { core } = this.heap;
    core.scanPages(head, lengthOf(claim), 0, 1, 0);
    this.hints.set(head, this.pageCount(claim), core.scannedFree(), core.scannedLongest());
  }

  /** Under the claim: lets the span go, or gives it back if it is empty and not the only one. */
  letGo(head: ChunkIndex, claim: number): void {
    if (this.hints.freeOf(head) === this.pageCount(claim)) this.letGoEmpty(head, claim);
    else this.unclaim(head, claim);
  }

  /** The same of one that is empty: one is kept, so that a single object that comes and goes does not build each time. */
  letGoEmpty(head: ChunkIndex, claim: number): void {
    const { empty } = this.hints;
    if (!empty.has(head)) empty.add(head);
    if (!this.isOtherEmpty(head) || !this.release(head, claim)) this.unclaim(head, claim);
  }

  /** Whether a span other than this is empty; some of the set are so no more. */
  private isOtherEmpty(head: ChunkIndex): boolean {
    const { hints } = this;
    let other = hints.empty.next(0);
    for (let tries = 0; tries < emptyTries && other !== noChunk; tries++) {
      if (other !== head && hints.freeOf(other) === this.pageCount(this.spans.glimpse(other))) return true;
      other = hints.empty.next(other + 1);
    }
    return false;
  }

  /** Collects runs that were freed while another worker held their span. */
  collectPending(limit: number): void {
    let from = 0;
    for (let tries = 0; tries < limit; tries++) {
      const head = this.hints.pending.next(from);
      if (head === noChunk) return;
      from = head + 1;
      const claim = this.claim(head);
      if (claim === notHeld) this.hints.repairHint(this.hints.pending, head);
      else {
        this.repair(head, claim);
        this.letGo(head, claim);
      }
    }
  }

  /** Gives up to `limit` empty spans back, lowest first; returns how many went. */
  releaseEmpty(limit: number): number {
    this.collectPending(limit);
    let released = 0;
    for (let from = 0; released < limit; ) {
      const head = this.hints.empty.next(from);
      if (head === noChunk) return released;
      from = head + 1;
      const claim = this.claim(head);
      if (claim === notHeld) this.hints.repairHint(this.hints.empty, head);
      else if (this.release(head, claim)) released++;
      else this.unclaim(head, claim);
    }
    return released;
  }

  /**
   * Under the claim: collects freed runs and lengths that an allocation cut short left, and makes bits and hints
   * true again from the state bytes. The pending hint goes first: a free that comes later adds it again.
   */
  repair(head: ChunkIndex, claim: number): void {
    const { words, states, atomics, core } = this.heap;
    this.hints.pending.remove(head);
    const freeAt = this.bitsAt(head);
    const end = this.endSlot(head, claim);
    for (let slot = this.firstSlot(head), page = 0; slot < end; ) {
      const state = states[slot] as number;
      const length = state === pageFree ? 1 : runPages(states, slot, end);
      // The one who freed it did so by an exchange, too: what it did before comes before the next use.
      if (state === pageFreed) atomics.swapByte(states, slot, pageFreed, pageFree);
      const isFree = state === pageFree || state === pageFreed;
      if (isFree && states[slot + 1] !== 0) states[slot + 1] = 0;
      markPages(words, freeAt, page, length, isFree);
      page += length;
      slot += length * statesPerPage;
    }
    core.scanPages(head, lengthOf(claim), 0, 1, 0);
    this.hints.repairSpan(head, this.pageCount(claim), core.scannedFree(), core.scannedLongest());
  }

  /** Under the claim: gives the span back if every state byte is free. False leaves it claimed. */
  private release(head: ChunkIndex, claim: number): boolean {
    const length = lengthOf(claim);
    const all = this.pageCount(claim);
    const isEmpty = this.hints.freeOf(head) === all;
    if (!isEmpty) this.hints.repairRooms(head, all);
    else if (!this.areFree(head, claim, 0, all)) this.repair(head, claim);
    if (!isEmpty || this.hints.freeOf(head) !== all) return false;
    this.spans.storeClaim(head, claimBuilding(this.worker, length));
    this.hints.forget(head);
    this.spans.giveBackWhole(head, length);
    return true;
  }
}

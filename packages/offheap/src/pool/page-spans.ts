// Spans of pages as one worker handles them: built, claimed for a moment, searched, tidied, given back. Whoever
// holds the claim owns the page info, takes free pages and collects freed runs; nobody waits for a claim.
// A page's free bit is a hint beside its state byte, as are the sets of spans: page-hints.ts.

import { type ChunkSet, noChunk } from "../arena/chunk-set.ts";
import { claimBuilding, claimPages, claimPagesHeld, lengthOf, tag, tagOf } from "../arena/claim.ts";
import { mapOther, mapPages } from "../arena/span-map.ts";
import type { Spans } from "../arena/spans.ts";
import { divideUp } from "../base/bits.ts";
import type { ChunkIndex, WorkerSlot } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { infoAt, pageCountOf, pageInfo, pagesPerChunk, roomCount } from "../memory/layout.ts";
import { markPages, noPage, PageBits, runAround } from "./page-bits.ts";
import { PageHints, roomOf } from "./page-hints.ts";
import { pageContinued, pageFree, pageFreed, runPages } from "./page-state.ts";

/** Spans of one room that an allocation tries before it goes on to the next. */
const claimTries = 8;
/** Spans with freed runs that an allocation tidies. */
const pendingTries = 2;
/** No claim word of a held span is this. */
export const notHeld = 0;

export class PageSpans {
  readonly heap: Heap;
  readonly spans: Spans;
  readonly worker: WorkerSlot;
  readonly hints: PageHints;
  /** The page found by `claimWith` or `build`. */
  page = noPage;
  /** Whether it is in the longest free run of its span. */
  private isLongest = false;
  private readonly bits = new PageBits();

  constructor(heap: Heap, spans: Spans, worker: WorkerSlot) {
    this.heap = heap;
    this.spans = spans;
    this.worker = worker;
    this.hints = new PageHints(heap, spans);
  }

  firstSlot(head: number): number {
    return head << this.heap.layout.stateShift;
  }

  pageCount(claim: number): number {
    return pageCountOf(this.heap.layout, lengthOf(claim));
  }

  /** Claims the span at `head` if it is one of pages and nobody holds it; the claim word then, or `notHeld`. */
  claim(head: ChunkIndex): number {
    const claim = this.spans.claimOf(head);
    if (tagOf(claim) !== tag.pages) return notHeld;
    const held = claimPagesHeld(lengthOf(claim), this.worker);
    return this.spans.swapClaim(head, claim, held) ? held : notHeld;
  }

  /** Publishes what was done under the claim. */
  unclaim(head: ChunkIndex, claim: number): void {
    this.spans.storeClaim(head, claimPages(lengthOf(claim)));
  }

  /** Claims a span with a free run of `pages`, aligned to `align` pages; `noChunk` when none can be had. */
  claimWith(pages: number, align: number): ChunkIndex {
    for (let room = roomOf(pages); room < roomCount; room++) {
      const set = this.hints.rooms[room] as ChunkSet;
      let from = 0;
      for (let tries = 0; tries < claimTries; tries++) {
        const head = set.next(from);
        if (head === noChunk) break;
        const claim = this.hints.longestOf(head) < pages ? notHeld : this.claim(head);
        if (claim === notHeld) this.hints.mend(set, head);
        else if (this.find(head, claim, pages, align)) return head;
        else this.unclaim(head, claim);
        from = head + 1;
      }
    }
    return noChunk;
  }

  /** Builds a span, held by this worker, in which the first page begins a free run; `noChunk` without chunks. */
  build(pages: number): ChunkIndex {
    const least = divideUp(pages, pagesPerChunk);
    const want = Math.max(least, this.heap.layout.pageSpanChunks);
    if (pages > pageCountOf(this.heap.layout, want)) return noChunk;
    const head = this.spans.take(this.worker, want, least);
    if (head === noChunk) return noChunk;
    const { length } = this.spans;
    for (let i = 0; i < length; i++) this.spans.setMap(head + i, mapOther(mapPages, i));
    const { words, states, layout } = this.heap;
    // A byte that is not 0 was left by a reset, or by a free that raced another, of a slot that was here.
    const first = this.firstSlot(head);
    const pageCount = pageCountOf(layout, length);
    for (let slot = first; slot < first + length * pagesPerChunk; slot++)
      if (states[slot] !== pageFree) states[slot] = pageFree;
    const freeAt = infoAt(layout, head) + pageInfo.free;
    for (let i = 0; i < length; i++) words[freeAt + i] = 0;
    markPages(words, freeAt, 0, pageCount, true);
    this.hints.clear(head);
    this.spans.storeClaim(head, claimPagesHeld(length, this.worker));
    // A destroy that came meanwhile has cleared the map already, and looks no further.
    if (!this.heap.isReady()) for (let i = 0; i < length; i++) this.spans.setMap(head + i, 0);
    this.page = 0;
    this.isLongest = true;
    return head;
  }

  /** Under the claim: takes free pages for a run: all its bytes but the first. */
  takePages(head: ChunkIndex, page: number, pages: number): void {
    const { words, states, layout } = this.heap;
    const slot = this.firstSlot(head) + page;
    for (let i = 1; i < pages; i++) states[(slot + i) | 0] = pageContinued;
    markPages(words, infoAt(layout, head) + pageInfo.free, page, pages, false);
  }

  /** Under the claim: makes a run longer, page by page, so that it is one run at every moment. */
  extend(head: ChunkIndex, page: number, pages: number, want: number): void {
    const { words, states, layout } = this.heap;
    const slot = this.firstSlot(head) + page;
    for (let i = pages; i < want; i++) states[slot + i] = pageContinued;
    markPages(words, infoAt(layout, head) + pageInfo.free, page + pages, want - pages, false);
  }

  /**
   * Under the claim: makes the pages of a freed run free, and lets the span go. Another worker may have held the span since the run was
   * freed, and collected it, and more: then the byte is another's, or that of another freed run.
   */
  collect(head: ChunkIndex, claim: number, slot: number): void {
    const { states } = this.heap;
    if (states[slot] !== pageFreed) {
      this.unclaim(head, claim);
      return;
    }
    const page = slot - this.firstSlot(head);
    const pages = runPages(states, slot, slot - page + this.pageCount(claim));
    this.dropPages(head, page, pages, pages);
    this.finishFreed(head, claim, page, pages);
  }

  /** Under the claim: frees the last `count` pages of a run of `pages`, from its end on. */
  dropPages(head: ChunkIndex, page: number, pages: number, count: number): void {
    const { words, states, layout } = this.heap;
    const slot = this.firstSlot(head) + page;
    for (let i = pages - 1; i >= pages - count; i--) {
      if (i > 0) states[slot + i] = pageFree;
      // The one who freed it did so by an exchange, too: what it did before comes before the next use.
      else this.heap.atomics.swapByte(states, slot, states[slot] as number, pageFree);
    }
    markPages(words, infoAt(layout, head) + pageInfo.free, page + pages - count, count, true);
  }

  /** Under the claim: whether all pages of a stretch are free, by their bytes. */
  areFree(head: ChunkIndex, claim: number, page: number, count: number): boolean {
    const { states } = this.heap;
    if (page + count > this.pageCount(claim)) return false;
    const first = this.firstSlot(head);
    for (let i = 0; i < count; i++) if (states[first + page + i] !== pageFree) return false;
    return true;
  }

  /** Under the claim: lets the span go after the run found by `claimWith` or `build` was taken. */
  finishTaken(head: ChunkIndex, claim: number, pages: number): void {
    if (this.isLongest) this.measure(head, claim);
    else {
      const { hints } = this;
      hints.set(head, this.pageCount(claim), hints.freeOf(head) - pages, hints.longestOf(head));
    }
    this.unclaim(head, claim);
  }

  /** Under the claim: lets the span go after pages were freed, or gives it back. */
  finishFreed(head: ChunkIndex, claim: number, page: number, pages: number): void {
    const { hints, heap } = this;
    const freeAt = infoAt(heap.layout, head) + pageInfo.free;
    const longest = Math.max(hints.longestOf(head), runAround(heap.words, freeAt, lengthOf(claim), page));
    hints.set(head, this.pageCount(claim), hints.freeOf(head) + pages, longest);
    this.letGo(head, claim);
  }

  /** Under the claim: makes the hints true by the bits. */
  measure(head: ChunkIndex, claim: number): void {
    const freeAt = infoAt(this.heap.layout, head) + pageInfo.free;
    this.bits.scan(this.heap.words, freeAt, lengthOf(claim), 0, 1);
    this.hints.set(head, this.pageCount(claim), this.bits.free, this.bits.longest);
  }

  /** Under the claim: lets the span go, or gives it back if it is empty and not the only one. */
  letGo(head: ChunkIndex, claim: number): void {
    const isEmpty = this.hints.freeOf(head) === this.pageCount(claim);
    // One empty span is kept, so that a single object that comes and goes does not build and release each time.
    const other = isEmpty ? this.hints.empty.next(0) : noChunk;
    const isSecond = other !== noChunk && (other !== head || this.hints.empty.next(head + 1) !== noChunk);
    if (!isSecond || !this.release(head, claim)) this.unclaim(head, claim);
  }

  /** Collects runs that were freed while another worker held their span. */
  collectPending(limit = pendingTries): void {
    let from = 0;
    for (let tries = 0; tries < limit; tries++) {
      const head = this.hints.pending.next(from);
      if (head === noChunk) return;
      from = head + 1;
      const claim = this.claim(head);
      if (claim === notHeld) this.hints.mend(this.hints.pending, head);
      else {
        this.tidy(head, claim);
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
      if (claim === notHeld) {
        this.hints.mend(this.hints.empty, head);
        continue;
      }
      if (this.release(head, claim)) released++;
      else {
        this.tidy(head, claim);
        this.unclaim(head, claim);
      }
    }
    return released;
  }

  /**
   * Under the claim: collects freed runs and bytes that an allocation cut short left, and makes bits and hints
   * true again from the state bytes. The pending hint goes first: a free that comes later adds it again.
   */
  tidy(head: ChunkIndex, claim: number): void {
    const { words, states, layout } = this.heap;
    this.hints.pending.remove(head);
    const freeAt = infoAt(layout, head) + pageInfo.free;
    const first = this.firstSlot(head);
    const pages = this.pageCount(claim);
    for (let page = 0; page < pages; ) {
      const state = states[first + page] as number;
      const length = state === pageFree ? 1 : runPages(states, first + page, first + pages);
      markPages(words, freeAt, page, length, state === pageFree);
      if (state === pageFreed || state === pageContinued) this.dropPages(head, page, length, length);
      page += length;
    }
    this.bits.scan(words, freeAt, lengthOf(claim), 0, 1);
    this.hints.setAnew(head, pages, this.bits.free, this.bits.longest);
  }

  /** Under the claim: sets `page` to where a run fits. */
  private find(head: ChunkIndex, claim: number, pages: number, align: number): boolean {
    const freeAt = infoAt(this.heap.layout, head) + pageInfo.free;
    this.bits.scan(this.heap.words, freeAt, lengthOf(claim), pages, align);
    if (this.bits.best !== noPage && !this.areFree(head, claim, this.bits.best, pages)) {
      this.tidy(head, claim);
      this.bits.scan(this.heap.words, freeAt, lengthOf(claim), pages, align);
    }
    this.page = this.bits.best;
    this.isLongest = this.bits.bestLength === this.bits.longest;
    return this.page !== noPage;
  }

  /** Under the claim: gives the span back if every state byte is free. False leaves it claimed. */
  private release(head: ChunkIndex, claim: number): boolean {
    const length = lengthOf(claim);
    if (!this.areFree(head, claim, 0, this.pageCount(claim))) return false;
    this.spans.storeClaim(head, claimBuilding(this.worker, length));
    this.hints.forget(head);
    this.spans.giveBack(head, length);
    return true;
  }
}

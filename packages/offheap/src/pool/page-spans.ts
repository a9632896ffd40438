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
import {
  infoAt,
  pageCountOf,
  pageInfo,
  pagesPerChunk,
  roomCount,
  statesPerPage,
} from "../memory/layout.ts";
import { markPages, noPage, PageBits, runAround } from "./page-bits.ts";
import { PageHints, roomOf } from "./page-hints.ts";
import { pageFree, pageFreed, runPages } from "./page-state.ts";

/** Spans of one room that an allocation tries before it goes on to the next. */
const claimTries = 8;
/** Spans with freed runs that an allocation tidies. */
const pendingTries = 2;
/** Members of the set of empty spans looked at for one that still is. */
const emptyTries = 8;
/** No claim word of a held span is this. */
export const notHeld = 0;

export class PageSpans {
  readonly heap: Heap;
  readonly spans: Spans;
  readonly worker: WorkerSlot;
  readonly hints: PageHints;
  /** The span and the page found by `claimWith` or `build`. */
  head = noChunk;
  page = noPage;
  /** Pages of its span's longest free run when the run wanted is taken. */
  private longestThen = 0;
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

  /** The first state byte of a page. */
  slotOf(head: number, page: number): number {
    return this.firstSlot(head) + page * statesPerPage;
  }

  pageOf(head: number, slot: number): number {
    return (slot - this.firstSlot(head)) / statesPerPage;
  }

  /** Behind the state bytes of a span. */
  endSlot(head: number, claim: number): number {
    return this.slotOf(head, this.pageCount(claim));
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

  /**
   * Claims a span with a free run of `pages`, aligned to `align` pages; the claim word, with `head` and `page`, or
   * `notHeld` when none can be had.
   */
  claimWith(pages: number, align: number): number {
    const { hints } = this;
    for (let room = roomOf(pages); room < roomCount; room++) {
      const set = hints.rooms[room] as ChunkSet;
      let head = set.next(0);
      for (let tries = 0; tries < claimTries && head !== noChunk; tries++) {
        const longest = hints.longestOf(head);
        // One that has become too short for its room is put where it belongs.
        if (longest >= pages || longest >>> room === 0) {
          const claim = this.claim(head);
          if (claim === notHeld) hints.mend(set, head);
          else if (longest >= pages && this.find(head, claim, pages, align)) return claim;
          else {
            hints.settle(head, this.pageCount(claim));
            this.unclaim(head, claim);
          }
        }
        head = set.next(head + 1);
      }
    }
    return notHeld;
  }

  /** Builds a span in which the first page begins a free run, as `claimWith`; `notHeld` without chunks. */
  build(pages: number): number {
    const { words, states, layout } = this.heap;
    const least = divideUp(pages, pagesPerChunk);
    const want = Math.max(least, layout.pageSpanChunks);
    if (pages > pageCountOf(layout, want)) return notHeld;
    const head = this.spans.take(this.worker, want, least);
    if (head === noChunk) return notHeld;
    const { length } = this.spans;
    const claim = claimPagesHeld(length, this.worker);
    for (let i = 0; i < length; i++) this.spans.setMap(head + i, mapOther(mapPages, i));
    // A byte that is not 0 was left by a free that raced another, of a slot that was here.
    const end = this.endSlot(head, claim);
    for (let slot = this.firstSlot(head); slot < end; slot++) if (states[slot] !== 0) states[slot] = 0;
    const freeAt = infoAt(layout, head) + pageInfo.free;
    for (let i = 0; i < length; i++) words[freeAt + i] = 0;
    const pageCount = this.pageCount(claim);
    markPages(words, freeAt, 0, pageCount, true);
    this.hints.clear(head, pageCount);
    this.spans.storeClaim(head, claim);
    // A destroy that came meanwhile has cleared the map already, and looks no further.
    if (!this.heap.isReady()) for (let i = 0; i < length; i++) this.spans.setMap(head + i, 0);
    this.head = head;
    this.page = 0;
    this.longestThen = pageCount - pages;
    return claim;
  }

  /** Under the claim: takes free pages for a run, but for its first byte, which makes it one. */
  takePages(head: ChunkIndex, page: number, pages: number): void {
    const { words, states, layout } = this.heap;
    states[this.slotOf(head, page) + 1] = pages;
    markPages(words, infoAt(layout, head) + pageInfo.free, page, pages, false);
  }

  /** Under the claim: gives a run another length. */
  setLength(head: ChunkIndex, page: number, pages: number, want: number): void {
    const { words, states, layout } = this.heap;
    const freeAt = infoAt(layout, head) + pageInfo.free;
    states[this.slotOf(head, page) + 1] = want;
    if (want > pages) markPages(words, freeAt, page + pages, want - pages, false);
    else markPages(words, freeAt, page + want, pages - want, true);
  }

  /** Under the claim: makes the pages free of a run that this worker has freed, and lets the span go. */
  collect(head: ChunkIndex, claim: number, slot: number): void {
    const { words, states, layout } = this.heap;
    const page = this.pageOf(head, slot);
    const pages = runPages(states, slot, this.endSlot(head, claim));
    states[slot] = pageFree;
    states[slot + 1] = 0;
    markPages(words, infoAt(layout, head) + pageInfo.free, page, pages, true);
    this.finishFreed(head, claim, page, pages);
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

  /** Under the claim: lets the span go after the run found by `claimWith` or `build` was taken. */
  finishTaken(head: ChunkIndex, claim: number, pages: number): void {
    const { hints } = this;
    hints.set(head, this.pageCount(claim), hints.freeOf(head) - pages, this.longestThen);
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
    this.bits.scan(this.heap.words, freeAt, lengthOf(claim), 0, 1, 0);
    this.hints.set(head, this.pageCount(claim), this.bits.free, this.bits.longest);
  }

  /** Under the claim: lets the span go, or gives it back if it is empty and not the only one. */
  letGo(head: ChunkIndex, claim: number): void {
    // One empty span is kept, so that a single object that comes and goes does not build and release each time.
    const isSecond = this.hints.freeOf(head) === this.pageCount(claim) && this.isOtherEmpty(head);
    if (!isSecond || !this.release(head, claim)) this.unclaim(head, claim);
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
      if (claim === notHeld) this.hints.mend(this.hints.empty, head);
      else if (this.release(head, claim)) released++;
      else this.unclaim(head, claim);
    }
    return released;
  }

  /**
   * Under the claim: collects freed runs and lengths that an allocation cut short left, and makes bits and hints
   * true again from the state bytes. The pending hint goes first: a free that comes later adds it again.
   */
  tidy(head: ChunkIndex, claim: number): void {
    const { words, states, layout, atomics } = this.heap;
    this.hints.pending.remove(head);
    const freeAt = infoAt(layout, head) + pageInfo.free;
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
    this.bits.scan(words, freeAt, lengthOf(claim), 0, 1, 0);
    this.hints.setAnew(head, this.pageCount(claim), this.bits.free, this.bits.longest);
  }

  /** Under the claim: sets `head` and `page` to where a run fits. */
  private find(head: ChunkIndex, claim: number, pages: number, align: number): boolean {
    const { words, states, layout } = this.heap;
    const { bits, hints } = this;
    const freeAt = infoAt(layout, head) + pageInfo.free;
    const length = lengthOf(claim);
    bits.scan(words, freeAt, length, pages, align, hints.longestOf(head));
    if (bits.best !== noPage && states[this.slotOf(head, bits.best)] !== pageFree) {
      this.tidy(head, claim);
      bits.scan(words, freeAt, length, pages, align, hints.longestOf(head));
    }
    if (bits.best === noPage) return false;
    const longest = hints.longestOf(head);
    this.head = head;
    this.page = bits.best;
    this.longestThen = bits.bestLength < longest ? longest : bits.longestWithout(pages);
    return true;
  }

  /** Under the claim: gives the span back if every state byte is free. False leaves it claimed. */
  private release(head: ChunkIndex, claim: number): boolean {
    const length = lengthOf(claim);
    const all = this.pageCount(claim);
    const isEmpty = this.hints.freeOf(head) === all;
    if (!isEmpty) this.hints.settle(head, all);
    else if (!this.areFree(head, claim, 0, all)) this.tidy(head, claim);
    if (!isEmpty || this.hints.freeOf(head) !== all) return false;
    this.spans.storeClaim(head, claimBuilding(this.worker, length));
    this.hints.forget(head);
    this.spans.giveBack(head, length);
    return true;
  }
}

// Where a page run goes: a span whose longest free run is long enough, of the room where the shortest such are, and
// in it the best fit. All that is read without the span's claim is a hint, looked at again under it.

import { type ChunkSet, noChunk } from "../arena/chunk-set.ts";
import { claimPagesHeld, lengthOf, tag, tagOf } from "../arena/claim.ts";
import type { ChunkIndex } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { wordsPerSlabInfo } from "../memory/layout.ts";
import { pageInfo, roomCount } from "../memory/pages.ts";
import { noPage, PageBits } from "./page-bits.ts";
import { type PageHints, roomOf } from "./page-hints.ts";
import { notHeld, type PageSpans } from "./page-spans.ts";
import { pageFree } from "./page-state.ts";

/** Spans of one room that an allocation tries before it goes on to the next. */
const claimTries = 8;

// Constants of this module are folded into its code.
const infoWords = wordsPerSlabInfo;
const longestWord = pageInfo.longest;
const bitsWord = pageInfo.free;
const none = noChunk;
const rooms = roomCount;
const pagesTag = tag.pages;

export class PageSearch {
  // What `claim` or `build` found: the span, the page in it, and its longest free run when the run is taken.
  head = noChunk;
  page = noPage;
  longestThen = 0;
  /** The room that it was found in. */
  room = 0;
  private readonly heap: Heap;
  private readonly pageSpans: PageSpans;
  private readonly hints: PageHints;
  private readonly bits = new PageBits();
  private readonly claimsAt: number;
  private readonly infoAt: number;
  private readonly hold: number;

  constructor(pageSpans: PageSpans) {
    this.heap = pageSpans.heap;
    this.pageSpans = pageSpans;
    this.hints = pageSpans.hints;
    this.claimsAt = pageSpans.heap.layout.claimsAt;
    this.infoAt = pageSpans.heap.layout.infoAt;
    this.hold = claimPagesHeld(1, pageSpans.worker);
  }

  /** Claims a span with a free run of `pages`, aligned to `align` pages; `notHeld` when none can be had. */
  claim(pages: number, align: number): number {
    const sets = this.hints.rooms;
    for (let room = roomOf(pages); room < rooms; room = (room + 1) | 0) {
      const set = sets[room] as ChunkSet;
      if (!set.hasAny()) continue;
      const claim = this.claimIn(set, room, pages, align);
      if (claim !== notHeld) return claim;
    }
    return notHeld;
  }

  /** Builds a span in which the first page begins a free run; `notHeld` without chunks. */
  build(pages: number): number {
    const head = this.pageSpans.build(pages);
    if (head === noChunk) return notHeld;
    const claim = this.pageSpans.spans.claimOf(head);
    this.head = head;
    this.page = 0;
    this.longestThen = this.pageSpans.pageCount(claim) - pages;
    this.room = roomCount;
    return claim;
  }

  private claimIn(set: ChunkSet, room: number, pages: number, align: number): number {
    const { words, atomics } = this.heap;
    let head = set.next(0);
    for (let tries = 0; tries < claimTries && head !== none; tries = (tries + 1) | 0) {
      const longest = words[(this.infoAt + head * infoWords + longestWord) | 0] as number;
      // One that has become too short for its room is put where it belongs.
      if (longest >= pages || longest >>> room === 0) {
        const claimAt = (this.claimsAt + head) | 0;
        const seen = words[claimAt] as number;
        const claim = seen | this.hold;
        if (tagOf(seen) !== pagesTag || !atomics.swap(words, claimAt, seen, claim))
          this.hints.mend(set, head);
        else if (longest >= pages && this.find(head, claim, pages, align)) {
          this.room = room;
          return claim;
        } else {
          this.hints.settle(head, this.pageSpans.pageCount(claim));
          atomics.store(words, claimAt, seen);
        }
      }
      head = set.next((head + 1) | 0);
    }
    return notHeld;
  }

  /** Under the claim: whether a run fits, and where. */
  private find(head: ChunkIndex, claim: number, pages: number, align: number): boolean {
    const { bits } = this;
    const { words, states } = this.heap;
    const info = (this.infoAt + head * infoWords) | 0;
    const chunks = lengthOf(claim);
    let longest = words[(info + longestWord) | 0] as number;
    bits.scan(words, (info + bitsWord) | 0, chunks, pages, align, longest);
    if (bits.best !== noPage && states[this.pageSpans.slotOf(head, bits.best)] !== pageFree) {
      this.pageSpans.tidy(head, claim);
      longest = words[(info + longestWord) | 0] as number;
      bits.scan(words, (info + bitsWord) | 0, chunks, pages, align, longest);
    }
    if (bits.best === noPage) return false;
    this.head = head;
    this.page = bits.best;
    this.longestThen = bits.bestLength < longest ? longest : bits.longestWithout(pages);
    return true;
  }
}

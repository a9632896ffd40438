// Where a page run goes: a span whose longest free run is long enough, of the room where the shortest such are, and
// in it the best fit. All that is read without the span's claim is a hint, looked at again under it.

import { type ChunkSet, noChunk } from "../arena/chunk-set.ts";
import { lengthOf } from "../arena/claim.ts";
import type { Heap } from "../memory/heap.ts";
import { roomCount } from "../memory/layout.ts";
import { noPage, PageBits } from "./page-bits.ts";
import { type PageHints, roomOf } from "./page-hints.ts";
import { notHeld, type PageSpans } from "./page-spans.ts";
import { pageFree } from "./page-state.ts";

/** Spans of one room that an allocation tries before it goes on to the next. */
const claimTries = 8;

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

  constructor(pageSpans: PageSpans) {
    this.heap = pageSpans.heap;
    this.pageSpans = pageSpans;
    this.hints = pageSpans.hints;
  }

  /** Claims a span with a free run of `pages`, aligned to `align` pages; `notHeld` when none can be had. */
  claim(pages: number, align: number): number {
    for (let room = roomOf(pages); room < roomCount; room++) {
      const set = this.hints.rooms[room] as ChunkSet;
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
    const { hints, pageSpans } = this;
    let head = set.next(0);
    for (let tries = 0; tries < claimTries && head !== noChunk; tries++) {
      const longest = hints.longestOf(head);
      // One that has become too short for its room is put where it belongs.
      if (longest >= pages || longest >>> room === 0) {
        const claim = pageSpans.claim(head);
        if (claim === notHeld) hints.mend(set, head);
        else if (longest >= pages && this.find(head, claim, pages, align)) {
          this.room = room;
          return claim;
        } else {
          hints.settle(head, pageSpans.pageCount(claim));
          pageSpans.unclaim(head, claim);
        }
      }
      head = set.next(head + 1);
    }
    return notHeld;
  }

  /** Under the claim: whether a run fits, and where. */
  private find(head: typeof noChunk, claim: number, pages: number, align: number): boolean {
    const { bits, hints } = this;
    const { words, states } = this.heap;
    const freeAt = this.pageSpans.bitsAt(head);
    const chunks = lengthOf(claim);
    let longest = hints.longestOf(head);
    bits.scan(words, freeAt, chunks, pages, align, longest);
    if (bits.best !== noPage && states[this.pageSpans.slotOf(head, bits.best)] !== pageFree) {
      this.pageSpans.tidy(head, claim);
      longest = hints.longestOf(head);
      bits.scan(words, freeAt, chunks, pages, align, longest);
    }
    if (bits.best === noPage) return false;
    this.head = head;
    this.page = bits.best;
    this.longestThen = bits.bestLength < longest ? longest : bits.longestWithout(pages);
    return true;
  }
}

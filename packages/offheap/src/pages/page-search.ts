// Where a page run goes: core/pages/search.ts, and what it rests on: the free bit of a page is a hint beside its state
// byte, looked at under the claim.

import { noChunk } from "../arena/index.ts";
import type { ChunkIndex } from "../base/index.ts";
import { noPage, roomCount } from "../layout/index.ts";
import type { Core, Heap } from "../memory/index.ts";
import { notHeld, type PageSpans } from "./page-spans.ts";
import { pageFree } from "./page-state.ts";

/** Spans whose bits were found wrong that an allocation repairs before it gives up. */
const tidyTries = 4;

// Constants of this module are folded into its code.
const none = notHeld;
const free = pageFree;

export class PageSearch {
  // What `claim` or `build` found: the span, the page in it, and its longest free run when the run is taken.
  head = noChunk;
  page = noPage;
  longestThen = 0;
  /** The room that it was found in. */
  room = 0;
  private readonly heap: Heap;
  private readonly pageSpans: PageSpans;

  constructor(pageSpans: PageSpans) {
    this.heap = pageSpans.heap;
    this.pageSpans = pageSpans;
  }

  /** Claims a span with a free run of `pages`, aligned to `align` pages; `notHeld` when none can be had. */
  claim(pages: number, align: number): number {
    const { heap, pageSpans } = this;
    const core = heap.coreOf(pageSpans.worker);
    for (let tries = 0; tries < tidyTries; tries++) {
      const claim = core.claimRun(pages, align);
      if (claim === none || this.isFound(core)) return claim;
      const head = core.foundHead() as ChunkIndex;
      pageSpans.repair(head, claim);
      if (core.fitRun(head, claim, pages, align) && this.isFound(core)) return claim;
      pageSpans.unclaim(head, claim);
    }
    return none;
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

  /** Takes over what the core found, if it begins with a free page. */
  private isFound(core: Core): boolean {
    this.head = core.foundHead() as ChunkIndex;
    this.page = core.foundPage();
    this.longestThen = core.foundLongest();
    this.room = core.foundRoom();
    return this.heap.states[this.pageSpans.slotOf(this.head, this.page)] === free;
  }
}

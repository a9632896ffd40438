// Page runs: the objects that share a span of pages. One worker's operations on them.
//
//   allocate  claim a span with room; length, then the first byte: 128 + w; count; unclaim
//   free      first byte, live → w by an exchange, so that of two frees one succeeds; count; then, if the span
//             can be claimed, w → 0; else w → 255, and whoever holds it next makes the pages free
//   resize    under the claim: another length

// The two calls are written out, on numbers that the object has itself: each look through another object costs them
// a check, and an imported constant a load (250 → 178 ns for free(allocate(20000)), docs/measurements.md).

import { type ChunkSet, claimPagesHeld, lengthOf, tag, tagOf } from "../arena/index.ts";
import type { ChunkIndex, WorkerPlace } from "../base/index.ts";
import {
  chunkBytes,
  liveBy,
  pageBytes,
  pageInfo,
  pagesPerChunk,
  record,
  recordAt,
  statesPerPage,
  wordsPerSlabInfo,
} from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { journal } from "../worker/index.ts";
import { beginLarge, countLarge, type LargeOperation, operationOf, setLargeCount } from "./large-record.ts";
import { markPages, runAround } from "./page-bits.ts";
import type { PageHints } from "./page-hints.ts";
import { PageSearch } from "./page-search.ts";
import { notHeld, type PageSpans } from "./page-spans.ts";
import { pageFree, pageFreed, runPages } from "./page-state.ts";

/** No address of an object. */
export const nowhere = -1;
/** Spans with freed runs that an allocation repairs. */
const pendingTries = 2;

// Constants of this module are folded into its code.
const infoWords = wordsPerSlabInfo;
const perPage = statesPerPage;
const perChunk = pagesPerChunk;
const unitBytes = pageBytes;
const wholeBytes = chunkBytes;
const freeWord = pageInfo.freeCount;
const longestWord = pageInfo.longest;
const bitsWord = pageInfo.free;
const { largeAllocs, largeFrees, journal: journalWord } = record;
const { moving, allocatingRun, freeingRun } = journal;
const pagesTag = tag.pages;
const free0 = pageFree;
const freed = pageFreed;

export class PageRuns {
  readonly pageSpans: PageSpans;
  private readonly heap: Heap;
  private readonly worker: WorkerPlace;
  private readonly search: PageSearch;
  private readonly hints: PageHints;
  private readonly pending: ChunkSet;
  private readonly live: number;
  private readonly recordAt: number;
  private readonly claimsAt: number;
  private readonly infoAt: number;
  private readonly stateShift: number;
  private readonly mostPages: number;
  private readonly dataAt: number;
  /** What holding adds to the claim word of a span that nobody holds. */
  private readonly hold: number;

  constructor(pageSpans: PageSpans) {
    const { heap, worker, hints } = pageSpans;
    this.pageSpans = pageSpans;
    this.heap = heap;
    this.worker = worker;
    this.search = new PageSearch(pageSpans);
    this.hints = hints;
    this.pending = hints.pending;
    this.live = liveBy(worker);
    this.recordAt = recordAt(heap.layout, worker);
    this.claimsAt = heap.layout.claimsAt;
    this.infoAt = heap.layout.infoAt;
    this.stateShift = heap.layout.stateShift;
    this.mostPages = heap.layout.slotsPerSlab;
    this.dataAt = heap.dataAt;
    this.hold = claimPagesHeld(1, worker);
  }

  /** The address of a new object, or `nowhere`. The journal is "moving"; that there is an object, it is yet to say. */
  allocate(bytes: number, alignBytes: number): number {
    const { heap, search } = this;
    const pages = ((bytes + (unitBytes - 1)) / unitBytes) | 0;
    if (this.pending.hasAny()) this.pageSpans.collectPending(pendingTries);
    let claim = search.claim(pages, alignBytes <= unitBytes ? 1 : alignBytes / unitBytes);
    if (claim === notHeld) claim = search.build(pages);
    if (claim === notHeld) return nowhere;
    const { words, states } = heap;
    const { head, page, longestThen } = search;
    const slot = ((head << this.stateShift) + page * perPage) | 0;
    const info = (this.infoAt + head * infoWords) | 0;
    beginLarge(words, this.recordAt, allocatingRun, slot, largeAllocs, 0);
    states[slot + 1] = pages;
    markPages(words, (info + bitsWord) | 0, page, pages, false);
    states[slot] = this.live;
    countLarge(words, this.recordAt, largeAllocs);
    const before = words[(info + longestWord) | 0] as number;
    words[(info + freeWord) | 0] = (words[(info + freeWord) | 0] as number) - pages;
    words[(info + longestWord) | 0] = longestThen;
    // A new span has been in no room yet; one that was found leaves its room when it has become too large.
    if (longestThen > before) this.hints.enter(head, longestThen);
    else if (longestThen >>> search.room === 0) this.hints.repairRooms(head, this.pageSpans.pageCount(claim));
    heap.atomics.store(words, (this.claimsAt + head) | 0, (claim & ~this.hold) | pagesTag);
    return this.dataAt + head * wholeBytes + page * unitBytes;
  }

  /** Ends a live object if its first byte still is `state`; the journal is "moving" then. */
  free(head: ChunkIndex, slot: number, state: number): boolean {
    const { heap, worker, pending, hints } = this;
    const { atomics, states, words } = heap;
    beginLarge(words, this.recordAt, freeingRun, slot, largeFrees, 1);
    const isFreed = atomics.swapByte(states, slot, state, worker);
    if (isFreed) countLarge(words, this.recordAt, largeFrees);
    words[(this.recordAt + journalWord) | 0] = moving;
    if (!isFreed) return false;
    const claimAt = (this.claimsAt + head) | 0;
    const claim = words[claimAt] as number;
    if (tagOf(claim) !== pagesTag || !atomics.swap(words, claimAt, claim, claim | this.hold)) {
      atomics.swapByte(states, slot, worker, freed);
      pending.add(head);
      return true;
    }
    if (pending.has(head)) this.pageSpans.repair(head, claim);
    const chunks = lengthOf(claim);
    const all = chunks * perChunk < this.mostPages ? chunks * perChunk : this.mostPages;
    const first = head << this.stateShift;
    const pages = runPages(states, slot, (first + all * perPage) | 0);
    const page = ((slot - first) / perPage) | 0;
    const info = (this.infoAt + head * infoWords) | 0;
    const bitsAt = (info + bitsWord) | 0;
    states[slot] = free0;
    states[slot + 1] = 0;
    markPages(words, bitsAt, page, pages, true);
    const around = runAround(words, bitsAt, chunks, page, pages);
    const free = ((words[(info + freeWord) | 0] as number) + pages) | 0;
    words[(info + freeWord) | 0] = free;
    if (around > (words[(info + longestWord) | 0] as number)) {
      words[(info + longestWord) | 0] = around;
      hints.enter(head, around);
    }
    if (free === all) this.pageSpans.letGoEmpty(head, claim | this.hold);
    else atomics.store(words, claimAt, claim);
    return true;
  }

  /** Makes a run of the caller's longer or shorter where it is; false when that cannot be had just now. */
  resize(head: ChunkIndex, slot: number, pages: number, want: number): boolean {
    const { pageSpans } = this;
    const claim = pageSpans.claim(head);
    if (claim === notHeld) return false;
    const page = pageSpans.pageOf(head, slot);
    if (pageSpans.hints.pending.has(head)) pageSpans.repair(head, claim);
    const isSpace = want <= pages || pageSpans.areFree(head, claim, page + pages, want - pages);
    if (isSpace) {
      pageSpans.setLength(head, page, pages, want);
      pageSpans.measure(head, claim);
    }
    pageSpans.unclaim(head, claim);
    return isSpace;
  }

  /** What `target` was in the middle of: its allocation did not take place, its free did. */
  settle(target: WorkerPlace, entry: number): void {
    const { heap } = this;
    const { states, atomics } = heap;
    const { target: slot, count }: LargeOperation = operationOf(heap, target);
    if (entry === journal.allocatingRun) {
      setLargeCount(heap, target, record.largeAllocs, count);
      atomics.swapByte(states, slot, liveBy(target), pageFreed);
    }
    if (entry === journal.freeingRun && states[slot] === target)
      setLargeCount(heap, target, record.largeFrees, count);
  }

  /** Brings home what `target` left in a span: its claim, its half-done frees, and its objects as `loosen` has it. */
  visit(
    head: ChunkIndex,
    seen: number,
    target: WorkerPlace,
    isInherited: boolean,
    loosen: (slot: number, pages: number) => void,
  ): void {
    const { pageSpans, heap } = this;
    const { states, atomics } = heap;
    const end = pageSpans.endSlot(head, seen);
    let isFreed = false;
    // Each page by itself: the length of another's run may be a moment older than its first byte.
    for (let slot = pageSpans.firstSlot(head); slot < end; slot += statesPerPage) {
      if (states[slot] === target) atomics.swapByte(states, slot, target, pageFreed);
      if (states[slot] === pageFreed) isFreed = true;
      else if (states[slot] === liveBy(target)) loosen(slot, end);
    }
    const claim = isInherited ? seen : pageSpans.claim(head);
    if (claim !== notHeld) {
      pageSpans.repair(head, claim);
      pageSpans.unclaim(head, claim);
    } else if (isFreed) pageSpans.hints.pending.add(head);
  }
}

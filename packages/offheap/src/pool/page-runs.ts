// Page runs: the objects that share a span of pages. One worker's operations on them.
//
//   allocate  claim a span with room; length, then the first byte: 128 + w; count; unclaim
//   free      first byte, live → w by an exchange, so that of two frees one succeeds; count; then, if the span
//             can be claimed, w → 0; else w → 255, and whoever holds it next makes the pages free
//   resize    under the claim: another length

import type { ChunkIndex, WorkerSlot } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { chunkBytes, pageBytes, record, statesPerPage } from "../memory/layout.ts";
import { journal } from "../slab/journal.ts";
import { liveBy } from "../slab/slot-state.ts";
import { type LargeOperation, LargeRecord, operationOf, setLargeCount } from "./large-record.ts";
import { PageSearch } from "./page-search.ts";
import { notHeld, type PageSpans } from "./page-spans.ts";
import { pageFreed } from "./page-state.ts";

/** No address of an object. */
export const nowhere = -1;
/** Spans with freed runs that an allocation tidies. */
const pendingTries = 2;

export class PageRuns {
  readonly pageSpans: PageSpans;
  private readonly heap: Heap;
  private readonly worker: WorkerSlot;
  private readonly live: number;
  private readonly own: LargeRecord;
  private readonly search: PageSearch;

  constructor(pageSpans: PageSpans) {
    this.pageSpans = pageSpans;
    this.heap = pageSpans.heap;
    this.worker = pageSpans.worker;
    this.live = liveBy(pageSpans.worker);
    this.own = new LargeRecord(pageSpans.heap, pageSpans.worker);
    this.search = new PageSearch(pageSpans);
  }

  /** The address of a new object, or `nowhere`. The journal is "moving", and idle when there is an object. */
  allocate(bytes: number, alignBytes: number): number {
    const { heap, pageSpans, search, own } = this;
    const pages = ((bytes + (pageBytes - 1)) / pageBytes) | 0;
    if (pageSpans.hints.pending.hasAny()) pageSpans.collectPending(pendingTries);
    let claim = search.claim(pages, alignBytes <= pageBytes ? 1 : alignBytes / pageBytes);
    if (claim === notHeld) claim = search.build(pages);
    if (claim === notHeld) return nowhere;
    const { head, page } = search;
    const slot = pageSpans.slotOf(head, page);
    own.begin(journal.allocatingRun, slot, record.largeAllocs, 0);
    pageSpans.takePages(head, slot, page, pages);
    heap.states[slot] = this.live;
    own.count(record.largeAllocs);
    pageSpans.finishTaken(head, claim, pages, search.longestThen, search.room);
    own.goOn(journal.idle);
    return heap.dataAt + head * chunkBytes + page * pageBytes;
  }

  /** Ends a live object if its first byte still is `state`; the journal is "moving" then. */
  free(head: ChunkIndex, slot: number, state: number): boolean {
    const { heap, worker, pageSpans, own } = this;
    const { atomics, states } = heap;
    own.begin(journal.freeingRun, slot, record.largeFrees, 1);
    const isFreed = atomics.swapByte(states, slot, state, worker);
    if (isFreed) own.count(record.largeFrees);
    own.goOn(journal.moving);
    if (!isFreed) return false;
    const claim = pageSpans.claim(head);
    const { pending } = pageSpans.hints;
    if (claim === notHeld) {
      atomics.swapByte(states, slot, worker, pageFreed);
      pending.add(head);
      return true;
    }
    if (pending.has(head)) pageSpans.tidy(head, claim);
    pageSpans.collect(head, claim, slot);
    return true;
  }

  /** Makes a run of the caller's longer or shorter where it is; false when that cannot be had just now. */
  resize(head: ChunkIndex, slot: number, pages: number, want: number): boolean {
    const { pageSpans } = this;
    const claim = pageSpans.claim(head);
    if (claim === notHeld) return false;
    const page = pageSpans.pageOf(head, slot);
    if (pageSpans.hints.pending.has(head)) pageSpans.tidy(head, claim);
    const isRoom = want <= pages || pageSpans.areFree(head, claim, page + pages, want - pages);
    if (isRoom) {
      pageSpans.setLength(head, page, pages, want);
      pageSpans.measure(head, claim);
    }
    pageSpans.unclaim(head, claim);
    return isRoom;
  }

  /** What `target` was in the middle of: its allocation did not take place, its free did. */
  settle(target: WorkerSlot, entry: number): void {
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
    target: WorkerSlot,
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
      pageSpans.tidy(head, claim);
      pageSpans.unclaim(head, claim);
    } else if (isFreed) pageSpans.hints.pending.add(head);
  }
}

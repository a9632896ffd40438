// Page runs: the objects that share a span of pages. One worker's operations on them.
//
//   allocate  claim a span with room; bytes 127, then the first: 128 + w; count; unclaim
//   free      first byte, live → w by an exchange, so that of two frees one succeeds; count; w → 255;
//             collected at once if the span can be claimed, else by whoever holds it next
//   resize    under the claim: pages behind the run are taken in ascending order, given up in descending order

import { noChunk } from "../arena/chunk-set.ts";
import { divideUp } from "../base/bits.ts";
import type { ChunkIndex, WorkerSlot } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { chunkBytes, pageBytes, record } from "../memory/layout.ts";
import { journal, writeJournal } from "../slab/journal.ts";
import { liveBy } from "../slab/slot-state.ts";
import { begin, type LargeOperation, largeCount, operationOf, setLargeCount } from "./large-record.ts";
import { notHeld, type PageSpans } from "./page-spans.ts";
import { pageFreed } from "./page-state.ts";

/** No address of an object. */
export const nowhere = -1;

export class PageRuns {
  readonly pageSpans: PageSpans;
  private readonly heap: Heap;
  private readonly worker: WorkerSlot;

  constructor(pageSpans: PageSpans) {
    this.pageSpans = pageSpans;
    this.heap = pageSpans.heap;
    this.worker = pageSpans.worker;
  }

  /** The address of a new object, or `nowhere`. The journal is "moving"; that there is an object, it is yet to say. */
  allocate(bytes: number, alignBytes: number): number {
    const { heap, worker, pageSpans } = this;
    const pages = divideUp(bytes, pageBytes);
    pageSpans.collectPending();
    let head = pageSpans.claimWith(pages, Math.max(1, alignBytes / pageBytes));
    if (head === noChunk) head = pageSpans.build(pages);
    if (head === noChunk) return nowhere;
    const claim = pageSpans.spans.claimOf(head);
    const { page } = pageSpans;
    const slot = pageSpans.firstSlot(head) + page;
    const count = largeCount(heap, worker, record.largeAllocs);
    begin(heap, worker, journal.allocatingRun, { target: slot, limit: 0, count });
    pageSpans.takePages(head, page, pages);
    heap.states[slot] = liveBy(worker);
    setLargeCount(heap, worker, record.largeAllocs, count + 1);
    pageSpans.finishTaken(head, claim, pages);
    return heap.dataAt + head * chunkBytes + page * pageBytes;
  }

  /** Ends a live object if its first byte still is `state`; the journal is "moving" then. */
  free(head: ChunkIndex, slot: number, state: number): boolean {
    const { heap, worker, pageSpans } = this;
    const { atomics, states } = heap;
    const { hints } = pageSpans;
    const count = largeCount(heap, worker, record.largeFrees) + 1;
    begin(heap, worker, journal.freeingRun, { target: slot, limit: 0, count });
    const isFreed = atomics.swapByte(states, slot, state, worker);
    if (isFreed) setLargeCount(heap, worker, record.largeFrees, count);
    writeJournal(heap, worker, journal.moving);
    if (!isFreed) return false;
    atomics.swapByte(states, slot, worker, pageFreed);
    const claim = pageSpans.claim(head);
    if (claim === notHeld) {
      hints.pending.add(head);
      return true;
    }
    if (hints.pending.has(head)) {
      pageSpans.tidy(head, claim);
      pageSpans.letGo(head, claim);
    } else pageSpans.collect(head, claim, slot);
    return true;
  }

  /** Makes a run of the caller's longer or shorter where it is; false when that cannot be had just now. */
  resize(head: ChunkIndex, slot: number, pages: number, want: number): boolean {
    const { pageSpans } = this;
    const claim = pageSpans.claim(head);
    if (claim === notHeld) return false;
    const page = slot - pageSpans.firstSlot(head);
    if (pageSpans.hints.pending.has(head)) pageSpans.tidy(head, claim);
    const isRoom = want <= pages || pageSpans.areFree(head, claim, page + pages, want - pages);
    if (isRoom && want > pages) pageSpans.extend(head, page, pages, want);
    if (want < pages) pageSpans.dropPages(head, page, pages, pages - want);
    if (isRoom) pageSpans.measure(head, claim);
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
    const first = pageSpans.firstSlot(head);
    const end = first + pageSpans.pageCount(seen);
    let isFreed = false;
    for (let slot = first; slot < end; slot++) {
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

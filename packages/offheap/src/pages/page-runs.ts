// Page runs: the objects that share a span of pages. The core allocates, frees and resizes them (core/pages/runs.ts); this is
// how one that was cut short is settled, and what a recovery brings home of their spans.

import type { ChunkIndex, WorkerPlace } from "../base/index.ts";
import { liveBy, record, statesPerPage } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { journal } from "../worker/index.ts";
import { type LargeOperation, operationOf, setLargeCount } from "./large-record.ts";
import { notHeld, type PageSpans } from "./page-spans.ts";
import { pageFreed, pageKept } from "./page-state.ts";

/** No address of an object. */
export const nowhere = -1;

export class PageRuns {
  private readonly pageSpans: PageSpans;
  private readonly heap: Heap;

  constructor(pageSpans: PageSpans) {
    this.pageSpans = pageSpans;
    this.heap = pageSpans.heap;
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
    if (entry === journal.takingRun) {
      setLargeCount(heap, target, record.reused, count);
      // Kept, as the table still has it: it is given back with the others.
      atomics.swapByte(states, slot, liveBy(target), pageKept);
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
    for (let slot = pageSpans.slotOf(head, 0); slot < end; slot += statesPerPage) {
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

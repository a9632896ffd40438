// Objects with a span of their own (core/large/spans.ts): whose they are, and how what was cut short is settled. The claim word
// is the whole truth: LARGE(owner, length) is a live object.

import {
  claimBuilding,
  claimKept,
  claimLarge,
  lengthOf,
  type Spans,
  tag,
  tagOf,
  workerOf,
} from "../arena/index.ts";
import type { ChunkIndex, WorkerPlace } from "../base/index.ts";
import { record } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { operationOf, setLargeCount } from "../pages/index.ts";
import { journal } from "../worker/index.ts";

export class LargeSpans {
  private readonly heap: Heap;
  private readonly spans: Spans;

  constructor(heap: Heap, spans: Spans) {
    this.heap = heap;
    this.spans = spans;
  }

  /** From now on `owner`'s, if it still is what `claim` says. */
  setOwner(head: ChunkIndex, claim: number, owner: WorkerPlace | 0): boolean {
    return this.spans.swapClaim(head, claim, claimLarge(owner, lengthOf(claim)));
  }

  /** What `target` was in the middle of: its allocation did not take place, its free did. */
  settle(target: WorkerPlace, entry: number): void {
    const { heap, spans } = this;
    const { target: chunk, limit, count } = operationOf(heap, target);
    const head = chunk as ChunkIndex;
    if (entry === journal.allocatingSpan) {
      setLargeCount(heap, target, record.largeAllocs, count);
      const claim = spans.claimOf(head);
      // The walk gives back what is BUILDING.
      if (tagOf(claim) === tag.large && workerOf(claim) === target)
        spans.swapClaim(head, claim, claimBuilding(target, lengthOf(claim)));
    }
    if (entry === journal.freeingSpan) {
      const claim = spans.claimOf(head);
      // What is kept is BUILDING, too.
      if (claim === claimBuilding(target, lengthOf(claim)))
        setLargeCount(heap, target, record.largeFrees, count);
    }
    if (entry === journal.takingSpan) {
      setLargeCount(heap, target, record.reused, count);
      const claim = spans.claimOf(head);
      // Kept, as the table still has it: it is given back with the others.
      if (tagOf(claim) === tag.large && workerOf(claim) === target)
        spans.swapClaim(head, claim, claimKept(target, lengthOf(claim)));
    }
    if (entry === journal.resizingSpan) {
      // What a resize cut short had taken, or had not let go yet; others may have freed the object, and built there.
      const claim = spans.claimOf(head);
      const length = tagOf(claim) === tag.large ? lengthOf(claim) : 0;
      spans.cutBehind(target, head, Math.max(count, length), limit);
    }
  }
}

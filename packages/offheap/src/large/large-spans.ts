// Objects with a span of their own, as one worker handles them. The claim word is the whole truth: LARGE(owner,
// length) is a live object. It is stored last, and ends by an exchange, so that of two frees exactly one succeeds.
//
//   allocate  take; map; count; LARGE          free  LARGE → BUILDING; count; give back
//   resize    longer: the chunks behind become bodies, then LARGE gets the new length; shorter: those to go become
//             bodies by the resizer, LARGE gets the new length, they go. Its bodies beyond the length are let go by
//             whoever settles it if need be: by no other's number, so whatever stands there by then is not touched.

import {
  claimBuilding,
  claimLarge,
  lengthOf,
  mapLarge,
  mapOther,
  noChunk,
  type Spans,
  tag,
  tagOf,
  workerOf,
} from "../arena/index.ts";
import { type ChunkIndex, divideUp, type WorkerPlace } from "../base/index.ts";
import { chunkBytes, record, recordAt } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { beginLarge, beginResize, countLarge, nowhere, operationOf, setLargeCount } from "../pages/index.ts";
import { journal, writeJournal } from "../worker/index.ts";

/** Its owner's death, its adoption, and that adopter's death may each change the word once. */
const ownerTries = 4;

export class LargeSpans {
  private readonly heap: Heap;
  private readonly spans: Spans;
  private readonly worker: WorkerPlace;
  private readonly recordAt: number;

  constructor(heap: Heap, spans: Spans, worker: WorkerPlace) {
    this.recordAt = recordAt(heap.layout, worker);
    this.heap = heap;
    this.spans = spans;
    this.worker = worker;
  }

  /** The address of a new object, or `nowhere`. The journal is "moving"; that there is an object, it is yet to say. */
  allocate(bytes: number, alignBytes: number): number {
    const { heap, spans, worker, recordAt } = this;
    const length = divideUp(bytes, chunkBytes);
    const align = alignBytes <= chunkBytes ? 1 : alignBytes / chunkBytes;
    const head = spans.takeExact(worker, length, align, heap.dataAt / chunkBytes);
    if (head === noChunk) return nowhere;
    const { words } = heap;
    beginLarge(words, recordAt, journal.allocatingSpan, head, record.largeAllocs, 0);
    spans.mapSpan(head, length, mapLarge);
    countLarge(words, recordAt, record.largeAllocs);
    spans.storeClaim(head, claimLarge(worker, length));
    spans.heedDestroy(head, length);
    return heap.dataAt + head * chunkBytes;
  }

  /** Ends an object if its claim word still is `claim`; the journal is "moving" then. */
  free(head: ChunkIndex, claim: number): boolean {
    const { heap, spans, worker, recordAt } = this;
    const length = lengthOf(claim);
    beginLarge(heap.words, recordAt, journal.freeingSpan, head, record.largeFrees, 1);
    const isFreed = spans.swapClaim(head, claim, claimBuilding(worker, length));
    if (isFreed) countLarge(heap.words, recordAt, record.largeFrees);
    writeJournal(heap, worker, journal.moving);
    if (isFreed) spans.giveBackWhole(head, length);
    return isFreed;
  }

  /** Makes the caller's object longer or shorter where it is; false when that cannot be. */
  resize(head: ChunkIndex, claim: number, want: number): boolean {
    const { spans, worker } = this;
    const length = lengthOf(claim);
    const limit = Math.max(want, length);
    beginResize(this.heap, worker, head, limit, Math.min(want, length));
    if (want > length && spans.takeBehind(worker, head, length, want - length) < want - length) {
      spans.cutBehind(worker, head, length, want);
      return false;
    }
    spans.markBehind(worker, head, want, length);
    for (let i = length; i < want; i++) spans.setMap(head + i, mapOther(mapLarge, i));
    const isResized = this.setLength(head, length, want);
    spans.cutBehind(worker, head, isResized ? want : length, limit);
    return isResized;
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
      if (tagOf(claim) === tag.building && workerOf(claim) === target)
        setLargeCount(heap, target, record.largeFrees, count);
    }
    if (entry === journal.resizingSpan) {
      // What a resize cut short had taken, or had not let go yet; others may have freed the object, and built there.
      const claim = spans.claimOf(head);
      const length = tagOf(claim) === tag.large ? lengthOf(claim) : 0;
      spans.cutBehind(target, head, Math.max(count, length), limit);
    }
  }

  /** Exchanges the length, whoever the owner is by now. */
  private setLength(head: ChunkIndex, length: number, want: number): boolean {
    for (let tries = 0; tries < ownerTries; tries++) {
      const claim = this.spans.claimOf(head);
      if (tagOf(claim) !== tag.large || lengthOf(claim) !== length) return false;
      if (this.spans.swapClaim(head, claim, claimLarge(workerOf(claim), want))) return true;
    }
    return false;
  }
}

// That a worker is one of a heap's: its place there, its word, and whether it can still be used.

import { AllocatorError, type WorkerId, type WorkerPlace } from "../base/index.ts";
import { header } from "../layout/index.ts";
import { type Heap, heapStatus } from "../memory/index.ts";
import { markDead } from "./processes.ts";
import { Workers } from "./workers.ts";

export class Membership {
  readonly workers: Workers;
  readonly place: WorkerPlace;
  readonly id: WorkerId;
  /** Whether a dead worker had the place, and what it was about is yet to be settled. */
  readonly isInherited: boolean;
  private readonly heap: Heap;
  /** The halves of the worker word while this worker is attached. */
  private readonly word: readonly [number, number];
  hasDetached = false;

  /** @throws ERR_TOO_MANY_WORKERS */
  constructor(heap: Heap, token: number) {
    const workers = new Workers(heap);
    markDead(heap);
    const { place, inherited } = workers.join(token);
    this.heap = heap;
    this.workers = workers;
    this.place = place;
    this.id = workers.idOf(place);
    this.isInherited = inherited;
    this.word = workers.halvesOf(place);
    heap.core.bindWord(heap.offset + (heap.layout.workersAt + place * 2) * 4, ...this.word);
  }

  /** Who closes a file looks for workers after it has said so, and lets go of the file then. @throws ERR_DETACHED */
  assertReady(): void {
    if (!this.isFileClosed() && this.heap.isReady()) return;
    this.leave();
    throw new AllocatorError("ERR_DETACHED", this.whyGone());
  }

  private isFileClosed(): boolean {
    return this.heap.ownPage?.isOpen() === false;
  }

  private whyGone(): string {
    return this.isFileClosed() ? "this process has closed the heap's file" : "the heap was destroyed";
  }

  /** Whether this worker can still be used. */
  isOpen(): boolean {
    return !this.hasDetached && this.heap.isReady() && this.workers.isStill(this.place, this.word);
  }

  /** @throws ERR_DETACHED after detach, and when the heap was destroyed */
  assertOpen(): void {
    // Plain loads: a call that is ordered after a destroy or a reap sees it.
    const isReady = this.heap.words[header.status] === heapStatus.ready;
    if (isReady && !this.hasDetached && this.workers.isStill(this.place, this.word)) return;
    const why = isReady ? "this worker was reaped" : this.whyGone();
    throw new AllocatorError(
      "ERR_DETACHED",
      this.hasDetached ? "this worker has detached from the heap" : why,
    );
  }

  /** Whether the place is this worker's still, to be left. */
  isToLeave(): boolean {
    return this.heap.isReady() && this.workers.isLive(this.id);
  }

  leave(): void {
    this.workers.leave(this.place);
  }

  /** Last, so that a detach which an exception cut short can be called again. */
  end(): void {
    this.hasDetached = true;
  }
}

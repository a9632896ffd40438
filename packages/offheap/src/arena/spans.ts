// Spans: runs of chunks with one purpose, as core/arena/spans.ts takes them and gives them back.

import type { ChunkIndex, WorkerPlace } from "../base/index.ts";
import { chunkSetAt } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { ChunkSet } from "./chunk-set.ts";
import { claimBody } from "./claim.ts";
import { CleanChunks } from "./clean-chunks.ts";
import { FreeRuns } from "./free-runs.ts";

export class Spans {
  private readonly heap: Heap;
  private readonly claimsAt: number;
  private readonly mapAt: number;
  /** Hint: the chunks that are in no span. */
  readonly free: ChunkSet;
  /** Hint: where in it long runs are. */
  readonly runs: FreeRuns;
  readonly clean: CleanChunks;
  /** Length in chunks of the span that the last `take` returned. */
  length = 0;

  constructor(heap: Heap) {
    this.heap = heap;
    this.claimsAt = heap.layout.claimsAt;
    this.mapAt = heap.layout.mapAt;
    this.free = new ChunkSet(heap, chunkSetAt(heap.layout, 0));
    this.runs = new FreeRuns(heap);
    this.clean = new CleanChunks(heap);
  }

  claimOf(chunk: number): number {
    return this.heap.atomics.load(this.heap.words, this.claimsAt + chunk);
  }

  /** Acquires what the last holder wrote under its claim, when it succeeds. */
  swapClaim(chunk: number, expected: number, desired: number): boolean {
    return this.heap.atomics.swap(this.heap.words, this.claimsAt + chunk, expected, desired);
  }

  /** Publishes everything written under the claim. */
  storeClaim(chunk: number, claim: number): void {
    this.heap.atomics.store(this.heap.words, this.claimsAt + chunk, claim);
  }

  mapOf(chunk: number): number {
    return this.heap.words[this.mapAt + chunk] as number;
  }

  setMap(chunk: number, entry: number): void {
    this.heap.words[this.mapAt + chunk] = entry;
  }

  /** Notes that all chunks are free, where no claim word says otherwise. */
  freeAll(): void {
    this.heap.core.freeAll();
  }

  /**
   * Takes `want` chunks in a row, or the longest run of at least `least` there is. The span is BUILDING
   * by `worker` then, with `length` chunks; `noChunk` when there is none.
   */
  take(worker: WorkerPlace, want: number, least: number): ChunkIndex {
    return this.taken(this.heap.coreOf(worker).takeSpan(want, least));
  }

  /**
   * Takes exactly `want` chunks in a row, BUILDING by `worker`, whose first is a multiple of `align` when
   * counted from `phase` chunks before the heap's: the lowest such run. `noChunk` when there is none.
   */
  takeExact(worker: WorkerPlace, want: number, align: number, phase: number): ChunkIndex {
    return this.taken(this.heap.coreOf(worker).takeExact(want, align, phase));
  }

  private taken(head: number): ChunkIndex {
    const { core } = this.heap;
    this.length = core.lastTakenLength();
    return head as ChunkIndex;
  }

  /** Takes the chunks right behind a span that `worker` may lengthen; returns how many it got of those wanted. */
  takeBehind(worker: WorkerPlace, head: ChunkIndex, length: number, want: number): number {
    return this.heap.coreOf(worker).takeBehind(head, length, want);
  }

  /** Lets the chunks from `from` to before `to` of a span go that `worker` had made its bodies. */
  cutBehind(worker: WorkerPlace, head: ChunkIndex, from: number, to: number): void {
    this.heap.core.cutBehind(head, from, to, claimBody(0, worker));
  }

  /** Gives a span back whose head is BUILDING: `length` chunks, fewer where its taking was cut short. */
  giveBack(head: ChunkIndex, length: number): void {
    this.heap.core.giveBack(head, length);
  }

  /** The same of a span that was built to its end: all of its length, though not beyond the heap on damaged books. */
  giveBackWhole(head: ChunkIndex, claimedLength: number): void {
    this.heap.core.giveBackWhole(head, claimedLength);
  }

  /**
   * Holds free chunks for a moment, as a span being built, without using them. Returns the one that another
   * worker holds, when there is one and so none is held, or `noChunk`.
   */
  borrow(worker: WorkerPlace, head: ChunkIndex, length: number): ChunkIndex {
    return this.heap.coreOf(worker).borrowRun(head, length) as ChunkIndex;
  }

  /** Lets held chunks go: free, and hinted at. */
  putBack(head: ChunkIndex, length: number): void {
    this.heap.core.putBack(head, length);
  }

  /** Sets or clears a chunk's bit in the set of free chunks after its claim word, whatever happens meanwhile. */
  repairFree(chunk: ChunkIndex): void {
    this.heap.core.repairFree(chunk);
  }
}

// What the allocator asks of spans that are no slabs. A pool has such spans; a heap of slabs alone has none.

import type { Spans } from "../arena/index.ts";
import type { AllocatorError, ChunkIndex, SlotIndex, WorkerPlace } from "../base/index.ts";
import type { Heap } from "../memory/index.ts";

/** What a recovery finds, as far as these spans add to it. */
export interface FoundObjects {
  liveObjects: number;
  freedObjects: number;
  freedBytes: number;
  claims: number;
}

/** One worker's view of them. */
export interface OtherSpans {
  /** Settles what `target` was in the middle of, by its journal, before the walk. Can be done again. */
  settle(target: WorkerPlace, entry: number): void;
  /** Ends the object that a move of `target` was to be rid of, after that and before the walk. Can be done again. */
  endDoomed(target: WorkerPlace, found: FoundObjects, freeSlot: (slot: SlotIndex) => void): void;
  /** Gives back what `target` keeps for its next objects, after both and before the walk. Can be done again. */
  giveBackKept(target: WorkerPlace): void;
  /** Brings home what `target` held of the span that begins at a chunk; returns the chunks to go on by. */
  visit(
    chunk: ChunkIndex,
    claim: number,
    target: WorkerPlace,
    live: "keep" | "disown" | "free",
    found: FoundObjects,
  ): number;
  /** Puts the upper levels of their sets of chunks right, after the walk. */
  repair(): void;
  /** Gives up to `limit` empty spans back; returns how many went. */
  releaseEmpty(limit: number): number;
  /** What is told when `wanted` cannot be had. */
  outOfMemory(wanted: string): AllocatorError;
}

export type OtherSpansOf = (heap: Heap, spans: Spans, worker: WorkerPlace) => OtherSpans;

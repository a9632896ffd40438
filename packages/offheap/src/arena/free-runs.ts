// Where runs of free chunks are: hints, as core/arena/free-runs.ts has them.

import type { ChunkIndex } from "../base/index.ts";
import type { Core, Heap } from "../memory/index.ts";

export class FreeRuns {
  private readonly core: Core;

  constructor(heap: Heap) {
    this.core = heap.core;
  }

  /** Of a heap without spans, whose set says so. */
  format(): void {
    this.core.formatRuns();
  }

  /** After chunks have left the set or come into it. */
  update(first: ChunkIndex, length: number): void {
    this.core.updateRuns(first, length);
  }

  /** Makes every node true, after a death. */
  repair(): void {
    this.core.repairRuns();
  }

  /** The lowest run of `want` chunks that tree and set know of; `noChunk` when the tree has none, or misled often. */
  find(want: number): ChunkIndex {
    return this.core.findRun(want) as ChunkIndex;
  }

  /** Where the lowest run begins as the tree tells by itself; `noChunk` when there is none. */
  byTree(want: number): ChunkIndex {
    return this.core.runByTree(want) as ChunkIndex;
  }
}

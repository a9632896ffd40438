// What is known of the spans of pages without looking at their state bytes (core/pages/bins.ts): read by anyone, who looks
// at the claim and the bytes before anything rests on it.

import { ChunkSet } from "../arena/index.ts";
import type { ChunkIndex } from "../base/index.ts";
import { binCount, pageInfo, poolSetAt, wordsPerSlabInfo } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";

export class PageHints {
  readonly bins: readonly ChunkSet[];
  readonly pending: ChunkSet;
  readonly empty: ChunkSet;
  private readonly heap: Heap;

  constructor(heap: Heap) {
    const setOf = (index: number) => new ChunkSet(heap, poolSetAt(heap.layout, index));
    this.heap = heap;
    this.bins = Array.from({ length: binCount }, (_, bin) => setOf(bin));
    this.pending = setOf(binCount);
    this.empty = setOf(binCount + 1);
  }

  freeOf(head: ChunkIndex): number {
    return this.heap.words[this.at(head) + pageInfo.freeCount] as number;
  }

  longestOf(head: ChunkIndex): number {
    return this.heap.words[this.at(head) + pageInfo.longest] as number;
  }

  /** Where its longest free run begins, and pages of the second longest; −1: not known. */
  longestRunOf(head: ChunkIndex): { page: number; second: number } {
    const { words } = this.heap;
    const info = this.at(head);
    return {
      page: words[info + pageInfo.longestAt] as number,
      second: words[info + pageInfo.second] as number,
    };
  }

  private at(head: ChunkIndex): number {
    return this.heap.layout.infoAt + head * wordsPerSlabInfo;
  }

  repair(): void {
    for (const set of [...this.bins, this.pending, this.empty]) set.repair();
  }

  /** Where a search finds the span, for check(). */
  setsOf(head: ChunkIndex): { bin: number; isEmpty: boolean; isPending: boolean } {
    const found = (set: ChunkSet) => set.next(head) === head && set.announces(head);
    const bin = this.bins.findLastIndex(found);
    return { bin, isEmpty: found(this.empty), isPending: found(this.pending) };
  }
}

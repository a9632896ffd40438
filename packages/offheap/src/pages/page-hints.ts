// What is known of the spans of pages without looking at their state bytes (core/pages/rooms.ts): read by anyone, who looks
// at the claim and the bytes before anything rests on it.

import { ChunkSet } from "../arena/index.ts";
import type { ChunkIndex } from "../base/index.ts";
import { pageInfo, poolSetAt, roomCount, wordsPerSlabInfo } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";

export class PageHints {
  readonly rooms: readonly ChunkSet[];
  readonly pending: ChunkSet;
  readonly empty: ChunkSet;
  private readonly heap: Heap;

  constructor(heap: Heap) {
    const setOf = (index: number) => new ChunkSet(heap, poolSetAt(heap.layout, index));
    this.heap = heap;
    this.rooms = Array.from({ length: roomCount }, (_, room) => setOf(room));
    this.pending = setOf(roomCount);
    this.empty = setOf(roomCount + 1);
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
    for (const set of [...this.rooms, this.pending, this.empty]) set.repair();
  }

  /** Where a search finds the span, for check(). */
  setsOf(head: ChunkIndex): { room: number; isEmpty: boolean; isPending: boolean } {
    const found = (set: ChunkSet) => set.next(head) === head && set.announces(head);
    const room = this.rooms.findLastIndex(found);
    return { room, isEmpty: found(this.empty), isPending: found(this.pending) };
  }
}

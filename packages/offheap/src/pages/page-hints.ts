// What is known of the spans of pages without looking at their state bytes. Written under a span's claim, but for
// `pending`; read by anyone, who looks at the claim and the bytes before anything rests on it.
//
//   longest = pages of the longest free run     in rooms[r] for an r ≥ floor(log2(longest)), if that is not 0
//   free    = number of free pages              in empty ⇐ every page is free
//   in pending ⇐ it has a run that was freed while another worker held it
//
// A span enters a room when its longest run has grown beyond all that it is in. It leaves those that are too large
// for it, or `empty`, when a search meets it there: so most operations change no set.

import { ChunkSet } from "../arena/index.ts";
import type { ChunkIndex } from "../base/index.ts";
import { pageInfo, poolSetAt, roomCount, wordsPerSlabInfo } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";

export class PageHints {
  readonly rooms: readonly ChunkSet[];
  readonly pending: ChunkSet;
  readonly empty: ChunkSet;
  private readonly heap: Heap;
  private readonly infoAt: number;

  constructor(heap: Heap) {
    const setOf = (index: number) => new ChunkSet(heap, poolSetAt(heap.layout, index));
    this.heap = heap;
    this.infoAt = heap.layout.infoAt;
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

  private at(head: ChunkIndex): number {
    return (this.infoAt + head * wordsPerSlabInfo) | 0;
  }

  /** Of a span with so many free pages: in no set, until `set` is called. */
  clear(head: ChunkIndex, free: number): void {
    const info = this.at(head);
    this.heap.words[info + pageInfo.freeCount] = free;
    this.heap.words[info + pageInfo.longest] = 0;
  }

  /** Of a span of `all` pages. */
  set(head: ChunkIndex, all: number, free: number, longest: number): void {
    const { words } = this.heap;
    const info = this.at(head);
    const longestBefore = words[info + pageInfo.longest] as number;
    words[info + pageInfo.freeCount] = free;
    words[info + pageInfo.longest] = longest;
    if (longest > longestBefore) this.enter(head, longest);
    if (free === all && !this.empty.has(head)) this.empty.add(head);
  }

  /** Under the claim: out of the rooms that are too large, and of `empty` if it is not. */
  repairRooms(head: ChunkIndex, all: number): void {
    this.heap.core.repairRooms(head, all);
  }

  /** The same, whatever the words and the sets say. */
  repairSpan(head: ChunkIndex, all: number, free: number, longest: number): void {
    this.leave(head);
    this.clear(head, free);
    this.set(head, all, free, longest);
  }

  /** Takes a span that is given back out of all sets. */
  forget(head: ChunkIndex): void {
    this.leave(head);
    if (this.pending.has(head)) this.pending.remove(head);
  }

  /** Into the room of its longest run, unless it is in that or a larger one. */
  enter(head: ChunkIndex, longest: number): void {
    this.heap.core.enterRoom(head, longest);
  }

  /** Out of all but `pending`, which others add it to whoever holds it. */
  private leave(head: ChunkIndex): void {
    for (const set of this.rooms) if (set.has(head)) set.remove(head);
    if (this.empty.has(head)) this.empty.remove(head);
  }

  /** Takes a member out of a set if it is no span of pages. */
  repairHint(set: ChunkSet, head: ChunkIndex): void {
    this.heap.core.repairPagesHint(set.at, head);
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

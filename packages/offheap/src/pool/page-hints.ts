// What is known of the spans of pages without looking at their state bytes. Written under a span's claim, but for
// `pending`; read by anyone, who looks at the claim and the bytes before anything rests on it.
//
//   longest = pages of the longest free run     in rooms[r] ⇔ r = floor(log2(longest))
//   free    = number of free pages              in empty ⇔ every page is free
//   in pending ⇐ it has a run that was freed while another worker held it

import { ChunkSet } from "../arena/chunk-set.ts";
import { isPages } from "../arena/claim.ts";
import type { Spans } from "../arena/spans.ts";
import type { ChunkIndex } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { infoAt, pageInfo, poolSetAt, roomCount } from "../memory/layout.ts";

/** The room of spans whose longest free run has so many pages; −1, which is none, for 0. */
export function roomOf(longest: number): number {
  return 31 - Math.clz32(longest);
}

export class PageHints {
  readonly rooms: readonly ChunkSet[];
  readonly pending: ChunkSet;
  readonly empty: ChunkSet;
  private readonly heap: Heap;
  private readonly spans: Spans;

  constructor(heap: Heap, spans: Spans) {
    const setOf = (index: number) => new ChunkSet(heap, poolSetAt(heap.layout, index));
    this.heap = heap;
    this.spans = spans;
    this.rooms = Array.from({ length: roomCount }, (_, room) => setOf(room));
    this.pending = setOf(roomCount);
    this.empty = setOf(roomCount + 1);
  }

  freeOf(head: ChunkIndex): number {
    return this.heap.words[infoAt(this.heap.layout, head) + pageInfo.freeCount] as number;
  }

  longestOf(head: ChunkIndex): number {
    return this.heap.words[infoAt(this.heap.layout, head) + pageInfo.longest] as number;
  }

  /** Of a new span: in no set, until `set` is called. */
  clear(head: ChunkIndex): void {
    const info = infoAt(this.heap.layout, head);
    this.heap.words[info + pageInfo.freeCount] = 0;
    this.heap.words[info + pageInfo.longest] = 0;
  }

  /** Of a span of `all` pages. */
  set(head: ChunkIndex, all: number, free: number, longest: number): void {
    const { words, layout } = this.heap;
    const info = infoAt(layout, head);
    const freeBefore = words[info + pageInfo.freeCount] as number;
    const before = roomOf(words[info + pageInfo.longest] as number);
    const room = roomOf(longest);
    words[info + pageInfo.freeCount] = free;
    words[info + pageInfo.longest] = longest;
    if (before !== room) {
      // Damaged books may name a room that there is none of.
      this.rooms[before]?.remove(head);
      this.rooms[room]?.add(head);
    }
    if ((free === all) === (freeBefore === all)) return;
    if (free === all) this.empty.add(head);
    else this.empty.remove(head);
  }

  /** The same, whatever the words and the sets say. */
  setAnew(head: ChunkIndex, all: number, free: number, longest: number): void {
    this.leave(head);
    this.clear(head);
    this.set(head, all, free, longest);
  }

  /** Takes a span that is given back out of all sets. */
  forget(head: ChunkIndex): void {
    this.leave(head);
    if (this.pending.has(head)) this.pending.remove(head);
  }

  /** Out of all but `pending`, which others add it to whoever holds it. */
  private leave(head: ChunkIndex): void {
    for (const set of this.rooms) if (set.has(head)) set.remove(head);
    if (this.empty.has(head)) this.empty.remove(head);
  }

  /** Takes a member out of a set if it is no span of pages. */
  mend(set: ChunkSet, head: ChunkIndex): void {
    if (isPages(this.spans.claimOf(head))) return;
    set.remove(head);
    if (isPages(this.spans.claimOf(head))) set.add(head);
  }

  repair(): void {
    for (const set of [...this.rooms, this.pending, this.empty]) set.repair();
  }

  /** Where a search finds the span, for check(). */
  setsOf(head: ChunkIndex): { room: number; isEmpty: boolean; isPending: boolean } {
    const found = (set: ChunkSet) => set.next(head) === head && set.announces(head);
    const room = this.rooms.findIndex(found);
    return { room, isEmpty: found(this.empty), isPending: found(this.pending) };
  }
}

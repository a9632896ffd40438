// Spans: runs of chunks with one purpose, taken from and given back to the free chunks of the heap.
//
//   take      head FREE → BUILDING, then each body FREE → BODY, ascending. On a clash all is put back.
//   publish   (by the owner of the new span) map, then the head's claim: see slab.ts
//   giveBack  map cleared, bodies FREE descending, head FREE last
//
// So a span whose builder died shows what it is: a BUILDING head, and bodies that name their distance to
// it without a gap. `giveBack` takes such a torn span apart as well.

import { alignUp } from "../base/bits.ts";
import type { ChunkIndex, WorkerSlot } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { chunkSetAt, header } from "../memory/layout.ts";
import { ChunkSet, noChunk } from "./chunk-set.ts";
import { claimBody, claimBuilding, claimFree, isBody } from "./claim.ts";
import { CleanChunks } from "./clean-chunks.ts";
import { FreeRuns } from "./free-runs.ts";
import { mapOther } from "./span-map.ts";

/** Attempts to take a run that other workers were faster to take, before the caller is told there is none. */
const takeTries = 16;

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
  /** Whether all bytes of that span are known to be zero. */
  isZero = false;

  constructor(heap: Heap) {
    this.heap = heap;
    this.claimsAt = heap.layout.claimsAt;
    this.mapAt = heap.layout.mapAt;
    this.free = new ChunkSet(heap, chunkSetAt(heap.layout, 0));
    this.runs = new FreeRuns(heap, this.free);
    this.clean = new CleanChunks(heap);
  }

  claimOf(chunk: number): number {
    return this.heap.atomics.load(this.heap.words, this.claimsAt + chunk);
  }

  /** The same by a plain load: for one who exchanges it then, or who had the address of an object by a hand-over. */
  glimpse(chunk: number): number {
    return this.heap.words[this.claimsAt + chunk] as number;
  }

  /** Acquires what the last holder wrote under its claim, when it succeeds. */
  swapClaim(chunk: number, expected: number, desired: number): boolean {
    return this.heap.atomics.swap(this.heap.words, this.claimsAt + chunk, expected, desired);
  }

  /** Publishes everything written under the claim. */
  storeClaim(chunk: number, claim: number): void {
    this.heap.atomics.store(this.heap.words, this.claimsAt + chunk, claim);
  }

  /** The map entries of a span that is no slab, under BUILDING. */
  mapSpan(head: ChunkIndex, length: number, kind: number): void {
    const { words } = this.heap;
    const at = this.mapAt + head;
    for (let i = 0; i < length; i = (i + 1) | 0) words[(at + i) | 0] = mapOther(kind, i);
  }

  mapOf(chunk: number): number {
    return this.heap.words[this.mapAt + chunk] as number;
  }

  setMap(chunk: number, entry: number): void {
    this.heap.words[this.mapAt + chunk] = entry;
  }

  /** After a span's claim word: a destroy that came meanwhile has cleared the map already, and looks no further. */
  heedDestroy(head: ChunkIndex, length: number): void {
    if (!this.heap.isReady()) for (let i = 0; i < length; i++) this.setMap(head + i, 0);
  }

  /** Notes that all chunks are free, where no claim word says otherwise. */
  freeAll(): void {
    this.free.addRun(0 as ChunkIndex, this.heap.layout.chunkCount);
    this.runs.format();
  }

  /**
   * Takes `want` chunks in a row, or the longest run of at least `least` there is. The span is BUILDING
   * by `worker` then, with `length` chunks; `noChunk` when there is none.
   */
  take(worker: WorkerSlot, want: number, least: number): ChunkIndex {
    let from = 0;
    for (let tries = 0; tries < takeTries; tries++) {
      const head = this.runs.choose(from, want, least);
      if (head === noChunk) {
        if (from === 0) return noChunk;
        from = 0;
        continue;
      }
      const clash = this.takeSpan(worker, head, Math.min(want, this.runs.chosen));
      if (clash === noChunk) return head;
      from = clash + 1;
    }
    return noChunk;
  }

  /**
   * Takes exactly `want` chunks in a row, BUILDING by `worker`, whose first is a multiple of `align` when
   * counted from `phase` chunks before the heap's: the lowest such run. `noChunk` when there is none.
   */
  takeExact(worker: WorkerSlot, want: number, align: number, phase: number): ChunkIndex {
    for (let tries = 0; align === 1 && tries < takeTries; tries++) {
      const head = this.runs.find(want);
      if (head === noChunk) break;
      if (this.takeSpan(worker, head, want) === noChunk) return head;
    }
    let tries = 0;
    for (let from = this.free.next(0) as number; from !== noChunk && tries < takeTries; ) {
      const head = (alignUp(from + phase, align) - phase) as ChunkIndex;
      const run = this.free.runLength(head, want);
      let next: number = head + run;
      if (run === want) {
        const clash = this.takeSpan(worker, head, want);
        if (clash === noChunk) return head;
        tries++;
        next = clash + 1;
      }
      from = this.free.next(Math.max(next, from + 1));
    }
    return noChunk;
  }

  /** Takes the chunks right behind a span that `worker` may lengthen; returns how many it got of those wanted. */
  takeBehind(worker: WorkerSlot, head: ChunkIndex, length: number, want: number): number {
    let got = 0;
    const most = Math.min(want, this.heap.layout.chunkCount - head - length);
    while (got < most && this.swapClaim(head + length + got, claimFree, claimBody(length + got, worker)))
      got++;
    if (got === 0) return 0;
    this.hideRun((head + length) as ChunkIndex, got);
    this.clean.forget((head + length) as ChunkIndex, got);
    this.countSpan(got);
    return got;
  }

  /** Makes the chunks from `from` to before `to` of a span bodies by `worker`, who is about to let them go. */
  markBehind(worker: WorkerSlot, head: ChunkIndex, from: number, to: number): void {
    const end = Math.min(to, this.heap.layout.chunkCount - head);
    for (let i = from; i < end; i++) {
      const claim = this.claimOf(head + i);
      if (isBody(claim, i)) this.swapClaim(head + i, claim, claimBody(i, worker));
    }
  }

  /** Lets the chunks from `from` to before `to` of a span go that `worker` had made its bodies. */
  cutBehind(worker: WorkerSlot, head: ChunkIndex, from: number, to: number): void {
    for (let i = Math.min(to, this.heap.layout.chunkCount - head) - 1; i >= from; i--) {
      if (this.claimOf(head + i) !== claimBody(i, worker)) continue;
      this.setMap(head + i, 0);
      this.countSpan(-1);
      this.putBack((head + i) as ChunkIndex, 1);
    }
  }

  /** Gives a span back whose head is BUILDING: `length` chunks, fewer where its taking was cut short. */
  giveBack(head: ChunkIndex, length: number): void {
    this.giveBackWhole(head, this.takenLength(head, length));
  }

  /** The same of a span that was built to its end: all of its length, though not beyond the heap on damaged books. */
  giveBackWhole(head: ChunkIndex, claimedLength: number): void {
    const { words, layout } = this.heap;
    const length = Math.min(claimedLength, layout.chunkCount - head);
    const mapAt = this.mapAt + head;
    for (let i = 0; i < length; i = (i + 1) | 0) words[(mapAt + i) | 0] = 0;
    this.countSpan(-length);
    this.putBack(head, length);
  }

  /**
   * Holds free chunks for a moment, as a span being built, without using them. Returns the one that another
   * worker holds, when there is one and so none is held, or `noChunk`.
   */
  borrow(worker: WorkerSlot, head: ChunkIndex, length: number): ChunkIndex {
    const clash = this.takeRun(worker, head, length);
    // Else whoever looks for a run would meet these chunks one by one, and give up.
    if (clash === noChunk) this.hideRun(head, length);
    return clash;
  }

  /**
   * The hint last: whoever met a chunk while it was taken may have removed it from the set, or is about to and then
   * looks at the claim again. The second look is a plain one: too early a value leaves a taken chunk in the set,
   * for whoever clashes there. A kill in between is mended by the reaper's walk.
   */
  putBack(head: ChunkIndex, length: number): void {
    const { words, atomics } = this.heap;
    const at = this.claimsAt + head;
    for (let i = length - 1; i >= 0; i = (i - 1) | 0) atomics.store(words, (at + i) | 0, claimFree);
    this.free.addRun(head, length);
    this.runs.update(head, length);
    for (let i = length - 1; i >= 0; i = (i - 1) | 0)
      if (words[(at + i) | 0] !== claimFree) this.mendFree((head + i) as ChunkIndex);
  }

  /** Sets or clears a chunk's bit in the set of free chunks after its claim word, whatever happens meanwhile. */
  mendFree(chunk: ChunkIndex): void {
    this.mendBit(chunk);
    this.runs.update(chunk, 1);
  }

  private mendBit(chunk: ChunkIndex): void {
    if (this.claimOf(chunk) === claimFree) {
      this.free.add(chunk);
      if (this.claimOf(chunk) === claimFree) return;
    }
    this.free.remove(chunk);
    if (this.claimOf(chunk) === claimFree) this.free.add(chunk);
  }

  private hideRun(head: ChunkIndex, length: number): void {
    this.free.removeRun(head, length);
    this.runs.update(head, length);
  }

  /** Takes a run for a span; returns the chunk that another worker holds, whose bit it mends, or `noChunk`. */
  private takeSpan(worker: WorkerSlot, head: ChunkIndex, length: number): ChunkIndex {
    const clash = this.takeRun(worker, head, length);
    if (clash !== noChunk) {
      this.mendFree(clash);
      return clash;
    }
    this.hideRun(head, length);
    this.isZero = this.clean.forget(head, length);
    this.length = length;
    this.countSpan(length);
    return noChunk;
  }

  /** Takes the chunks of a run; returns the one that another worker holds, or `noChunk` when all are ours. */
  private takeRun(worker: WorkerSlot, head: ChunkIndex, length: number): ChunkIndex {
    const { words, atomics } = this.heap;
    const at = this.claimsAt + head;
    if (!atomics.swap(words, at, claimFree, claimBuilding(worker, length))) return head;
    for (let i = 1; i < length; i = (i + 1) | 0) {
      if (atomics.swap(words, (at + i) | 0, claimFree, claimBody(i, worker))) continue;
      this.putBack(head, i);
      return (head + i) as ChunkIndex;
    }
    return noChunk;
  }

  /** Chunks of a BUILDING span that its taker really got before it died. */
  private takenLength(head: ChunkIndex, length: number): number {
    let taken = 1;
    while (taken < length && isBody(this.claimOf(head + taken), taken)) taken++;
    return taken;
  }

  /** Keeps the hint of how many chunks are in spans, and its peak. A kill in between lets it drift. */
  private countSpan(delta: number): void {
    const { atomics, words } = this.heap;
    const now = atomics.add(words, header.spanChunks, delta) + delta;
    if (delta < 0 || now <= (words[header.spanChunksPeak] as number)) return;
    // Bounded: another worker's higher peak ends it, and a lost race is only a lower hint.
    for (let tries = 0; tries < 4; tries++) {
      const peak = atomics.load(words, header.spanChunksPeak);
      if (now <= peak || atomics.swap(words, header.spanChunksPeak, peak, now)) return;
    }
  }
}

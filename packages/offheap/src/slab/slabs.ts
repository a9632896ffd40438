// Slabs as one worker handles them: built, claimed for a moment, filled into a magazine, given back.
// Whoever holds the claim owns the slab's info words and its free slots; nobody waits for a claim.
//
//   freeCount = number of state bytes 0          line bit set ⇐ the line of 64 slots has a state byte 0
//   in partial[class] ⇐ freeCount > 0            in empty ⇐ freeCount = slots        (hints, as all of these)

import { ChunkSet, noChunk } from "../arena/chunk-set.ts";
import {
  claimBuilding,
  claimClaimed,
  claimUnclaimed,
  classOf,
  isSlab,
  lengthOf,
  tag,
  tagOf,
} from "../arena/claim.ts";
import { mapClassMask, mapDistanceShift, mapEntry } from "../arena/span-map.ts";
import { Spans } from "../arena/spans.ts";
import { divideUp } from "../base/bits.ts";
import type { ChunkIndex, ClassIndex, WorkerSlot } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { chunkBytes, chunkSetAt, infoAt, slabInfo, slotCountOf, slotsPerLine } from "../memory/layout.ts";
import type { SizeClass } from "./class-table.ts";
import type { OtherSpans, OtherSpansOf } from "./other-spans.ts";
import { chunksOfNewSlab } from "./slab-length.ts";
import { slotFree } from "./slot-state.ts";
import { clearStates, firstUsed } from "./state-scan.ts";

/** Slabs that one refill, or one search, tries to claim before it passes on. */
const claimTries = 4;
// Folded into the loops, as a number imported is not (slab-allocator.ts).
const classMask = mapClassMask;
const distanceShift = mapDistanceShift;
const none = noChunk;

/** No claim word of a claimed slab is this. */
export const notClaimed = 0;
export const lineWords = 8;
export const lineShift = 6;

export class Slabs {
  readonly heap: Heap;
  readonly spans: Spans;
  readonly worker: WorkerSlot;
  /** By class index; at 0, which is no class, stands `empty`. */
  readonly partial: readonly ChunkSet[];
  readonly empty: ChunkSet;
  /** The spans of a pool that are no slabs. */
  readonly others: OtherSpans | undefined;

  constructor(heap: Heap, worker: WorkerSlot, others?: OtherSpansOf) {
    this.heap = heap;
    this.worker = worker;
    this.spans = new Spans(heap);
    this.others = others?.(heap, this.spans, worker);
    this.empty = new ChunkSet(heap, chunkSetAt(heap.layout, 1));
    const sets = [this.empty];
    for (let index = 1; index <= heap.layout.objectBytes.length; index++) {
      sets.push(new ChunkSet(heap, chunkSetAt(heap.layout, index + 1)));
    }
    this.partial = sets;
  }

  firstSlot(head: ChunkIndex): number {
    return head << this.heap.layout.stateShift;
  }

  /** The head of the slab that a cached slot belongs to, by the map; `noChunk` if that is of another class. */
  headOf(slot: number, sizeClass: ClassIndex): ChunkIndex {
    const chunk = slot >>> this.heap.layout.stateShift;
    const entry = this.spans.mapOf(chunk);
    return (entry & classMask) === sizeClass ? ((chunk - (entry >>> distanceShift)) as ChunkIndex) : none;
  }

  /** The class of the slab that a slot lies in; 0 where none is, or one that is being built or given back. */
  classAt(slot: number): number {
    const entry = this.spans.mapOf(slot >>> this.heap.layout.stateShift);
    const head = (slot >>> this.heap.layout.stateShift) - (entry >>> distanceShift);
    return (entry & classMask) !== 0 && head >= 0 && this.isSlab(this.spans.claimOf(head))
      ? entry & classMask
      : 0;
  }

  slotCount(claim: number): number {
    return slotCountOf(this.heap.layout, classOf(claim), lengthOf(claim));
  }

  /** Whether a claim word is that of a slab, held or not. One with a class that is none is damaged. */
  isSlab(claim: number): boolean {
    return isSlab(claim) && classOf(claim) > 0 && classOf(claim) < this.partial.length;
  }

  /**
   * Claims the slab at `head` if it is one and nobody holds it. Returns the claim word as it now stands,
   * or `notClaimed`, also for what only damaged books lead to. Everything about the slab is read after this.
   */
  claim(head: ChunkIndex): number {
    if (head < 0 || head >= this.heap.layout.chunkCount) return notClaimed;
    const claim = this.spans.claimOf(head);
    if (tagOf(claim) !== tag.unclaimed || !this.isSlab(claim)) return notClaimed;
    const claimed = claimClaimed(classOf(claim), lengthOf(claim), this.worker);
    return this.spans.swapClaim(head, claim, claimed) ? claimed : notClaimed;
  }

  /** Claims a slab of the class with a free slot, lowest address first; `noChunk` when none can be had. */
  claimPartial(sizeClass: ClassIndex): ChunkIndex {
    const set = this.partial[sizeClass] as ChunkSet;
    let from = 0;
    for (let tries = 0; tries < claimTries; tries++) {
      const head = set.next(from);
      if (head === noChunk) return noChunk;
      const claim = this.claim(head);
      if (claim !== notClaimed) {
        if (classOf(claim) === sizeClass) return head;
        this.unclaim(head, claim);
      }
      this.mendPartial(sizeClass, head);
      from = head + 1;
    }
    return noChunk;
  }

  /** Builds a slab, held by this worker; `noChunk` when there is no free chunk. */
  build(sizeClass: SizeClass): ChunkIndex {
    const head = this.spans.take(this.worker, chunksOfNewSlab(this.heap, sizeClass), 1);
    if (head === noChunk) return noChunk;
    const length = this.spans.length;
    for (let i = 0; i < length; i++)
      this.spans.setMap(head + i, mapEntry(sizeClass.index, sizeClass.shift, i));
    const claim = claimClaimed(sizeClass.index, length, this.worker);
    this.wipe(head, divideUp(length * chunkBytes, sizeClass.objectBytes));
    this.describe(head, this.slotCount(claim));
    this.spans.storeClaim(head, claim);
    this.spans.heedDestroy(head, length);
    // After the claim: a hint to a chunk that is no slab yet would be taken away by whoever follows it.
    (this.partial[sizeClass.index] as ChunkSet).add(head);
    return head;
  }

  /** Hints first, then the word that lets others in. */
  unclaim(head: ChunkIndex, claim: number): void {
    this.spans.storeClaim(head, claimUnclaimed(classOf(claim), lengthOf(claim)));
  }

  /** Word of the line bits of a slab; a bit is set under the claim when a slot of its line becomes free. */
  linesAt(head: ChunkIndex): number {
    return infoAt(this.heap.layout, head) + slabInfo.lines;
  }

  /** Under the claim: counts `freed` more free slots, whose bytes and line bits are set, and keeps the sets. */
  settleFree(head: ChunkIndex, claim: number, freed: number): void {
    const at = infoAt(this.heap.layout, head) + slabInfo.freeCount;
    const freeBefore = this.heap.words[at] as number;
    this.heap.words[at] = freeBefore + freed;
    if (freed === 0) return;
    if (freeBefore === 0) (this.partial[classOf(claim)] as ChunkSet).add(head);
    if (freeBefore + freed === this.slotCount(claim)) this.empty.add(head);
  }

  /** Under the claim: gives the span back if every state byte is free. False leaves the slab claimed. */
  release(head: ChunkIndex, claim: number): boolean {
    if (!this.isEmpty(head, claim)) return false;
    const length = lengthOf(claim);
    this.spans.storeClaim(head, claimBuilding(this.worker, length));
    this.empty.remove(head);
    (this.partial[classOf(claim)] as ChunkSet).remove(head);
    this.spans.giveBack(head, length);
    return true;
  }

  /** Gives the slab at `head` back if it can be had and is empty; puts its hints right if it is not. */
  releaseIfEmpty(head: ChunkIndex): boolean {
    const claim = this.claim(head);
    if (claim === notClaimed) {
      this.mendEmpty(head);
      return false;
    }
    if (this.release(head, claim)) return true;
    this.rebuild(head, claim);
    this.unclaim(head, claim);
    return false;
  }

  /** Under the claim: makes the info words and the sets true again from the state bytes. */
  rebuild(head: ChunkIndex, claim: number): void {
    const { words, states, layout } = this.heap;
    const info = infoAt(layout, head);
    const first = this.firstSlot(head);
    const slots = this.slotCount(claim);
    for (let i = 0; i < lineWords; i++) words[info + slabInfo.lines + i] = 0;
    let free = 0;
    for (let slot = 0; slot < slots; slot++) {
      if (states[first + slot] !== slotFree) continue;
      free++;
      const line = slot >> lineShift;
      const at = info + slabInfo.lines + (line >> 5);
      words[at] = (words[at] as number) | (1 << (line & 31));
    }
    words[info + slabInfo.freeCount] = free;
    this.keep(this.partial[classOf(claim)] as ChunkSet, head, free > 0);
    this.keep(this.empty, head, free === slots);
  }

  /** Puts the hint "this slab has a free slot" right, after a search found it misleading. */
  private mendPartial(sizeClass: ClassIndex, head: ChunkIndex): void {
    const claim = this.spans.claimOf(head);
    if (isSlab(claim) && classOf(claim) === sizeClass) return;
    const set = this.partial[sizeClass] as ChunkSet;
    set.remove(head);
    const now = this.spans.claimOf(head);
    if (isSlab(now) && classOf(now) === sizeClass) set.add(head);
  }

  /** Takes the hint "this slab is wholly free" away where there is no slab, or a busy one. */
  private mendEmpty(head: ChunkIndex): void {
    if (isSlab(this.spans.claimOf(head))) return;
    this.empty.remove(head);
    if (isSlab(this.spans.claimOf(head))) this.empty.add(head);
  }

  /** Puts back the hints to a slab that somebody took away and died before putting them right. */
  mendHints(head: ChunkIndex, claim: number): void {
    const free = this.heap.words[infoAt(this.heap.layout, head) + slabInfo.freeCount] as number;
    const partial = this.partial[classOf(claim)] as ChunkSet;
    if (free > 0 && !partial.has(head)) partial.add(head);
    if (free === this.slotCount(claim) && !this.empty.has(head)) this.empty.add(head);
  }

  private keep(set: ChunkSet, head: ChunkIndex, member: boolean): void {
    if (member) set.add(head);
    else set.remove(head);
  }

  /** The info words of a new slab, all of whose slots are free. */
  private describe(head: ChunkIndex, slots: number): void {
    const { words, layout } = this.heap;
    const info = infoAt(layout, head);
    words[info + slabInfo.freeCount] = slots;
    for (let i = 0; i < lineWords; i++) {
      const lines = Math.min(Math.max(Math.ceil(slots / slotsPerLine) - i * 32, 0), 32);
      words[info + slabInfo.lines + i] = lines === 32 ? -1 : (1 << lines) - 1;
    }
  }

  private isEmpty(head: ChunkIndex, claim: number): boolean {
    const first = this.firstSlot(head);
    const end = first + this.slotCount(claim);
    return firstUsed(this.heap, first, end) === end;
  }

  /**
   * Clears the bytes of a new slab's slots, and those behind the last one that an address in its chunks leads to.
   * A byte that is not 0 was left by a reset, or written by a free that raced another of the same object and came
   * after the span had been given back.
   */
  private wipe(head: ChunkIndex, count: number): void {
    const first = this.firstSlot(head);
    clearStates(this.heap, first, first + count);
  }
}

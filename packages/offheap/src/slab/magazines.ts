// The magazines of one worker: for each class the slots it has cached, as rounds (Bonwick & Adams 2001).
// A round is a hint: a slot in the magazine is the worker's while its state byte says so.
//
//   refill  an empty magazine takes free slots of one slab, lowest address on top
//   drain   the oldest rounds go home to their slabs; what another worker holds stays
//   stray   a slot that is freed while nothing can go home: cached by its byte, in no list

import { type ChunkSet, noChunk } from "../arena/chunk-set.ts";
import { mapClassMask } from "../arena/span-map.ts";
import type { ChunkIndex, SlotIndex } from "../base/brands.ts";
import { counter, record, recordAt } from "../memory/layout.ts";
import type { SizeClass } from "./class-table.ts";
import { checkedRounds, roundsIn, setRounds, setStrays, straysOf } from "./counters.ts";
import { journal } from "./journal.ts";
import { lineShift, notClaimed, type Slabs } from "./slabs.ts";
import { slotFree } from "./slot-state.ts";

/** A pass over the rounds for one slab is followed by another while it sends at least this part of them. */
const passesWorth = 8;
/** Slabs that a refill looks into before it is content with what it has. */
const refillTries = 4;
// Marks of a round in `chain`: the last of its slab's chain; no longer in the magazine.
const unlinked = -1;
const moved = -2;
// Folded into the loops, as a number imported is not (slab-allocator.ts).
const free = slotFree;
const shiftOfLine = lineShift;

/** In a magazine's words: no slot. */
const noRound = -1;

export class Magazines {
  readonly slabs: Slabs;
  /** By class index; 0 is the class of no slab. */
  readonly classes: readonly SizeClass[];
  // Scratch of drain: rounds of one slab are chained through `chain`, the chains begin in `chainOf`.
  private chainOf = new Int16Array(0);
  private readonly chain: Int16Array;
  private readonly heads: Int32Array;

  constructor(slabs: Slabs, classes: readonly SizeClass[]) {
    this.slabs = slabs;
    this.classes = classes;
    const most = Math.max(...slabs.heap.layout.roundCounts);
    this.chain = new Int16Array(most);
    this.heads = new Int32Array(most);
  }

  /** Fills an empty magazine up to half; false when no slab with a free slot can be had. */
  refill(sizeClass: SizeClass): boolean {
    for (let tries = 0; tries < refillTries; tries++) {
      const head = this.slabs.claimPartial(sizeClass.index);
      if (head === noChunk) break;
      if (this.takeFrom(sizeClass, head)) return true;
    }
    return false;
  }

  /** Takes slots of a slab that this worker has claimed into its empty magazine, and unclaims it. */
  takeFrom(sizeClass: SizeClass, head: ChunkIndex): boolean {
    const { heap, spans } = this.slabs;
    const claim = spans.claimOf(head);
    const want = (sizeClass.rounds + 1) >> 1;
    const taken = this.slabs.takeSlots(head, claim, sizeClass.magazineAt, want);
    if (taken === 0) this.slabs.rebuild(head, claim);
    else setRounds(heap, sizeClass, taken);
    this.slabs.unclaim(head, claim);
    return taken > 0;
  }

  /**
   * Sends the `count` oldest rounds home; returns how many left the magazine. First slab by slab, in a
   * pass for each, while that sends enough; what is scattered over more slabs is sorted by slab.
   */
  drain(sizeClass: SizeClass, count: number): number {
    const { heap } = this.slabs;
    const { words } = heap;
    const rounds = checkedRounds(heap, sizeClass);
    const oldest = Math.min(count, rounds);
    if (oldest === 0) return 0;
    let kept = oldest;
    let sent = oldest;
    while (kept > 0 && sent * passesWorth >= oldest) {
      sent = kept - this.sendFirst(sizeClass, kept);
      kept -= sent;
    }
    if (kept * 2 > oldest) kept = this.sendScattered(sizeClass, kept);
    const at = sizeClass.magazineAt;
    const gone = oldest - kept;
    if (gone > 0)
      for (let i = oldest; i < rounds; i++) words[(at + i - gone) | 0] = words[(at + i) | 0] as number;
    setRounds(heap, sizeClass, rounds - gone);
    return gone;
  }

  /**
   * The room for one round when nothing can go home: the slot is freed, and found again by a sweep. No call
   * stands between the stores: a stack overflow after the byte would deny a free that took place. A carry
   * that falls due here is made up for by the next slow entry.
   */
  freeStray(sizeClass: SizeClass, slot: SlotIndex): void {
    const { heap, worker } = this.slabs;
    const { words, states } = heap;
    const { freeing, moving, idle } = journal;
    const journalAt = recordAt(heap.layout, worker) + record.journal;
    const roundAt = sizeClass.magazineAt + roundsIn(heap, sizeClass);
    const freesAt = sizeClass.countersAt + counter.frees;
    const straysAt = sizeClass.countersAt + counter.strays;
    const baseAt = sizeClass.countersAt + counter.base;
    words[journalAt] = freeing;
    words[roundAt] = slot;
    states[slot] = worker;
    words[freesAt] = ((words[freesAt] as number) + 1) | 0;
    words[journalAt] = moving;
    words[straysAt] = (words[straysAt] as number) + 1;
    words[roundAt] = noRound;
    words[baseAt] = ((words[baseAt] as number) - 1) | 0;
    words[journalAt] = idle;
  }

  /** Takes the top round out of the list; its slot stays cached, as a stray. */
  turnIntoStray(sizeClass: SizeClass): void {
    const { heap } = this.slabs;
    const rounds = roundsIn(heap, sizeClass);
    setStrays(heap, sizeClass, straysOf(heap, sizeClass) + 1);
    heap.words[sizeClass.magazineAt + rounds - 1] = noRound;
    setRounds(heap, sizeClass, rounds - 1);
  }

  /**
   * Blanks the words above the top, so that a slot which became a stray cannot be taken for one whose
   * free was cut short.
   */
  forgetRounds(sizeClass: SizeClass): void {
    const rounds = checkedRounds(this.slabs.heap, sizeClass);
    const at = sizeClass.magazineAt;
    for (let i = rounds; i <= sizeClass.rounds; i++) this.slabs.heap.words[at + i] = noRound;
  }

  /**
   * A round whose slot is not this worker's any more: an illegal free of the same object overlapped ours
   * and came last. One of the two must not count; it is ours. The list's count follows by the same store.
   */
  uncount(sizeClass: SizeClass, slot: number): void {
    const { heap, worker, spans } = this.slabs;
    const { words, states } = heap;
    const frees = sizeClass.countersAt + counter.frees;
    words[frees] = ((words[frees] as number) - 1) | 0;
    if (states[slot] !== worker) return;
    // The slab went meanwhile, and the byte was written over another one's, or over none.
    const other = this.classes[spans.mapOf(slot >>> heap.layout.stateShift) & mapClassMask] as SizeClass;
    if (other.index === 0) states[slot] = slotFree;
    else setStrays(heap, other, straysOf(heap, other) + 1);
  }

  /** Whether a round still is what it says: cached by this worker, in a slab of its class. */
  holds(sizeClass: SizeClass, slot: number): boolean {
    const { heap, worker, spans } = this.slabs;
    if (heap.states[slot] !== worker) return false;
    return (spans.mapOf(slot >>> heap.layout.stateShift) & mapClassMask) === sizeClass.index;
  }

  /** Gives up to `limit` wholly free slabs back, lowest first; returns how many went. */
  releaseEmpty(limit: number): number {
    const { slabs } = this;
    const set: ChunkSet = slabs.empty;
    let released = 0;
    let from = 0;
    while (released < limit) {
      const head = set.next(from);
      if (head === noChunk) return released;
      from = head + 1;
      if (slabs.releaseIfEmpty(head)) released++;
    }
    return released;
  }

  /** After an exception in the middle of a drain: what it had chained up is forgotten. */
  resetScratch(): void {
    this.chainOf.fill(unlinked);
  }

  /** Sends home the rounds that share the oldest one's slab; closes the gaps, returns how many are kept. */
  private sendFirst(sizeClass: SizeClass, count: number): number {
    const { slabs } = this;
    const { words, states } = slabs.heap;
    const at = sizeClass.magazineAt;
    const head = slabs.headOf(words[at] as number, sizeClass.index);
    const claim = head === noChunk ? notClaimed : slabs.claim(head);
    if (claim === notClaimed) return count;
    const first = slabs.firstSlot(head);
    const slots = slabs.slotCount(claim);
    const { worker } = slabs;
    let kept = 0;
    let freed = 0;
    const linesAt = slabs.linesAt(head);
    // The bits of 32 lines are gathered in a register: neighbours share their word.
    let line = 0;
    let bits = 0;
    for (let i = 0; i < count; i++) {
      const slot = words[(at + i) | 0] as number;
      const index = (slot - first) | 0;
      if (index < 0 || index >= slots) words[(at + kept++) | 0] = slot;
      else if (states[slot] === worker) {
        states[slot] = free;
        const next = index >> (shiftOfLine + 5);
        if (next !== line) {
          words[(linesAt + line) | 0] = (words[(linesAt + line) | 0] as number) | bits;
          line = next;
          bits = 0;
        }
        bits |= 1 << ((index >> shiftOfLine) & 31);
        freed++;
      } else this.uncount(sizeClass, slot);
    }
    words[linesAt + line] = (words[linesAt + line] as number) | bits;
    slabs.settleFree(head, claim, freed);
    slabs.unclaim(head, claim);
    return kept;
  }

  /** Sends home the first `count` rounds, slab by slab; closes the gaps, returns how many are kept. */
  private sendScattered(sizeClass: SizeClass, count: number): number {
    const { words } = this.slabs.heap;
    const at = sizeClass.magazineAt;
    const headCount = this.chainUp(sizeClass, count);
    for (let i = 0; i < headCount; i++) this.sendHome(sizeClass, this.heads[i] as ChunkIndex);
    const { chain } = this;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (chain[i] !== moved) words[(at + kept++) | 0] = words[(at + i) | 0] as number;
    }
    return kept;
  }

  /** Chains the oldest rounds by the slab they belong to; returns the number of slabs, in `heads`. */
  private chainUp(sizeClass: SizeClass, count: number): number {
    const { slabs, chain, heads } = this;
    const { words } = slabs.heap;
    if (this.chainOf.length === 0) this.chainOf = new Int16Array(slabs.heap.layout.chunkCount).fill(unlinked);
    const { chainOf } = this;
    const at = sizeClass.magazineAt;
    let headCount = 0;
    for (let i = 0; i < count; i++) {
      const slot = words[(at + i) | 0] as number;
      const head = slabs.headOf(slot, sizeClass.index);
      if (head === noChunk) {
        this.uncount(sizeClass, slot);
        chain[i] = moved;
        continue;
      }
      const last = chainOf[head] as number;
      if (last === unlinked) heads[headCount++] = head;
      chain[i] = last;
      chainOf[head] = i;
    }
    return headCount;
  }

  /** Frees the chained rounds of one slab under its claim; marks them moved. */
  private sendHome(sizeClass: SizeClass, head: ChunkIndex): void {
    const { slabs, chain } = this;
    const { words, states } = slabs.heap;
    let round = this.chainOf[head] as number;
    this.chainOf[head] = unlinked;
    const claim = slabs.claim(head);
    if (claim === notClaimed) return;
    const first = slabs.firstSlot(head);
    const linesAt = slabs.linesAt(head);
    const { worker } = slabs;
    const at = sizeClass.magazineAt;
    let freed = 0;
    while (round !== unlinked) {
      const slot = words[(at + round) | 0] as number;
      const next = chain[round] as number;
      if (states[slot] === worker) {
        states[slot] = free;
        const line = (slot - first) >> shiftOfLine;
        const word = (linesAt + (line >> 5)) | 0;
        words[word] = (words[word] as number) | (1 << (line & 31));
        freed++;
      } else this.uncount(sizeClass, slot);
      chain[round] = moved;
      round = next;
    }
    slabs.settleFree(head, claim, freed);
    slabs.unclaim(head, claim);
  }
}

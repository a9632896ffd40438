// The magazines of one worker: for each class the slots it has cached, as rounds (Bonwick & Adams 2001).
// A round is a hint: a slot in the magazine is the worker's while its state byte says so.
//
//   refill  an empty magazine takes free slots of one slab, lowest address on top
//   drain   the oldest rounds go home to their slabs (drain.ts)
//   stray   a slot that is freed while nothing can go home: cached by its byte, in no list

import { type ChunkSet, noChunk } from "../arena/chunk-set.ts";
import { mapClassMask } from "../arena/span-map.ts";
import type { ChunkIndex, SlotIndex } from "../base/brands.ts";
import { counter, record, recordAt, wordsPerRound } from "../memory/layout.ts";
import type { SizeClass } from "./class-table.ts";
import {
  checkedRounds,
  prepareTotals,
  roundsIn,
  setRounds,
  setStrays,
  straysOf,
  uncountFree,
} from "./counters.ts";
import { Drainer } from "./drain.ts";
import { journal } from "./journal.ts";
import { clearRound, setRound, slotOfRound } from "./rounds.ts";
import type { Slabs } from "./slabs.ts";
import { slotFree } from "./slot-state.ts";
import { takeSlots } from "./take-slots.ts";

/** Slabs that a refill looks into before it is content with what it has. */
const refillTries = 4;

/**
 * What a refill takes, and a drain sends home: three quarters. So that the next is at least half a magazine of calls
 * away whichever it is, and as far as that goes as much as can be at once.
 */
export function mostOf(rounds: number): number {
  return Math.max((rounds * 3) >> 2, 1);
}

export class Magazines {
  readonly slabs: Slabs;
  /** By class index; 0 is the class of no slab. */
  readonly classes: readonly SizeClass[];
  /** Classes whose rounds have gone home at some time: before that, no two slabs of a class can be empty. */
  readonly drained = new Set<SizeClass>();
  private readonly drainer: Drainer;

  constructor(slabs: Slabs, classes: readonly SizeClass[]) {
    this.slabs = slabs;
    this.classes = classes;
    this.drainer = new Drainer(slabs, (sizeClass, slot) => this.uncount(sizeClass, slot));
  }

  /** Sends the `count` oldest rounds home; returns how many left the magazine. */
  drain(sizeClass: SizeClass, count: number): number {
    this.drained.add(sizeClass);
    return this.drainer.drain(sizeClass, count);
  }

  /** Fills an empty magazine up to three quarters; false when no slab with a free slot can be had. */
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
    const want = mostOf(sizeClass.rounds);
    const taken = takeSlots(this.slabs, head, claim, sizeClass.magazineAt, want);
    if (taken === 0) this.slabs.rebuild(head, claim);
    else setRounds(heap, sizeClass, taken);
    this.slabs.unclaim(head, claim);
    return taken > 0;
  }

  /**
   * When nothing can go home, there is room for one round more: the slot is freed, and found again by a sweep. No
   * call stands between the stores from the byte on: a stack overflow there would deny a free that took place.
   */
  freeStray(sizeClass: SizeClass, slot: SlotIndex): void {
    const { heap, worker } = this.slabs;
    const { words, states } = heap;
    const { freeing, moving, idle } = journal;
    const journalAt = recordAt(heap.layout, worker) + record.journal;
    const rounds = checkedRounds(heap, sizeClass);
    const { gaugeAt } = sizeClass;
    const straysAt = sizeClass.countersAt + counter.strays;
    const roundAt = sizeClass.magazineAt + rounds * wordsPerRound;
    this.forgetSlot(sizeClass, slot, rounds);
    const settled = prepareTotals(heap, sizeClass, rounds, 1);
    words[journalAt] = freeing;
    setRound(heap, sizeClass, rounds, slot);
    states[slot] = worker;
    words[gaugeAt] = ((words[gaugeAt] as number) - 1) | 0;
    words[journalAt] = moving;
    words[straysAt] = (words[straysAt] as number) + 1;
    words[roundAt + 1] = 0;
    words[gaugeAt] = settled;
    words[journalAt] = idle;
  }

  /** Takes the top round out of the list; its slot stays cached, as a stray. */
  turnIntoStray(sizeClass: SizeClass): void {
    const { heap } = this.slabs;
    const rounds = roundsIn(heap, sizeClass);
    setStrays(heap, sizeClass, straysOf(heap, sizeClass) + 1);
    this.forgetSlot(sizeClass, slotOfRound(heap, sizeClass, rounds - 1), rounds);
    setRounds(heap, sizeClass, rounds - 1);
  }

  /**
   * Blanks the rounds of a slot that becomes a stray: an illegal free may have left one in the list, with the
   * address that the slot had in another slab.
   */
  private forgetSlot(sizeClass: SizeClass, slot: number, rounds: number): void {
    const { heap } = this.slabs;
    for (let i = 0; i < rounds; i++)
      if (slotOfRound(heap, sizeClass, i) === slot) clearRound(heap, sizeClass, i);
  }

  /**
   * Blanks the words above the top, so that a slot which became a stray cannot be taken for one whose
   * free was cut short.
   */
  forgetRounds(sizeClass: SizeClass): void {
    const { heap } = this.slabs;
    for (let i = checkedRounds(heap, sizeClass); i <= sizeClass.rounds; i++) clearRound(heap, sizeClass, i);
  }

  /**
   * A round whose slot is not this worker's any more: an illegal free of the same object overlapped ours
   * and came last. One of the two must not count; it is ours. The list's count follows by the same store.
   */
  uncount(sizeClass: SizeClass, slot: number): void {
    const { heap, worker } = this.slabs;
    const { states } = heap;
    uncountFree(heap, sizeClass);
    if (states[slot] !== worker) return;
    // The slab went meanwhile, and the byte was written over another one's, or over none. A span that is being
    // built or given back has only free slots.
    const other = this.slabs.classAt(slot);
    if (other === 0) states[slot] = slotFree;
    else {
      const strays = this.classes[other] as SizeClass;
      setStrays(heap, strays, straysOf(heap, strays) + 1);
    }
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

  /** After an exception in the middle of a drain. */
  resetScratch(): void {
    this.drainer.reset();
  }
}

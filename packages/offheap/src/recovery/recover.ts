// One walk over the heap that brings home what a worker held: after its death (its reaper does it), when it
// leaves, or when an exception left one of its own slow operations half done.
//
//   claims of the worker      BUILDING: the span is given back      CLAIMED: repaired and let go
//   slots cached by it        0 under the slab's claim; where another holds that, they stay cached:
//                             the reaper's own strays, or still the worker's when it is the caller
//   what it was about in a    settled from its intent (core/structure/intent.ts); what it had retired goes to the
//   structure                 reaper's list
//   objects it had allocated  nobody's, when it is gone; but what it has retired yet stays its place's
//
// Every step can be done again from the start, so a reaper that dies is followed by the next one.

import {
  claimFree,
  forEachSpan,
  isSlab,
  lengthOf,
  mapClassMask,
  tag,
  tagOf,
  workerOf,
} from "../arena/index.ts";
import type { ChunkIndex, SlotIndex, WorkerPlace } from "../base/index.ts";
import { endInSlot, settleRecords } from "../generations/index.ts";
import {
  liveBy,
  record,
  recordAt,
  type SizeClass,
  sizeClassesOf,
  slotFree,
  slotLive,
} from "../layout/index.ts";
import {
  addressOf,
  checkedRoundCount,
  countFree,
  foldGauge,
  type Magazines,
  notClaimed,
  setRound,
  setRoundCount,
  setStrays,
  settle,
  straysOf,
  type Unfinished,
} from "../slab/index.ts";
import { journal, readJournal, writeJournal } from "../worker/index.ts";

/** What happens to the objects that the worker had allocated. */
export type LiveObjects = "keep" | "disown" | "free";

/** What was found of a worker. */
export interface Recovery {
  /** The operation that was cut short, and has been settled. */
  operation: Unfinished | "slow";
  cachedSlots: number;
  cachedBytes: number;
  /** Objects it had allocated that are now nobody's. */
  liveObjects: number;
  /** Objects it had allocated that were freed, because `live` was asked for, or a move had been about to. */
  freedObjects: number;
  freedBytes: number;
  /** Slabs it held a claim on. */
  claims: number;
  /** Spans that it was building or giving back. */
  spans: number;
}

export function emptyRecovery(): Recovery {
  return {
    operation: "none",
    cachedSlots: 0,
    cachedBytes: 0,
    liveObjects: 0,
    freedObjects: 0,
    freedBytes: 0,
    claims: 0,
    spans: 0,
  };
}

export class Recoverer {
  private readonly magazines: Magazines;
  private readonly target: WorkerPlace;
  private readonly live: LiveObjects;
  private readonly found: Recovery;
  /** The target's classes: where its counters and magazines are. */
  private readonly classes: readonly SizeClass[];
  /** Slots of the target that could not go home, by class. */
  private readonly left: number[];
  /** Whether objects of the target wait for their last readers. */
  private hasRetired = false;

  constructor(magazines: Magazines, target: WorkerPlace, live: LiveObjects, found: Recovery) {
    const { heap, worker } = magazines.slabs;
    this.magazines = magazines;
    this.target = target;
    this.live = live;
    this.found = found;
    this.classes = target === worker ? magazines.classes : sizeClassesOf(heap.layout, target);
    this.left = this.classes.map(() => 0);
  }

  run(): void {
    const { slabs } = this.magazines;
    const { heap } = slabs;
    this.settleOperation();
    writeJournal(heap, slabs.worker, journal.moving);
    slabs.others?.giveBackKept(this.target);
    heap.coreOf(this.target).forgetDrain();
    this.magazines.resetScratch();
    forEachSpan(heap, (chunk) => this.visit(chunk));
    slabs.spans.free.repair();
    // The first of them is the set of wholly free slabs.
    for (const set of slabs.partial) set.repair();
    slabs.others?.repair();
    this.emptyMagazines();
    // The caller's own journal stays at "moving": it is the caller who knows when all of it is done.
    if (this.target !== slabs.worker) writeJournal(heap, this.target, journal.idle);
  }

  private settleOperation(): void {
    const { heap } = this.magazines.slabs;
    const entry = readJournal(heap, this.target);
    if (entry !== journal.idle) this.found.operation = "slow";
    this.magazines.slabs.others?.settle(this.target, entry);
    for (const sizeClass of this.classes) {
      if (sizeClass.index === 0) continue;
      const settled = settle(heap, this.target, sizeClass, entry);
      if (settled !== "none" && entry === journal.idle) this.found.operation = settled;
    }
    // After the classes, of which one may have undone the allocation of it.
    const { core } = this.magazines.slabs;
    core.settleIntent(this.target);
    core.settleRing(this.target);
    this.endDoomed();
    settleRecords(this.magazines.slabs.heap, this.target, (slot) => this.freeObject(slot));
    // Who is gone reads nothing any more, whether it died or left.
    if (this.live !== "keep") core.clearHazards(this.target);
    if (this.target !== this.magazines.slabs.worker) while (core.inheritRetired(this.target));
    this.hasRetired = Boolean(core.hasRetired(this.target));
  }

  /** Ends the one object that the target had been about to be rid of. */
  private endDoomed(): void {
    const { others, heap } = this.magazines.slabs;
    const end = (slot: SlotIndex) => this.freeObject(slot);
    if (others !== undefined) return others.endDoomed(this.target, this.found, end);
    const at = recordAt(heap.layout, this.target) + record.doomed;
    const slot = (heap.words[at] as number) - 1;
    if (slot >= 0 && heap.states[slot] === liveBy(this.target)) end(slot as SlotIndex);
    heap.words[at] = 0;
  }

  /** Looks after one chunk; returns how many to go on by. */
  private visit(chunk: ChunkIndex): number {
    const { slabs } = this.magazines;
    const claim = slabs.spans.claimOf(chunk);
    if (claim === claimFree) {
      if (!slabs.spans.free.has(chunk)) slabs.spans.repairFree(chunk);
      return 1;
    }
    if (tagOf(claim) === tag.building && workerOf(claim) === this.target) {
      slabs.spans.giveBack(chunk, lengthOf(claim));
      this.found.spans++;
      return 1;
    }
    if (!isSlab(claim)) {
      return slabs.others?.visit(chunk, claim, this.target, this.live, this.found) ?? 1;
    }
    if (!slabs.isSlab(claim)) return 1;
    this.sweep(chunk, claim);
    return lengthOf(claim);
  }

  /** Goes over the state bytes of a slab. A claim of the target's is ours already. */
  private sweep(head: ChunkIndex, seen: number): void {
    const { slabs } = this.magazines;
    const { states } = slabs.heap;
    const inherited = tagOf(seen) === tag.claimed && workerOf(seen) === this.target;
    if (inherited) this.found.claims++;
    let claim: number = inherited ? seen : notClaimed;
    let tried = inherited;
    const first = slabs.firstSlot(head);
    const end = first + slabs.slotCount(seen);
    const ownedLive = liveBy(this.target);
    for (let slot = first; slot < end; slot++) {
      const state = states[slot];
      if (state === this.target) {
        if (!tried) claim = slabs.claim(head);
        tried = true;
        this.bringHome(slot as SlotIndex, claim !== notClaimed);
      } else if (state === ownedLive) this.loosen(slot as SlotIndex);
    }
    if (claim === notClaimed) slabs.repairHints(head, seen);
    else {
      slabs.repair(head, claim);
      slabs.unclaim(head, claim);
    }
  }

  private endRecordIn(slot: SlotIndex): void {
    const { heap } = this.magazines.slabs;
    endInSlot(heap, () => addressOf(heap, this.classes[this.classOfSlot(slot)] as SizeClass, slot));
  }

  private classOfSlot(slot: SlotIndex): number {
    const { spans, heap } = this.magazines.slabs;
    return spans.mapOf(slot >>> heap.layout.stateShift) & mapClassMask;
  }

  private bringHome(slot: SlotIndex, held: boolean): void {
    const { heap, worker } = this.magazines.slabs;
    const index = this.classOfSlot(slot);
    // A reaper may have died right after it freed a record's slot.
    this.endRecordIn(slot);
    this.found.cachedSlots++;
    this.found.cachedBytes += (this.classes[index] as SizeClass).objectBytes;
    if (held) heap.states[slot] = slotFree;
    else {
      // The dead worker's one heir may write its bytes: as its own strays, for it is alive to sweep them.
      this.left[index] = (this.left[index] as number) + 1;
      if (this.target !== worker) heap.states[slot] = worker;
    }
  }

  /** An object of the target's: nobody's from now on, or freed. Adopted or freed meanwhile: left alone. */
  private loosen(slot: SlotIndex): void {
    if (this.live === "keep") return;
    const { heap, core } = this.magazines.slabs;
    if (this.hasRetired && core.isRetired(this.target, slot + 1)) return;
    if (this.live === "free") this.freeObject(slot);
    else if (heap.atomics.swapByte(heap.states, slot, liveBy(this.target), slotLive))
      this.found.liveObjects++;
  }

  /** In the order of a deallocate by the reaper, whose journal says so, so that its own death is settled. */
  private freeObject(slot: SlotIndex): void {
    const { magazines } = this;
    const { heap, worker } = magazines.slabs;
    const own = magazines.classes[this.classOfSlot(slot)] as SizeClass;
    foldGauge(heap, own);
    setRound(heap, own, checkedRoundCount(heap, own), slot);
    writeJournal(heap, worker, journal.freeing);
    if (heap.atomics.swapByte(heap.states, slot, liveBy(this.target), worker)) {
      this.endRecordIn(slot);
      countFree(heap, own);
      writeJournal(heap, worker, journal.moving);
      magazines.turnIntoStray(own);
      this.found.freedObjects++;
      this.found.freedBytes += own.objectBytes;
    } else writeJournal(heap, worker, journal.moving);
  }

  /** The target's magazines are empty now, and what is left of its slots is a stray of whoever has it. */
  private emptyMagazines(): void {
    const { magazines, target } = this;
    const { heap, worker } = magazines.slabs;
    for (const sizeClass of this.classes) {
      if (sizeClass.index === 0) continue;
      const left = this.left[sizeClass.index] as number;
      setRoundCount(heap, sizeClass, 0);
      setStrays(heap, sizeClass, target === worker ? left : 0);
      const own = magazines.classes[sizeClass.index] as SizeClass;
      if (target !== worker && left > 0) setStrays(heap, own, straysOf(heap, own) + left);
      if (left > 0 || this.live === "free") magazines.forgetRounds(own);
    }
  }
}

/** Whether a worker has strays of any class. */
export function hasStrays(magazines: Magazines): boolean {
  return magazines.classes.some(
    (sizeClass) => sizeClass.index !== 0 && straysOf(magazines.slabs.heap, sizeClass) > 0,
  );
}

// What allocate and deallocate do when a magazine is empty or full, and everything rarer. One worker's.
// Each entry repairs first what an exception left half done, and keeps the journal while it moves slots.

import { Decommitter } from "../arena/index.ts";
import type { AllocatorError, SlotIndex, WorkerId, WorkerPlace } from "../base/index.ts";
import { intentAt, record, recordAt, type SizeClass, sizeClassesOf } from "../layout/index.ts";
import type { Core, Heap } from "../memory/index.ts";
import {
  DeadProcesses,
  emptyRecovery,
  hasStrays,
  type LiveObjects,
  Reaper,
  type ReapReport,
  Recoverer,
} from "../recovery/index.ts";
import { corruptGauge, Magazines, type OtherSpansOf, Slabs } from "../slab/index.ts";
import { journal, Membership, readJournal, type Workers, writeJournal } from "../worker/index.ts";
import { Lookup } from "./lookup.ts";
import { outOfMemory } from "./out-of-memory.ts";
import { Reclaimer } from "./reclaimer.ts";

/** What the core answers of a call that is done; above it a clean-up took place, too. */
const done = 1;
/** And nothing is freed yet: a clean-up may run out of stack, and a free that throws has not taken place. */
const cleanUpFirst = 3;
/** Slabs that one periodic clean-up gives back at most, so that no single call pays for many. */
const slabsPerCleanup = 4;

export class SlowPath {
  readonly heap: Heap;
  readonly place: WorkerPlace;
  readonly id: WorkerId;
  readonly classes: readonly SizeClass[];
  readonly workers: Workers;
  readonly others: OtherSpansOf | undefined;
  readonly dead: DeadProcesses;
  /**
   * What the fast calls look up. They are not served while slots move. An exception would leave books then that say of no class
   * whether a call was cut short, and who is killed in such a call would lose its object.
   */
  lookup: Lookup;
  private readonly membership: Membership;
  private readonly reaper: Reaper;
  private readonly slabs: Slabs;
  private readonly magazines: Magazines;
  private readonly reclaimer: Reclaimer;
  private readonly decommitter: Decommitter;

  /** Attaches a worker. @throws ERR_TOO_MANY_WORKERS, ERR_DETACHED */
  constructor(heap: Heap, token: number, others?: OtherSpansOf) {
    const membership = new Membership(heap, token);
    const { place, workers, isInherited } = membership;
    this.heap = heap;
    this.membership = membership;
    this.workers = workers;
    this.place = place;
    this.id = membership.id;
    this.others = others;
    this.slabs = new Slabs(heap, place, others);
    this.classes = sizeClassesOf(heap.layout, place);
    this.lookup = new Lookup(heap, place, this.classes);
    this.magazines = new Magazines(this.slabs, this.classes);
    // What a drain had noted of a worker that died in this place.
    this.magazines.resetScratch();
    this.reaper = new Reaper(this.magazines, workers);
    this.reclaimer = new Reclaimer(this.slabs, this.magazines, this.reaper);
    this.dead = new DeadProcesses(this);
    this.decommitter = new Decommitter(this.slabs.spans, heap, place);
    membership.assertReady();
    // Leaves the journal at "moving", so that repair goes on with what the dead worker was reaping.
    if (isInherited) new Recoverer(this.magazines, place, "disown", emptyRecovery()).run();
    if (isInherited) this.repair();
    this.dead.reapGone();
  }

  /** The same over new views: memory that is not shared has grown. */
  renewLookup(): Lookup {
    this.lookup = this.lookup.over(this.heap, this.place, this.classes);
    return this.lookup;
  }

  /** Where it returns false, the journal is left at "moving", and the fast path paused. */
  private lookForRound(sizeClass: SizeClass): boolean {
    this.begin();
    const found = this.core.ensureRound(sizeClass.index);
    if (found < 0) throw corruptGauge(this.heap, sizeClass);
    if (found > 0) this.lookup.resume();
    return found > 0;
  }

  /** The core, as this worker's. */
  private get core(): Core {
    return this.heap.coreOf(this.place);
  }

  /** The whole of a common allocation, in one call of the core; 0 where the worker is to look closer. */
  allocate(classIndex: number): number {
    const { core, lookup } = this;
    const { mostBytes, chunks } = lookup;
    lookup.pause();
    const address = core.allocateInCore(classIndex);
    lookup.mostBytes = mostBytes;
    lookup.chunks = chunks;
    return address;
  }

  /** The same of a large object. */
  allocateLarge(bytes: number): number {
    const { core, lookup } = this;
    const { mostBytes, chunks } = lookup;
    lookup.pause();
    const address = core.allocateLargeInCore(bytes, 1);
    lookup.mostBytes = mostBytes;
    lookup.chunks = chunks;
    return address;
  }

  /** The same of a free; false where the worker is to look closer. */
  deallocate(address: unknown): boolean {
    if (typeof address !== "number" || address >>> 0 !== address) return false;
    const { core, lookup } = this;
    const { mostBytes, chunks } = lookup;
    lookup.pause();
    const found = core.deallocateInCore(address);
    lookup.mostBytes = mostBytes;
    lookup.chunks = chunks;
    if (found > done) this.cleanUpBeyondSlabs();
    return found !== 0 && found !== cleanUpFirst;
  }

  /** Whether this worker can still be used. */
  isOpen(): boolean {
    return this.membership.isOpen();
  }

  /** @throws ERR_DETACHED after detach, and when the heap was destroyed */
  assertAttached(): void {
    this.membership.assertOpen();
  }

  /** Sees to it that the magazine's top is a slot to allocate. @throws ERR_OUT_OF_MEMORY */
  ensureRound(sizeClass: SizeClass): void {
    if (!this.findRound(sizeClass)) throw this.outOfMemory(sizeClass);
  }

  /** The same; false where no slot can be had. */
  findRound(sizeClass: SizeClass): boolean {
    if (this.lookForRound(sizeClass)) return true;
    const refilled = this.reclaimer.reclaim(sizeClass);
    this.end();
    return refilled || (this.dead.reap() && this.findRound(sizeClass));
  }

  /** The same without a search: false where the slabs at hand have no slot, and no new one can be built. */
  findRoundAtHand(sizeClass: SizeClass): boolean {
    if (this.lookForRound(sizeClass)) return true;
    this.end();
    return false;
  }

  /** Whether the magazine has a round, or some slab of the class a free slot: a hint. */
  mayHaveSlots(sizeClass: SizeClass): boolean {
    return this.magazines.hasRounds(sizeClass) || this.slabs.partial[sizeClass.index]?.hasAny() === true;
  }

  /** Sees to it that the magazine has space for one round; false when nothing can go home just now. */
  ensureSpace(sizeClass: SizeClass): boolean {
    this.begin();
    const found = this.core.ensureSpace(sizeClass.index);
    if (found < 0) throw corruptGauge(this.heap, sizeClass);
    this.lookup.resume();
    if (found > done) this.cleanUpBeyondSlabs();
    return found > 0;
  }

  /** Counts an object that has gone home by itself, for the clean-up that is due now and then. */
  countFreed(): void {
    this.lookup.pause();
    const found = this.core.countFreed();
    this.lookup.resume();
    if (found > done) this.cleanUpBeyondSlabs();
  }

  /** Whether a round's slot still is cached by this worker, in a slab of its class. */
  holds(sizeClass: SizeClass, slot: number): boolean {
    return Boolean(this.core.holdsSlot(sizeClass.index, slot));
  }

  freeStray(sizeClass: SizeClass, slot: SlotIndex): void {
    this.magazines.freeStray(sizeClass, slot);
  }

  /** All caches home, all empty slabs back, and of the free pages those that are due, or all. */
  cleanUp(all = false): { slabs: number; decommittedBytes: number } {
    this.dead.reap();
    this.begin();
    this.reclaimer.recall();
    this.reaper.collectLeftovers();
    const slabs = this.reclaimer.releaseEmpty(Number.POSITIVE_INFINITY);
    const decommittedBytes = all ? this.decommitter.all() : this.decommitter.pass();
    this.core.forgetSentHome();
    this.end();
    return { slabs, decommittedBytes };
  }

  /** Ends this worker: its caches go home, its objects are nobody's, its place is free. */
  detach(): void {
    const { membership } = this;
    if (membership.hasDetached) return;
    if (membership.isToLeave()) {
      this.lookup.pause();
      this.reaper.resume();
      new Recoverer(this.magazines, this.place, "disown", emptyRecovery()).run();
      this.writeJournal(journal.idle);
      membership.leave();
    }
    membership.end();
    this.heap.assertThere();
  }

  /** Recovers a dead worker. The journal is set from before the win, so that an exception leaves a trace. */
  reap(id: WorkerId, live: LiveObjects): ReapReport {
    this.begin();
    this.writeJournal(journal.moving);
    const report = this.reaper.reap(id, live);
    // What a worker pins is bounded: the objects just freed, and slots of slabs held meanwhile, go home now.
    if (hasStrays(this.magazines)) this.reclaimer.recoverSelf();
    this.end();
    return report;
  }

  /** Puts right what an exception, such as a stack overflow, left half done: our own state, then a reap. */
  repair(): void {
    const { heap, place } = this;
    const hasIntent = heap.words[intentAt(heap.layout, place)] !== 0;
    if (readJournal(heap, place) !== journal.idle || hasIntent) {
      this.lookup.pause();
      this.reclaimer.recoverSelf();
      this.reaper.resume();
      this.writeJournal(journal.idle);
      this.lookup.openCalls();
    }
    this.lookup.resume();
  }

  /** Before a call of the core in which slots may move; `resume` behind it. */
  pause(): void {
    this.lookup.pause();
  }
  resume(): void {
    this.lookup.resume();
  }

  /** From here on to `end` slots move. */
  private begin(): void {
    this.repair();
    this.lookup.pause();
  }

  private end(): void {
    this.writeJournal(journal.idle);
    this.lookup.resume();
  }

  /** Ends what a move of this worker was yet to be rid of when an exception cut it short (pool). */
  endDoomed(): void {
    this.begin();
    this.reclaimer.settleBetween(); // leaves the journal at "moving"
    this.reclaimer.recoverSelf();
    this.end();
  }

  private writeJournal(entry: number): void {
    writeJournal(this.heap, this.place, entry);
  }

  /** The shell's part of a clean-up. */
  cleanUpBeyondSlabs(): void {
    this.lookup.pause();
    this.writeJournal(journal.moving);
    this.slabs.others?.releaseEmpty(slabsPerCleanup);
    this.decommitter.pass();
    this.end();
    // Whoever reaps settles what it is about itself: in the midst of a move that would end the new object.
    const { words, layout } = this.heap;
    const isMoving = words[recordAt(layout, this.place) + record.doomed] !== 0;
    if (!isMoving && words[intentAt(layout, this.place)] === 0) this.dead.reapNowAndThen();
  }

  private outOfMemory({ objectBytes }: SizeClass): AllocatorError {
    const wanted = `slot of ${objectBytes} bytes`;
    return this.slabs.others?.outOfMemory(wanted) ?? outOfMemory(this.heap, wanted);
  }
}

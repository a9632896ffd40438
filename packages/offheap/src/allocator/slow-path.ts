// What allocate and deallocate do when a magazine is empty or full, and everything rarer. One worker's.
// Each entry repairs first what an exception left half done, and keeps the journal while it moves slots.

import { Decommitter } from "../arena/index.ts";
import { AllocatorError, type SlotIndex, type WorkerId, type WorkerPlace } from "../base/index.ts";
import { header, intentAt, type SizeClass, sizeClassesOf } from "../layout/index.ts";
import { type Core, type Heap, heapStatus } from "../memory/index.ts";
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
import { journal, markDead, readJournal, Workers, writeJournal } from "../worker/index.ts";
import { outOfMemory } from "./out-of-memory.ts";
import { searchAll } from "./search.ts";

/** What the core answers of a call that is done; above it a clean-up took place, too. */
const done = 1;
/** And nothing is freed yet: a clean-up may run out of stack, and a free that throws has not taken place. */
const cleanUpFirst = 3;
/** Slabs that one periodic clean-up gives back at most, so that no single call pays for many. */
const slabsPerCleanup = 4;
const destroyedHeap = "the heap was destroyed";
const closedFile = "this process has closed the heap's file";

export class SlowPath {
  readonly heap: Heap;
  readonly place: WorkerPlace;
  readonly id: WorkerId;
  readonly classes: readonly SizeClass[];
  private readonly reaper: Reaper;
  private readonly slabs: Slabs;
  private readonly magazines: Magazines;
  private readonly decommitter: Decommitter;
  readonly workers: Workers;
  readonly others: OtherSpansOf | undefined;
  /** The halves of the worker word while this worker is attached. */
  private readonly word: readonly [number, number];
  private isDetached = false;
  readonly dead: DeadProcesses;

  /** Attaches a worker. @throws ERR_TOO_MANY_WORKERS, ERR_DETACHED */
  constructor(heap: Heap, token: number, others?: OtherSpansOf) {
    const workers = new Workers(heap);
    markDead(heap);
    const { place, inherited } = workers.join(token);
    this.heap = heap;
    this.workers = workers;
    this.place = place;
    this.id = workers.idOf(place);
    this.word = workers.halvesOf(place);
    heap.core.bindWord(heap.offset + (heap.layout.workersAt + place * 2) * 4, ...this.word);
    this.others = others;
    this.slabs = new Slabs(heap, place, others);
    this.classes = sizeClassesOf(heap.layout, place);
    this.magazines = new Magazines(this.slabs, this.classes);
    // What a drain had noted of a worker that died in this place.
    this.magazines.resetScratch();
    this.reaper = new Reaper(this.magazines, workers);
    this.dead = new DeadProcesses(this);
    this.decommitter = new Decommitter(this.slabs.spans, heap, place);
    // Who closes a file looks for workers after it has said so, and lets go of the file then.
    const isClosed = heap.ownPage?.isOpen() === false;
    if (isClosed || !heap.isReady()) {
      workers.leave(place);
      throw new AllocatorError("ERR_DETACHED", isClosed ? closedFile : destroyedHeap);
    }
    // Leaves the journal at "moving", so that repair goes on with what the dead worker was reaping.
    if (inherited) new Recoverer(this.magazines, place, "disown", emptyRecovery()).run();
    if (inherited) this.repair();
    this.dead.reapGone();
  }

  /** Where it returns false, the journal is left at "moving". */
  private lookForRound(sizeClass: SizeClass): boolean {
    this.repair();
    const found = this.core.ensureRound(sizeClass.index);
    if (found < 0) throw corruptGauge(this.heap, sizeClass);
    return found > 0;
  }

  /** The core, as this worker's. */
  private get core(): Core {
    return this.heap.coreOf(this.place);
  }

  /** The whole of a common allocation, in one call of the core; 0 where the worker is to look closer. */
  allocate(classIndex: number): number {
    return this.core.allocateInCore(classIndex);
  }

  /** The same of a large object. */
  allocateLarge(bytes: number): number {
    return this.core.allocateLargeInCore(bytes, 1);
  }

  /** The same of a free; false where the worker is to look closer. */
  deallocate(address: unknown): boolean {
    if (typeof address !== "number" || address >>> 0 !== address) return false;
    const found = this.core.deallocateInCore(address);
    if (found > done) this.cleanUpBeyondSlabs();
    return found !== 0 && found !== cleanUpFirst;
  }

  /** Whether this worker can still be used. */
  isOpen(): boolean {
    return !this.isDetached && this.heap.isReady() && this.workers.isStill(this.place, this.word);
  }

  /** @throws ERR_DETACHED after detach, and when the heap was destroyed */
  assertAttached(): void {
    // Plain loads: a call that is ordered after a destroy or a reap sees it.
    const isReady = this.heap.words[header.status] === heapStatus.ready;
    if (isReady && !this.isDetached && this.workers.isStill(this.place, this.word)) return;
    const isClosed = this.heap.ownPage?.isOpen() === false;
    const why = isReady ? "this worker was reaped" : isClosed ? closedFile : destroyedHeap;
    throw new AllocatorError(
      "ERR_DETACHED",
      this.isDetached ? "this worker has detached from the heap" : why,
    );
  }

  /** Sees to it that the magazine's top is a slot to allocate. @throws ERR_OUT_OF_MEMORY */
  ensureRound(sizeClass: SizeClass): void {
    if (!this.findRound(sizeClass)) throw this.outOfMemory(sizeClass);
  }

  /** The same; false where no slot can be had. */
  findRound(sizeClass: SizeClass): boolean {
    if (this.lookForRound(sizeClass)) return true;
    const refilled = this.reclaim(sizeClass);
    this.writeJournal(journal.idle);
    return refilled || (this.dead.reap() && this.findRound(sizeClass));
  }

  /** The same without a search: false where the slabs at hand have no slot, and no new one can be built. */
  findRoundAtHand(sizeClass: SizeClass): boolean {
    if (this.lookForRound(sizeClass)) return true;
    this.writeJournal(journal.idle);
    return false;
  }

  /** Whether the magazine has a round, or some slab of the class a free slot: a hint. */
  mayHaveSlots(sizeClass: SizeClass): boolean {
    return this.magazines.hasRounds(sizeClass) || this.slabs.partial[sizeClass.index]?.hasAny() === true;
  }

  /** Sees to it that the magazine has space for one round; false when nothing can go home just now. */
  ensureSpace(sizeClass: SizeClass): boolean {
    this.repair();
    const found = this.core.ensureSpace(sizeClass.index);
    if (found < 0) throw corruptGauge(this.heap, sizeClass);
    if (found > done) this.cleanUpBeyondSlabs();
    return found > 0;
  }

  /** Counts an object that has gone home by itself, for the clean-up that is due now and then. */
  countFreed(): void {
    if (this.core.countFreed() > done) this.cleanUpBeyondSlabs();
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
    this.repair();
    this.recall();
    this.reaper.collectLeftovers();
    const slabs = this.releaseEmpty(Number.POSITIVE_INFINITY);
    const decommittedBytes = all ? this.decommitter.all() : this.decommitter.pass();
    this.core.forgetSentHome();
    this.writeJournal(journal.idle);
    return { slabs, decommittedBytes };
  }

  /** Ends this worker: its caches go home, its objects are nobody's, its place is free. */
  detach(): void {
    if (this.isDetached) return;
    if (this.heap.isReady() && this.workers.isLive(this.id)) {
      this.reaper.resume();
      new Recoverer(this.magazines, this.place, "disown", emptyRecovery()).run();
      this.writeJournal(journal.idle);
      this.workers.leave(this.place);
    }
    // Last, so that a detach which an exception cut short can be called again.
    this.isDetached = true;
    this.heap.assertThere();
  }

  /** Recovers a dead worker. The journal is set from before the win, so that an exception leaves a trace. */
  reap(id: WorkerId, live: LiveObjects): ReapReport {
    this.repair();
    this.writeJournal(journal.moving);
    const report = this.reaper.reap(id, live);
    // What a worker pins is bounded: the objects just freed, and slots of slabs held meanwhile, go home now.
    if (hasStrays(this.magazines)) this.recoverSelf();
    this.writeJournal(journal.idle);
    return report;
  }

  /** Puts right what an exception, such as a stack overflow, left half done: our own state, then a reap. */
  repair(): void {
    const { heap, place } = this;
    const hasIntent = heap.words[intentAt(heap.layout, place)] !== 0;
    if (readJournal(heap, place) === journal.idle && !hasIntent) return;
    this.recoverSelf();
    this.reaper.resume();
    this.writeJournal(journal.idle);
  }

  /** Ends what a move of this worker was yet to be rid of when an exception cut it short (pool). */
  endDoomed(): void {
    this.repair();
    this.settleBetween(this.classes); // leaves the journal at "moving"
    this.recoverSelf();
    this.writeJournal(journal.idle);
  }

  /** Leaves the journal at "moving", for the caller to end. */
  private recoverSelf(): void {
    new Recoverer(this.magazines, this.place, "keep", emptyRecovery()).run();
  }

  private writeJournal(entry: number): void {
    writeJournal(this.heap, this.place, entry);
  }

  /** Before giving up: empty slabs of all classes, our own caches, what others left, every slab of the class. */
  private reclaim(sizeClass: SizeClass): boolean {
    if (this.releaseEmpty(slabsPerCleanup) > 0 && this.build(sizeClass)) return true;
    this.recall();
    this.reaper.collectLeftovers();
    this.releaseEmpty(Number.POSITIVE_INFINITY);
    return (
      this.magazines.refill(sizeClass) ||
      this.build(sizeClass) ||
      searchAll(this.slabs, this.magazines, sizeClass, () => this.build(sizeClass))
    );
  }

  /** Fills the magazine from a new slab; false when there is no free chunk. */
  private build({ index }: SizeClass): boolean {
    return Boolean(this.core.build(index));
  }

  /** Sends everything this worker has cached home. Leaves the journal at "moving", for the caller to end. */
  private recall(): void {
    this.settleBetween(this.classes);
    for (const sizeClass of this.classes) {
      // A drain may leave some for the next; what another worker holds just now stays for good.
      while (sizeClass.index !== 0 && this.magazines.drain(sizeClass, sizeClass.roundLimit) > 0);
    }
    if (hasStrays(this.magazines)) this.recoverSelf();
  }

  /**
   * What an exception left half done of a call is settled before its class's rounds move, and counts only while
   * the journal is idle. Leaves it at "moving".
   */
  private settleBetween(classes: readonly SizeClass[]): void {
    this.writeJournal(journal.idle);
    for (const { index } of classes) if (index !== 0) this.core.settle(this.place, index, journal.idle);
    this.writeJournal(journal.moving);
  }

  /** The shell's part of a clean-up. */
  cleanUpBeyondSlabs(): void {
    this.writeJournal(journal.moving);
    this.slabs.others?.releaseEmpty(slabsPerCleanup);
    this.decommitter.pass();
    this.writeJournal(journal.idle);
    this.dead.reapNowAndThen();
  }

  private releaseEmpty(limit: number): number {
    return this.magazines.releaseEmpty(limit) + (this.slabs.others?.releaseEmpty(limit) ?? 0);
  }

  private outOfMemory({ objectBytes }: SizeClass): AllocatorError {
    const wanted = `slot of ${objectBytes} bytes`;
    return this.slabs.others?.outOfMemory(wanted) ?? outOfMemory(this.heap, wanted);
  }
}

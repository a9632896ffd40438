// check(): walks the whole heap while the workers are quiet, and says which invariant is broken, with its
// operands. It trusts nothing it has not looked at, so a heap full of garbage gives a list, not a crash.

import {
  ChunkSet,
  classOf,
  distanceOf,
  forEachSpan,
  isBody,
  isSlab,
  lengthOf,
  mapClassMask,
  mapEntry,
  tag,
  tagOf,
  workerOf,
} from "../arena/index.ts";
import { type ChunkIndex, type ClassIndex, trailingZeros, type WorkerPlace } from "../base/index.ts";
import {
  checkGenerations,
  checkStructures,
  isOwnerGone,
  type Report,
  type Violation,
} from "../checks/index.ts";
import {
  chunkSetAt,
  infoAt,
  lineShift,
  maxClassCount,
  type SizeClass,
  sizeClassesOf,
  slabInfo,
  slotCountOf,
  slotFree,
  slotLive,
} from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import {
  addressOf,
  addressOfRound,
  allocsOf,
  freesOf,
  roundCountIn,
  slotOfRound,
  straysOf,
} from "../slab/index.ts";
import { journal, readJournal, Workers } from "../worker/index.ts";
import { checkClean } from "./check-clean.ts";
import { checkScratch } from "./check-scratch.ts";
import { checkTables } from "./check-tables.ts";

const classKeys = maxClassCount + 1;

/** The checks of spans that are no slabs. */
export interface OtherChecks {
  /** Checks the span that begins at a chunk; returns its length, 0 where it is of no kind that it knows. */
  checkSpan(chunk: number, claim: number): number;
  checkTotals(): void;
}

export type OtherChecksOf = (heap: Heap, report: Report) => OtherChecks;

/** A damaged heap may break an invariant a million times; the first ones tell enough. */
const mostViolations = 100;

class Checker {
  readonly heap: Heap;
  readonly violations: Violation[] = [];
  private readonly workers: Workers;
  private readonly free: ChunkSet;
  private readonly empty: ChunkSet;
  private readonly partial: ChunkSet[] = [];
  /** Slots cached, by worker and class, and live objects by class, as the state bytes have it. */
  private readonly cached = new Map<number, number>();
  private readonly live: number[];
  private readonly others: OtherChecks | undefined;

  constructor(heap: Heap, others?: OtherChecksOf) {
    this.heap = heap;
    this.others = others?.(heap, (invariant, message) => this.report(invariant, message));
    this.workers = new Workers(heap);
    this.free = new ChunkSet(heap, chunkSetAt(heap.layout, 0));
    this.empty = new ChunkSet(heap, chunkSetAt(heap.layout, 1));
    this.live = heap.layout.objectBytes.map(() => 0);
    heap.layout.objectBytes.forEach((_, i) => {
      this.partial.push(new ChunkSet(heap, chunkSetAt(heap.layout, i + 2)));
    });
  }

  run(): Violation[] {
    if (!this.heap.isReady()) this.report("header", "the heap is not ready for use");
    checkTables(this.heap, (invariant, message) => this.report(invariant, message));
    forEachSpan(this.heap, (chunk) => this.checkSpan(chunk));
    checkClean(this.heap, (invariant, message) => this.report(invariant, message));
    for (let place = 1 as WorkerPlace; place <= this.heap.layout.maxWorkers; place++) {
      this.checkWorker(place);
      checkScratch(this.heap, place, (invariant, message) => this.report(invariant, message));
    }
    checkStructures(this.heap, (invariant, message) => this.report(invariant, message));
    checkGenerations(this.heap, (invariant, message) => this.report(invariant, message));
    this.checkTotals();
    this.others?.checkTotals();
    return this.violations;
  }

  private report(invariant: Violation["invariant"], message: string): void {
    if (this.violations.length < mostViolations) this.violations.push({ invariant, message });
  }

  private claimOf(chunk: number): number {
    return this.heap.atomics.load(this.heap.words, this.heap.layout.claimsAt + chunk);
  }

  /** Checks the span that begins at a chunk; returns its length. */
  private checkSpan(chunk: number): number {
    const { layout, words } = this.heap;
    const claim = this.claimOf(chunk);
    const kind = tagOf(claim);
    const map = words[layout.mapAt + chunk] as number;
    if (kind === tag.free) {
      if (map !== 0) this.report("map", `free chunk ${chunk} is mapped: ${map}`);
      if (claim !== 0) this.report("claim", `free chunk ${chunk} has claim word ${claim}`);
      if (!this.found(this.free, chunk))
        this.report("chunk-set", `free chunk ${chunk} is not in the free set`);
      return 1;
    }
    const known = this.others?.checkSpan(chunk, claim) ?? 0;
    if (known > 0) return known;
    if (!isSlab(claim) || classOf(claim) < 1 || classOf(claim) > layout.objectBytes.length) {
      const what =
        kind === tag.body
          ? `a body at distance ${distanceOf(claim)} without its head`
          : `claim word ${claim}`;
      this.report("claim", `chunk ${chunk} is ${what}`);
      return 1;
    }
    if (kind === tag.claimed)
      this.report("claim", `the slab at chunk ${chunk} is held by worker ${workerOf(claim)}`);
    return this.checkSlab(chunk, claim);
  }

  private checkSlab(head: number, claim: number): number {
    const { layout, words } = this.heap;
    const length = lengthOf(claim);
    if (head + length > layout.chunkCount) {
      this.report("claim", `the slab at chunk ${head} is ${length} chunks long, beyond the heap`);
      return 1;
    }
    const shift = trailingZeros(layout.objectBytes[classOf(claim) - 1] as number);
    for (let i = 0; i < length; i++) {
      const body = this.claimOf(head + i);
      if (i > 0 && !isBody(body, i)) {
        this.report("claim", `chunk ${head + i} of the slab at ${head} has claim word ${body}`);
        return i;
      }
      const map = words[layout.mapAt + head + i] as number;
      const expected = mapEntry(classOf(claim), shift, i);
      if (map !== expected) this.report("map", `chunk ${head + i} is mapped ${map}, not ${expected}`);
    }
    this.checkSlots(head, classOf(claim), length);
    return length;
  }

  /** The state bytes of a slab, and everything that is derived from them. */
  private checkSlots(head: number, classIndex: ClassIndex, length: number): void {
    const { layout, words, states } = this.heap;
    const slots = slotCountOf(layout, classIndex, length);
    const first = head * 2 ** layout.stateShift;
    const info = infoAt(layout, head);
    let free = 0;
    for (let slot = 0; slot < slots; slot++) {
      const state = states[first + slot] as number;
      if (state !== slotFree) {
        this.countState(classIndex, state, `slot ${slot} of the slab at chunk ${head}`);
        continue;
      }
      free++;
      const line = slot >> lineShift;
      const bits = words[info + slabInfo.lines + (line >> 5)] as number;
      if ((bits & (1 << (line & 31))) === 0) {
        this.report(
          "slab-info",
          `slot ${slot} of the slab at chunk ${head} is free, its line bit is not set`,
        );
      }
    }
    const freeCount = words[info + slabInfo.freeCount] as number;
    if (freeCount !== free) {
      this.report("slab-info", `the slab at chunk ${head} counts ${freeCount} free slots, has ${free}`);
    }
    if (free > 0 && !this.found(this.partial[classIndex - 1] as ChunkSet, head)) {
      this.report(
        "chunk-set",
        `the slab at chunk ${head} has ${free} free slots and is not in its class's set`,
      );
    }
    if (free === slots && !this.found(this.empty, head)) {
      this.report("chunk-set", `the slab at chunk ${head} is wholly free and not in the empty set`);
    }
  }

  private countState(classIndex: ClassIndex, state: number, where: string): void {
    const worker = (state & (slotLive - 1)) as WorkerPlace;
    if (worker > this.heap.layout.maxWorkers) this.report("state", `${where} has state byte ${state}`);
    if (state >= slotLive) {
      this.live[classIndex - 1] = (this.live[classIndex - 1] as number) + 1;
      if (worker !== 0 && isOwnerGone(this.heap, worker)) {
        this.report("state", `${where} is live by worker ${worker}, which is gone`);
      }
    } else {
      const key = worker * classKeys + classIndex;
      this.cached.set(key, (this.cached.get(key) ?? 0) + 1);
    }
  }

  private checkWorker(place: WorkerPlace): void {
    const word = this.workers.read(place);
    if (word.state === "broken") this.report("worker", `worker ${place} has a word that means nothing`);
    if (word.state === "reaping")
      this.report("worker", `worker ${place} is being reaped by worker ${word.reaper}`);
    const entry = readJournal(this.heap, place);
    if (entry !== journal.idle)
      this.report("journal", `worker ${place} is in the middle of an operation: ${entry}`);
    const isUnused = word.incarnation === 0;
    if (isUnused && word.state !== "free")
      this.report("worker", `worker ${place} is there and has never joined`);
    for (const sizeClass of sizeClassesOf(this.heap.layout, place)) {
      if (sizeClass.index === 0) continue;
      if (isUnused && allocsOf(this.heap, sizeClass) + freesOf(this.heap, sizeClass) > 0) {
        this.report("worker", `worker ${place} has allocated or freed and has never joined`);
      }
      this.checkMagazine(place, sizeClass, word.state === "free");
    }
  }

  private checkMagazine(place: WorkerPlace, sizeClass: SizeClass, isGone: boolean): void {
    const { words, states, layout } = this.heap;
    const roundCount = roundCountIn(this.heap, sizeClass);
    const strays = straysOf(this.heap, sizeClass);
    const where = `worker ${place}, class of ${sizeClass.objectBytes} bytes`;
    if (roundCount < 0 || roundCount > sizeClass.roundLimit || strays < 0) {
      this.report("counter", `${where}: ${roundCount} rounds of ${sizeClass.roundLimit}, ${strays} strays`);
      return;
    }
    if (isGone && roundCount > 0) this.report("magazine", `${where}: gone, with ${roundCount} rounds left`);
    const seen = new Set<number>();
    for (let i = 0; i < roundCount; i++) {
      const round = slotOfRound(this.heap, sizeClass, i);
      const map = words[layout.mapAt + (round >>> layout.stateShift)] ?? 0;
      if (seen.has(round)) this.report("magazine", `${where}: slot ${round} is there twice`);
      seen.add(round);
      if (states[round] !== place)
        this.report("magazine", `${where}: slot ${round} has state byte ${states[round]}`);
      else if ((map & mapClassMask) !== sizeClass.index)
        this.report("magazine", `${where}: slot ${round} is of another class`);
      else if (addressOfRound(this.heap, sizeClass, i) !== addressOf(this.heap, sizeClass, round))
        this.report("magazine", `${where}: slot ${round} has the address of another`);
    }
    const cached = this.cached.get(place * classKeys + sizeClass.index) ?? 0;
    if (cached !== roundCount + strays) {
      this.report(
        "counter",
        `${where}: ${cached} slots are cached, ${roundCount} listed and ${strays} strays`,
      );
    }
  }

  /** Per class: allocations − frees of all workers = live objects. */
  private checkTotals(): void {
    const counted = this.heap.layout.objectBytes.map(() => 0);
    for (let place = 1; place <= this.heap.layout.maxWorkers; place++) {
      for (const sizeClass of sizeClassesOf(this.heap.layout, place as WorkerPlace)) {
        if (sizeClass.index === 0) continue;
        const at = sizeClass.index - 1;
        counted[at] =
          (counted[at] as number) + allocsOf(this.heap, sizeClass) - freesOf(this.heap, sizeClass);
      }
    }
    this.heap.layout.objectBytes.forEach((bytes, i) => {
      if (counted[i] !== this.live[i]) {
        this.report(
          "counter",
          `class of ${bytes} bytes: ${counted[i]} live by the counters, ${this.live[i]} by the state bytes`,
        );
      }
    });
  }

  /** A member must be there, and be found by a search that comes from far before it. */
  private found(set: ChunkSet, chunk: number): boolean {
    return set.next(chunk) === chunk && set.announces(chunk as ChunkIndex);
  }
}

export function checkHeap(heap: Heap, others?: OtherChecksOf): Violation[] {
  return new Checker(heap, others).run();
}

// Large objects of one worker: page runs up to 448 KiB, spans of their own above. From an address to what it is,
// and what the slab layer asks of spans that are no slabs.

import { isPages, lengthOf, tag, tagOf, workerOf } from "../arena/claim.ts";
import { mapClassMask, mapDistanceShift, mapLarge, mapPages } from "../arena/span-map.ts";
import type { Spans } from "../arena/spans.ts";
import { divideUp } from "../base/bits.ts";
import type { ChunkIndex, SlotIndex, WorkerSlot } from "../base/brands.ts";
import { AllocatorError, show } from "../base/errors.ts";
import type { Heap } from "../memory/heap.ts";
import { chunkBytes, maxRunBytes, pageBytes } from "../memory/layout.ts";
import { journal, writeJournal } from "../slab/journal.ts";
import type { FoundObjects, OtherSpans } from "../slab/other-spans.ts";
import { liveBy, slotLive } from "../slab/slot-state.ts";
import { doomedAt, doomedOf, doomOfSlot, doomOfSpan } from "./doomed.ts";
import { operationOf } from "./large-record.ts";
import { LargeSpans } from "./large-spans.ts";
import { nowhere, PageRuns } from "./page-runs.ts";
import { notHeld, PageSpans } from "./page-spans.ts";
import { isLivePage, pageContinued, pageFree, runPages } from "./page-state.ts";
import { resetHeap } from "./reset.ts";

/** A live large object. */
export interface LocatedLarge {
  readonly kind: "run" | "span";
  readonly head: ChunkIndex;
  /** The run's first state byte and what stood there; or the span's claim word, twice. */
  readonly slot: number;
  readonly state: number;
  /** Pages of the run, or chunks of the span, and how many bytes each has. */
  readonly units: number;
  readonly unitBytes: number;
}

export class Large implements OtherSpans {
  /** Whether the bytes of the object that the last `allocate` returned are known to be zero. */
  isZero = false;
  private readonly heap: Heap;
  private readonly spans: Spans;
  private readonly worker: WorkerSlot;
  private readonly pageSpans: PageSpans;
  private readonly runs: PageRuns;
  private readonly large: LargeSpans;

  constructor(heap: Heap, spans: Spans, worker: WorkerSlot) {
    this.heap = heap;
    this.spans = spans;
    this.worker = worker;
    this.pageSpans = new PageSpans(heap, spans, worker);
    this.runs = new PageRuns(this.pageSpans);
    this.large = new LargeSpans(heap, spans, worker);
  }

  /** The most bytes that any object could have. */
  get mostBytes(): number {
    return this.heap.layout.chunkCount * chunkBytes;
  }

  /** What an object of so many bytes is. The second bound is there for tests, whose slabs have few slots. */
  kindFor(bytes: number, alignBytes: number): LocatedLarge["kind"] {
    const mostBytes = Math.min(maxRunBytes, this.heap.layout.slotsPerSlab * pageBytes);
    return bytes <= mostBytes && alignBytes <= chunkBytes ? "run" : "span";
  }

  /**
   * The address of a new object, or `nowhere`: then there may be room behind another worker's claim. `isDoomed`: it is to
   * end if the worker does, until a move says otherwise.
   */
  allocate(bytes: number, alignBytes: number, isDoomed: boolean): number {
    writeJournal(this.heap, this.worker, journal.moving);
    const isRun = this.kindFor(bytes, alignBytes) === "run";
    const address = isRun ? this.runs.allocate(bytes, alignBytes) : this.large.allocate(bytes, alignBytes);
    this.isZero = !isRun && this.spans.isZero;
    if (isDoomed && address !== nowhere) {
      const { target } = operationOf(this.heap, this.worker);
      this.heap.words[doomedAt(this.heap, this.worker)] = isRun ? doomOfSlot(target) : doomOfSpan(target);
    }
    writeJournal(this.heap, this.worker, journal.idle);
    return address;
  }

  /** Looks at every chunk, for the hints may lag behind another worker's last stores. */
  search(): void {
    writeJournal(this.heap, this.worker, journal.moving);
    for (let chunk = 0 as ChunkIndex; chunk < this.heap.layout.chunkCount; chunk++) {
      const seen = this.spans.claimOf(chunk);
      if (seen === 0 && !this.spans.free.has(chunk)) this.spans.mendFree(chunk);
      const claim = isPages(seen) ? this.pageSpans.claim(chunk) : notHeld;
      if (claim === notHeld) continue;
      this.pageSpans.tidy(chunk, claim);
      this.pageSpans.letGo(chunk, claim);
    }
    this.pageSpans.releaseEmpty(Number.POSITIVE_INFINITY);
    writeJournal(this.heap, this.worker, journal.idle);
  }

  /** False: somebody else freed it first. */
  free({ kind, head, slot, state }: LocatedLarge): boolean {
    const isFreed = kind === "run" ? this.runs.free(head, slot, state) : this.large.free(head, state);
    writeJournal(this.heap, this.worker, journal.idle);
    return isFreed;
  }

  /** Makes an object longer or shorter where it is; false when that cannot be, and nothing has changed. */
  resize({ kind, head, slot, state, units }: LocatedLarge, want: number): boolean {
    writeJournal(this.heap, this.worker, journal.moving);
    const isResized =
      kind === "run" ? this.runs.resize(head, slot, units, want) : this.large.resize(head, state, want);
    writeJournal(this.heap, this.worker, journal.idle);
    return isResized;
  }

  /** Makes an object the caller's; false when it changed meanwhile. */
  adopt({ kind, head, slot, state }: LocatedLarge): boolean {
    if (kind === "span") return this.large.setOwner(head, state, this.worker);
    return this.heap.atomics.swapByte(this.heap.states, slot, state, liveBy(this.worker));
  }

  /**
   * The large object at an address; undefined for an address that lies in no span of them.
   * @throws ERR_INVALID_ADDRESS for what is no start of an object; ERR_DOUBLE_FREE when it is not live
   */
  locate(address: unknown): LocatedLarge | undefined {
    const { layout, words, dataAt } = this.heap;
    if (typeof address !== "number" || !Number.isInteger(address)) return undefined;
    const chunk = Math.floor((address - dataAt) / chunkBytes);
    if (chunk < 0 || chunk >= layout.chunkCount) return undefined;
    const entry = words[layout.mapAt + chunk] as number;
    if ((entry & (mapPages | mapLarge)) === 0) return undefined;
    const head = (chunk - (entry >>> mapDistanceShift)) as ChunkIndex;
    const claim = head >= 0 ? this.spans.claimOf(head) : 0;
    const offset = address - dataAt - head * chunkBytes;
    if ((entry & mapPages) !== 0 && isPages(claim)) return this.locateRun(address, head, claim, offset);
    if ((entry & mapLarge) === 0) return undefined;
    if (offset !== 0) throw invalid(address, `is ${offset} bytes into a large object`);
    if (tagOf(claim) !== tag.large) throw notLive(address, "it is being given back");
    return { kind: "span", head, slot: claim, state: claim, units: lengthOf(claim), unitBytes: chunkBytes };
  }

  settle(target: WorkerSlot, entry: number): void {
    if (entry === journal.resetting) resetHeap(this.heap, target, this.worker);
    this.runs.settle(target, entry);
    this.large.settle(target, entry);
  }

  endDoomed(target: WorkerSlot, found: FoundObjects, freeSlot: (slot: SlotIndex) => void): void {
    const { words, layout } = this.heap;
    const doomed = doomedOf(this.heap, target);
    if (doomed?.isSpan === true) {
      const head = doomed.at as ChunkIndex;
      this.loosenSpan(head, this.spans.claimOf(head), "free", found);
    } else if (doomed !== undefined) {
      const chunk = doomed.at >>> layout.stateShift;
      const entry = words[layout.mapAt + chunk] as number;
      const head = (chunk - (entry >>> mapDistanceShift)) as ChunkIndex;
      const claim = head >= 0 ? this.spans.claimOf(head) : 0;
      if ((entry & mapClassMask) !== 0) freeSlot(doomed.at as SlotIndex);
      else if (isPages(claim)) {
        const end = this.pageSpans.firstSlot(head) + this.pageSpans.pageCount(claim);
        this.loosenRun(head, doomed.at, end, target, "free", found);
      }
    }
    words[doomedAt(this.heap, target)] = 0;
  }

  visit(
    chunk: ChunkIndex,
    claim: number,
    target: WorkerSlot,
    live: "keep" | "disown" | "free",
    found: FoundObjects,
  ): number {
    const kind = tagOf(claim);
    const isTargets = workerOf(claim) === target;
    if (kind === tag.large) {
      if (isTargets && live !== "keep") this.loosenSpan(chunk, claim, live, found);
      return lengthOf(claim);
    }
    if (!isPages(claim)) return 1;
    const isInherited = kind === tag.pagesHeld && isTargets;
    if (isInherited) found.claims++;
    this.runs.visit(chunk, claim, target, isInherited, (slot, end) => {
      if (live !== "keep") this.loosenRun(chunk, slot, end, target, live, found);
    });
    return lengthOf(claim);
  }

  repair(): void {
    this.pageSpans.hints.repair();
  }

  releaseEmpty(limit: number): number {
    return this.pageSpans.releaseEmpty(limit);
  }

  private locateRun(address: number, head: ChunkIndex, claim: number, offset: number): LocatedLarge {
    if (offset % pageBytes !== 0) throw invalid(address, `is ${offset % pageBytes} bytes into a page`);
    const { states } = this.heap;
    const first = this.pageSpans.firstSlot(head);
    const slot = first + offset / pageBytes;
    const state = states[slot] as number;
    if (state === pageContinued) throw invalid(address, "lies inside a large object");
    if (!isLivePage(state)) throw notLive(address, state === pageFree ? "its page is free" : "it was freed");
    const units = runPages(states, slot, first + this.pageSpans.pageCount(claim));
    return { kind: "run", head, slot, state, units, unitBytes: pageBytes };
  }

  private loosenSpan(head: ChunkIndex, claim: number, live: "disown" | "free", found: FoundObjects): void {
    if (live === "disown") {
      if (this.large.setOwner(head, claim, 0)) found.liveObjects++;
    } else if (this.large.free(head, claim)) {
      found.freedObjects++;
      found.freedBytes += lengthOf(claim) * chunkBytes;
    }
  }

  private loosenRun(
    head: ChunkIndex,
    slot: number,
    end: number,
    target: WorkerSlot,
    live: "disown" | "free",
    found: FoundObjects,
  ): void {
    const { atomics, states } = this.heap;
    const state = liveBy(target);
    if (live === "disown") {
      if (atomics.swapByte(states, slot, state, slotLive)) found.liveObjects++;
      return;
    }
    const pages = runPages(states, slot, end);
    if (!this.runs.free(head, slot, state)) return;
    found.freedObjects++;
    found.freedBytes += pages * pageBytes;
  }
}

/** Units of `unitBytes` that a size takes. */
export function unitsFor(size: number, { unitBytes }: LocatedLarge): number {
  return divideUp(size, unitBytes);
}

function invalid(address: unknown, why: string): AllocatorError {
  return new AllocatorError("ERR_INVALID_ADDRESS", `address ${show(address)} ${why}`);
}

export function notLive(address: unknown, why: string): AllocatorError {
  return new AllocatorError("ERR_DOUBLE_FREE", `the object at ${show(address)} is not live: ${why}`);
}

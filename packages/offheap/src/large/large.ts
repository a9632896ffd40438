// Large objects of one worker: page runs up to 448 KiB, spans of their own above. From an address to what it is,
// and what the allocator asks of spans that are no slabs.

import {
  isKept,
  isPages,
  lengthOf,
  mapClassMask,
  mapDistanceShift,
  mapLarge,
  mapPages,
  type Spans,
  tag,
  tagOf,
  workerOf,
} from "../arena/index.ts";
import {
  type AllocatorError,
  type ChunkIndex,
  type SlotIndex,
  trailingZeros,
  type WorkerPlace,
} from "../base/index.ts";
import { chunkBytes, liveBy, maxRunBytes, pageBytes, slotLive } from "../layout/index.ts";
import type { Core, Heap } from "../memory/index.ts";
import { isLivePage, notHeld, nowhere, PageRuns, PageSpans, pageFree, runPages } from "../pages/index.ts";
import type { FoundObjects, OtherSpans } from "../slab/index.ts";
import { journal, writeJournal } from "../worker/index.ts";
import { doomedAt, doomedOf } from "./doomed.ts";
import { LargeSpans } from "./large-spans.ts";
import { invalid, LocatedLarge, notLive } from "./located-large.ts";
import { poolOutOfMemory } from "./out-of-memory.ts";
import { resetHeap } from "./reset.ts";

const chunkShift = trailingZeros(chunkBytes);
const pageShift = trailingZeros(pageBytes);
const restMask = chunkBytes - 1;
const pageMask = pageBytes - 1;
// Constants of this module are folded into its code.
const pagesKind = mapPages;
const largeKind = mapLarge;
const distanceShift = mapDistanceShift;

/** What is closed while slots, pages or chunks move (allocator/lookup.ts). */
interface FastPath {
  readonly lookup: { mostBytes: number; chunks: number; pause(): void; resume(): void };
}

/** That of no pool. */
const closed: FastPath["lookup"] = { mostBytes: 0, chunks: 0, pause() {}, resume() {} };

export class Large implements OtherSpans {
  /** Whether the bytes of the object that the last `allocate` returned are known to be zero. */
  isZero = false;
  /** How often empty spans have been given back. */
  cleanUps = 0;
  /** That of the pool whose these are; none of what a reaper makes. */
  fastPath: FastPath | undefined;
  private readonly heap: Heap;
  private readonly spans: Spans;
  private readonly worker: WorkerPlace;
  private readonly pageSpans: PageSpans;
  private readonly runs: PageRuns;
  private readonly large: LargeSpans;
  /** The most bytes that any object could have, and a page run. */
  readonly mostBytes: number;
  private readonly mostRunBytes: number;
  private readonly firstChunk: number;
  private readonly chunkCount: number;
  private readonly mapAt: number;
  private readonly claimsAt: number;
  private readonly found = new LocatedLarge();

  constructor(heap: Heap, spans: Spans, worker: WorkerPlace) {
    this.heap = heap;
    this.spans = spans;
    this.worker = worker;
    this.pageSpans = new PageSpans(heap, worker);
    this.runs = new PageRuns(this.pageSpans);
    this.large = new LargeSpans(heap, spans);
    this.mostBytes = heap.layout.chunkCount * chunkBytes;
    // The second bound is there for tests, whose slabs have few slots.
    this.mostRunBytes = Math.min(maxRunBytes, heap.layout.slotsPerSlab * pageBytes);
    this.firstChunk = (heap.dataAt / chunkBytes) | 0;
    this.chunkCount = heap.layout.chunkCount;
    this.mapAt = heap.layout.mapAt;
    this.claimsAt = heap.layout.claimsAt;
  }

  private get core(): Core {
    return this.heap.coreOf(this.worker);
  }

  /** Whether an object of so many bytes is a page run. */
  isRun(bytes: number, alignBytes: number): boolean {
    return bytes <= this.mostRunBytes && alignBytes <= chunkBytes;
  }

  /**
   * The address of a new object, or `nowhere`: then there may be space behind another worker's claim. `isDoomed`: it is to
   * end if the worker does, until a move says otherwise.
   */
  allocate(bytes: number, alignBytes: number, isDoomed: boolean, isGrowing: boolean): number {
    const lookup = this.fastPath?.lookup ?? closed;
    const { mostBytes, chunks } = lookup;
    lookup.pause();
    const address = this.core.allocateLarge(bytes, alignBytes, isDoomed, isGrowing);
    lookup.mostBytes = mostBytes;
    lookup.chunks = chunks;
    this.isZero = !this.isRun(bytes, alignBytes) && Boolean(this.core.lastTakenIsZero());
    return address === 0 ? nowhere : address >>> 0;
  }

  /** Looks at every chunk, for the hints may lag behind another worker's last stores. */
  search(): void {
    this.fastPath?.lookup.pause();
    writeJournal(this.heap, this.worker, journal.moving);
    this.pageSpans.giveBackKept();
    for (let chunk = 0 as ChunkIndex; chunk < this.heap.layout.chunkCount; chunk++) {
      const seen = this.spans.claimOf(chunk);
      if (seen === 0 && !this.spans.free.has(chunk)) this.spans.repairFree(chunk);
      const claim = isPages(seen) ? this.pageSpans.claim(chunk) : notHeld;
      if (claim === notHeld) continue;
      this.pageSpans.repair(chunk, claim);
      this.pageSpans.letGo(chunk, claim);
    }
    // A worker that was stopped before it announced a member of a set hides those that came after, too.
    this.repair();
    this.pageSpans.releaseEmpty(Number.POSITIVE_INFINITY);
    this.end();
  }

  private end(): void {
    writeJournal(this.heap, this.worker, journal.idle);
    this.fastPath?.lookup.resume();
  }

  /** False: somebody else freed it first. */
  free({ isRun, head, slot, state }: LocatedLarge): boolean {
    this.fastPath?.lookup.pause();
    const isFreed = isRun ? this.core.freeRun(head, slot, state) : this.core.freeSpan(head, state);
    this.end();
    return Boolean(isFreed);
  }

  /** Makes an object longer or shorter where it is; false when that cannot be, and nothing has changed. */
  resize({ isRun, head, slot, state, units }: LocatedLarge, want: number): boolean {
    this.fastPath?.lookup.pause();
    writeJournal(this.heap, this.worker, journal.moving);
    const isResized = isRun
      ? this.core.resizeRun(head, slot, units, want)
      : this.core.resizeSpan(head, state, want);
    this.end();
    return Boolean(isResized);
  }

  /** Makes an object the caller's; false when it changed meanwhile. */
  adopt({ isRun, head, slot, state }: LocatedLarge): boolean {
    if (!isRun) return this.large.setOwner(head, state, this.worker);
    return this.heap.atomics.swapByte(this.heap.states, slot, state, liveBy(this.worker));
  }

  /**
   * The large object at an address, good until the next call; undefined for an address in no span of them. The claim
   * word is read plainly: what is done about the object ends in an exchange.
   * @throws ERR_INVALID_ADDRESS for what is no start of an object; ERR_DOUBLE_FREE when it is not live
   */
  locate(address: unknown): LocatedLarge | undefined {
    if (typeof address !== "number" || address >>> 0 !== address) return undefined;
    const { words } = this.heap;
    const chunk = (address >>> chunkShift) - this.firstChunk;
    if (chunk < 0 || chunk >= this.chunkCount) return undefined;
    const entry = words[(this.mapAt + chunk) | 0] as number;
    if ((entry & (pagesKind | largeKind)) === 0) return undefined;
    const distance = entry >>> distanceShift;
    const head = (chunk - distance) as ChunkIndex;
    const claim = head >= 0 ? (words[(this.claimsAt + head) | 0] as number) : 0;
    const rest = address & restMask;
    if ((entry & pagesKind) !== 0 && isPages(claim)) {
      if ((rest & pageMask) !== 0) throw invalid(address, `is ${rest & pageMask} bytes into a page`);
      return this.locateRun(address, head, claim, ((distance << chunkShift) | rest) >>> pageShift);
    }
    // What is kept is told as what is given back.
    if ((entry & largeKind) === 0 || isKept(claim)) return undefined;
    if (distance !== 0 || rest !== 0)
      throw invalid(address, `is ${distance * chunkBytes + rest} bytes into a large object`);
    if (tagOf(claim) !== tag.large) throw notLive(address, "it is being given back");
    return this.found.tell(false, head, 0, claim, lengthOf(claim), chunkBytes);
  }

  settle(target: WorkerPlace, entry: number): void {
    if (entry === journal.resetting) resetHeap(this.heap, target, this.worker);
    this.runs.settle(target, entry);
    this.large.settle(target, entry);
  }

  endDoomed(target: WorkerPlace, found: FoundObjects, freeSlot: (slot: SlotIndex) => void): void {
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
      else if (isPages(claim))
        this.loosenRun(head, doomed.at, this.pageSpans.endSlot(head, claim), target, "free", found);
    }
    words[doomedAt(this.heap, target)] = 0;
  }

  giveBackKept(target: WorkerPlace): void {
    this.core.giveBackKept(target);
    this.core.forgetKept(target);
  }

  visit(
    chunk: ChunkIndex,
    claim: number,
    target: WorkerPlace,
    live: "keep" | "disown" | "free",
    found: FoundObjects,
  ): number {
    const kind = tagOf(claim);
    const isTargets = workerOf(claim) === target;
    const isRetired = (at: number) => Boolean(this.heap.core.isRetired(target, at));
    const isLoose = kind === tag.large && isTargets && !isRetired(-1 - chunk);
    if (isLoose && live !== "keep") this.loosenSpan(chunk, claim, live, found);
    if (!isPages(claim)) return kind === tag.large ? lengthOf(claim) : 1;
    const isInherited = kind === tag.pagesHeld && isTargets;
    if (isInherited) found.claims++;
    this.runs.visit(chunk, claim, target, isInherited, (slot, end) => {
      if (live !== "keep" && !isRetired(slot + 1)) this.loosenRun(chunk, slot, end, target, live, found);
    });
    return lengthOf(claim);
  }

  repair(): void {
    this.pageSpans.hints.repair();
    this.spans.runs.repair();
  }

  releaseEmpty(limit: number): number {
    this.cleanUps++;
    if (limit < Number.POSITIVE_INFINITY) this.core.giveBackIdle();
    else this.pageSpans.giveBackKept();
    return this.pageSpans.releaseEmpty(limit);
  }

  outOfMemory(wanted: string): AllocatorError {
    return poolOutOfMemory(this.heap, wanted);
  }

  private locateRun(address: number, head: ChunkIndex, claim: number, page: number): LocatedLarge {
    const { pageSpans, heap } = this;
    const slot = pageSpans.slotOf(head, page);
    const end = pageSpans.endSlot(head, claim);
    const state = slot < end ? (heap.states[slot] as number) : pageFree;
    if (!isLivePage(state)) {
      if (state !== pageFree) throw notLive(address, "it was freed");
      const bits = heap.words[pageSpans.bitsAt(head) + (page >>> 5)] as number;
      if ((bits & (1 << (page & 31))) === 0) throw invalid(address, "lies inside a large object");
      throw notLive(address, "its page is free");
    }
    return this.found.tell(true, head, slot, state, runPages(heap.states, slot, end), pageBytes);
  }

  private loosenSpan(head: ChunkIndex, claim: number, live: "disown" | "free", found: FoundObjects): void {
    if (live === "disown") {
      if (this.large.setOwner(head, claim, 0)) found.liveObjects++;
    } else if (this.core.freeSpan(head, claim)) {
      found.freedObjects++;
      found.freedBytes += lengthOf(claim) * chunkBytes;
    }
  }

  private loosenRun(
    head: ChunkIndex,
    slot: number,
    end: number,
    target: WorkerPlace,
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
    if (!this.core.freeRun(head, slot, state)) return;
    found.freedObjects++;
    found.freedBytes += pages * pageBytes;
  }
}

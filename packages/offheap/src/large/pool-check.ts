// What check() looks at in a pool beyond its slabs: spans of pages and large objects, and everything that is
// derived from their claim words and state bytes.

import {
  isBody,
  isKept,
  isPages,
  lengthOf,
  mapLarge,
  mapOther,
  mapPages,
  tag,
  tagOf,
  workerOf,
} from "../arena/index.ts";
import type { ChunkIndex, WorkerPlace } from "../base/index.ts";
import { isOwnerGone, type Report } from "../checks/index.ts";
import type { OtherChecks } from "../inspect/index.ts";
import { infoAt, keptIn, pageInfo, record, slotLive, statesPerPage } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import {
  isLivePage,
  largeCount,
  PageSpans,
  pageFree,
  pageFreed,
  pageKept,
  runPages,
} from "../pages/index.ts";
import { firstUsed } from "../slab/index.ts";
import { doomedAt } from "./doomed.ts";

interface FreeRun {
  readonly page: number;
  length: number;
}

/** Of a span, by its state bytes. */
interface FoundPages {
  free: number;
  readonly runs: FreeRun[];
  isFreed: boolean;
}

/** No worker: the checks claim nothing. */
const nobody = 0 as WorkerPlace;

export class PoolChecks implements OtherChecks {
  private readonly heap: Heap;
  private readonly report: Report;
  private readonly pageSpans: PageSpans;
  private live = 0;
  /** Kept objects: their frees are in no count yet. */
  private uncounted = 0;
  /** State bytes of the page runs that workers have in their tables, and by worker the heads of spans. */
  private readonly keptSlots = new Set<number>();
  private readonly keptHeads = new Map<number, readonly number[]>();

  constructor(heap: Heap, report: Report) {
    this.heap = heap;
    this.report = report;
    this.pageSpans = new PageSpans(heap, nobody);
    for (let slot = 1 as WorkerPlace; slot <= heap.layout.maxWorkers; slot++) this.noteKept(slot);
  }

  private noteKept(worker: WorkerPlace): void {
    const { slots, heads } = keptIn(this.heap, worker);
    for (const slot of slots) this.keptSlots.add(slot);
    this.keptHeads.set(worker, heads);
  }

  checkSpan(chunk: number, claim: number): number {
    if (tagOf(claim) !== tag.large && !isPages(claim) && !isKept(claim)) return 0;
    const length = lengthOf(claim);
    if (chunk + length > this.heap.layout.chunkCount) {
      this.report("claim", `the span at chunk ${chunk} is ${length} chunks long, beyond the heap`);
      return 1;
    }
    this.checkChunks(chunk, length, isPages(claim) ? mapPages : mapLarge);
    if (isPages(claim)) this.checkPages(chunk as ChunkIndex, claim);
    else if (isKept(claim)) {
      this.uncounted++;
      if (!this.keptHeads.get(workerOf(claim))?.includes(chunk))
        this.report(
          "claim",
          `the span at chunk ${chunk} is kept, and not in the table of worker ${workerOf(claim)}`,
        );
    } else {
      this.live++;
      this.checkOwner(workerOf(claim), `the large object at chunk ${chunk}`);
    }
    return length;
  }

  /** Allocations − frees of all workers = live objects, and those kept; and nobody is in the middle of a move. */
  checkTotals(): void {
    let counted = 0;
    for (let slot = 1 as WorkerPlace; slot <= this.heap.layout.maxWorkers; slot++) {
      const doom = this.heap.words[doomedAt(this.heap, slot)] as number;
      if (doom !== 0) this.report("journal", `worker ${slot} is in the middle of a move: ${doom}`);
      counted +=
        largeCount(this.heap, slot, record.largeAllocs) - largeCount(this.heap, slot, record.largeFrees);
    }
    counted -= this.uncounted;
    if (counted !== this.live)
      this.report("counter", `${counted} large objects live by the counters, ${this.live} by their spans`);
  }

  private checkChunks(head: number, length: number, kind: number): void {
    const { words, layout } = this.heap;
    for (let i = 0; i < length; i++) {
      const body = this.heap.atomics.load(words, layout.claimsAt + head + i);
      if (i > 0 && !isBody(body, i))
        this.report("claim", `chunk ${head + i} of the span at ${head} has claim word ${body}`);
      const map = words[layout.mapAt + head + i] as number;
      if (map !== mapOther(kind, i))
        this.report("map", `chunk ${head + i} is mapped ${map}, not ${mapOther(kind, i)}`);
    }
  }

  private checkOwner(worker: WorkerPlace, what: string): void {
    if (worker > this.heap.layout.maxWorkers) this.report("state", `${what} is live by worker ${worker}`);
    else if (worker !== 0 && isOwnerGone(this.heap, worker))
      this.report("state", `${what} is live by worker ${worker}, which is gone`);
  }

  private checkPages(head: ChunkIndex, claim: number): void {
    const { states, words, layout } = this.heap;
    const where = `the span of pages at chunk ${head}`;
    if (tagOf(claim) === tag.pagesHeld) this.report("claim", `${where} is held by worker ${workerOf(claim)}`);
    const end = this.pageSpans.endSlot(head, claim);
    const pages = this.pageSpans.pageCount(claim);
    const freeAt = infoAt(layout, head) + pageInfo.free;
    const found: FoundPages = { free: 0, runs: [], isFreed: false };
    let freeRun = 0;
    for (let page = 0; page < pages; ) {
      const slot = this.pageSpans.slotOf(head, page);
      const state = states[slot] as number;
      const length = state === pageFree ? 1 : runPages(states, slot, end);
      if (state !== pageFree) freeRun = 0;
      else if (freeRun++ === 0) found.runs.push({ page, length: 1 });
      else (found.runs.at(-1) as FreeRun).length++;
      for (let i = page; i < page + length; i++) {
        const isFree = ((words[freeAt + (i >>> 5)] as number) & (1 << (i & 31))) !== 0;
        if (isFree !== (state === pageFree))
          this.report(
            "slab-info",
            `page ${i} of ${where} has state byte ${state}, its free bit is ${isFree}`,
          );
      }
      this.checkLength(state, states[slot + 1] as number, (end - slot) / statesPerPage, where);
      this.checkInside(slot + statesPerPage, slot + length * statesPerPage, `page ${page} of ${where}`);
      if (state === pageFree) found.free++;
      else if (state === pageFreed) found.isFreed = true;
      else if (state === pageKept) this.checkKept(slot, `page ${page} of ${where}`);
      else this.checkRun(state, `page ${page} of ${where}`);
      page += length;
    }
    this.checkHints(head, pages, found, where);
  }

  /** A run has a length that ends within its span, a free page none. */
  private checkLength(state: number, length: number, most: number, where: string): void {
    const isRight = state === pageFree ? length === 0 : length >= 1 && length <= most;
    if (!isRight) this.report("state", `${where} has a page with state byte ${state} and length ${length}`);
  }

  /** The bytes of a run's other pages are 0, and so show when it is freed. */
  private checkInside(from: number, end: number, where: string): void {
    const used = firstUsed(this.heap, from, end);
    if (used < end)
      this.report("state", `the run at ${where} has state byte ${this.heap.states[used]} inside`);
  }

  private checkRun(state: number, where: string): void {
    if (isLivePage(state)) {
      this.live++;
      this.checkOwner((state & (slotLive - 1)) as WorkerPlace, where);
    } else this.report("state", `${where} is half freed by worker ${state}`);
  }

  private checkKept(slot: number, where: string): void {
    this.uncounted++;
    if (!this.keptSlots.has(slot)) this.report("state", `${where} is kept, and in no worker's table`);
  }

  private checkHints(head: ChunkIndex, pages: number, found: FoundPages, where: string): void {
    const free = this.pageSpans.hints.freeOf(head);
    const longest = this.pageSpans.hints.longestOf(head);
    const [first = 0, second = 0] = found.runs.map(({ length }) => length).sort((a, b) => b - a);
    if (longest !== first)
      this.report("slab-info", `${where} notes a free run of ${longest} pages, has one of ${first}`);
    const noted = this.pageSpans.hints.longestRunOf(head);
    const isThere = found.runs.some(({ page, length }) => page === noted.page && length === first);
    if (noted.page >= 0 && first > 0 && !isThere)
      this.report("slab-info", `${where} notes that its longest free run begins at page ${noted.page}`);
    if (noted.second >= 0 && noted.second !== second)
      this.report("slab-info", `${where} notes a second free run of ${noted.second} pages, has ${second}`);
    if (free !== found.free)
      this.report("slab-info", `${where} counts ${free} free pages, has ${found.free}`);
    const { bin, isEmpty, isPending } = this.pageSpans.hints.setsOf(head);
    if (bin < 31 - Math.clz32(first))
      this.report("chunk-set", `${where} is in bin ${bin}, its longest free run is ${first}`);
    if (found.free === pages && !isEmpty) this.report("chunk-set", `${where} is empty and not in that set`);
    if (found.isFreed && !isPending)
      this.report("chunk-set", `${where} has a freed run and is not in the set of those`);
  }
}

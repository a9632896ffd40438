// Statistics, added up from the workers' counters and the claim words with plain loads: true when the
// workers are at rest, near while they run, and no burden to them.

import { claimFree, classOf, forEachClaim, isSlab, lengthOf } from "../arena/index.ts";
import type { ClassIndex, WorkerId, WorkerPlace } from "../base/index.ts";
import { chunkBytes, header, sizeClassesOf, slabChunksOf, slotCountOf } from "../layout/index.ts";
import { type Engine, type Heap, type MemoryKind, memoryKindOf } from "../memory/index.ts";
import { allocsOf, freesOf, roundCountIn, straysOf } from "../slab/index.ts";
import { threadOf, Workers } from "../worker/index.ts";

export interface SizeClassStats {
  /** Bytes of one slot. */
  objectSize: number;
  /** Slots of a slab of full length. */
  objectsPerSlab: number;
  totalSlabs: number;
  totalObjects: number;
  /** Live objects. */
  allocated: number;
  /** Slots in magazines. */
  cached: number;
  /** Slots that are neither live nor cached. */
  free: number;
  allocs: number;
  deallocs: number;
}

export interface WorkerStats {
  workerId: WorkerId;
  /** The number of its thread as the host counts them; undefined where it does not (browsers). */
  threadId: number | undefined;
  allocs: number;
  deallocs: number;
  cached: number;
}

export interface SlabStats {
  /** What the heap's memory is. `"shared"` and `"local"` become a buffer where the engine refuses a WebAssembly.Memory. */
  memory: MemoryKind;
  /** What runs the slow halves of this worker's calls. */
  engine: Engine;
  /** Bytes of the whole heap, books included. */
  capacity: number;
  /** Bytes of the spans in use. */
  spanBytes: number;
  /** The most bytes of spans that were ever in use at once; after a kill it may be off by a span. */
  peakSpanBytes: number;
  /** Bytes set aside for the books; the OS commits those that are used. */
  bookBytes: number;
  /** Bytes that huge pages back just now; 0 without `os`, or when huge pages were not asked for. */
  hugeBytes: number;
  allocs: number;
  deallocs: number;
  liveObjects: number;
  /** Bytes of live slots. */
  liveBytes: number;
  sizeClasses: SizeClassStats[];
  /** The workers attached now. Counts of a place run on from one worker to the next. */
  workers: WorkerStats[];
}

export function collectStats(heap: Heap): SlabStats {
  const { layout, words } = heap;
  const sizeClasses = layout.objectBytes.map((objectSize, i): SizeClassStats => {
    const index = (i + 1) as ClassIndex;
    const objectsPerSlab = slotCountOf(layout, index, slabChunksOf(layout, index));
    return {
      objectSize,
      objectsPerSlab,
      totalSlabs: 0,
      totalObjects: 0,
      allocated: 0,
      cached: 0,
      free: 0,
      allocs: 0,
      deallocs: 0,
    };
  });
  const spanChunks = countSlabs(heap, sizeClasses);
  const workers = countWorkers(heap, sizeClasses);
  let liveBytes = 0;
  for (const entry of sizeClasses) {
    entry.allocated = entry.allocs - entry.deallocs;
    entry.free = entry.totalObjects - entry.allocated - entry.cached;
    liveBytes += entry.allocated * entry.objectSize;
  }
  const sum = (of: (entry: SizeClassStats) => number) =>
    sizeClasses.reduce((total, entry) => total + of(entry), 0);
  return {
    memory: memoryKindOf(heap.source) as MemoryKind,
    engine: heap.core.engine,
    capacity: layout.capacityBytes,
    spanBytes: spanChunks * chunkBytes,
    peakSpanBytes: Math.max(words[header.spanChunksPeak] as number, spanChunks) * chunkBytes,
    bookBytes: layout.bookBytes,
    hugeBytes: 0,
    allocs: sum((entry) => entry.allocs),
    deallocs: sum((entry) => entry.deallocs),
    liveObjects: sum((entry) => entry.allocated),
    liveBytes,
    sizeClasses,
    workers,
  };
}

/** Counts slabs and their slots by the claim words; returns the chunks in spans. */
function countSlabs(heap: Heap, sizeClasses: SizeClassStats[]): number {
  let spanChunks = 0;
  forEachClaim(heap, (claim) => {
    if (claim !== claimFree) spanChunks++;
    const entry = isSlab(claim) ? sizeClasses[classOf(claim) - 1] : undefined;
    if (entry === undefined) return;
    entry.totalSlabs++;
    entry.totalObjects += slotCountOf(heap.layout, classOf(claim), lengthOf(claim));
  });
  return spanChunks;
}

/** Adds the counters of every place that was ever used, and lists those in use. */
function countWorkers(heap: Heap, sizeClasses: SizeClassStats[]): WorkerStats[] {
  const listed: WorkerStats[] = [];
  const workers = new Workers(heap);
  for (let place = 1 as WorkerPlace; place <= heap.layout.maxWorkers; place++) {
    const word = workers.read(place);
    if (word.incarnation === 0) continue;
    const [workerId, threadId] = [workers.idOf(place), threadOf(heap, word.token)];
    const worker: WorkerStats = { workerId, threadId, allocs: 0, deallocs: 0, cached: 0 };
    for (const sizeClass of sizeClassesOf(heap.layout, place)) {
      if (sizeClass.index === 0) continue;
      const entry = sizeClasses[sizeClass.index - 1] as SizeClassStats;
      const allocs = allocsOf(heap, sizeClass);
      const deallocs = freesOf(heap, sizeClass);
      const cached = roundCountIn(heap, sizeClass) + straysOf(heap, sizeClass);
      entry.allocs += allocs;
      entry.deallocs += deallocs;
      entry.cached += cached;
      worker.allocs += allocs;
      worker.deallocs += deallocs;
      worker.cached += cached;
    }
    if (word.state !== "free") listed.push(worker);
  }
  return listed;
}

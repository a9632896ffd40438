// What allocate and deallocate look up: all that is constant for one worker in one heap, and whether they are served.
// One object of the closures that they are: V8 folds its fields into their code where it knows the heap, and where it
// does not, knows at least what kind of value each is (fast-path.ts). So each number is a small integer from the first.

import { mapClassMask, mapDistanceShift } from "../arena/index.ts";
import type { WorkerPlace } from "../base/index.ts";
import {
  chunkBytes,
  chunkShift,
  classByGranule,
  gaugesAt,
  granuleShift,
  mapWord,
  maxClassCount,
  type SizeClass,
  slotLive,
  spaceMaskOf,
} from "../layout/index.ts";
import type { Core, Heap } from "../memory/index.ts";

/** No request is served. */
const none = -1;

export class Lookup {
  readonly words: Int32Array;
  /** The table of requests, then the state bytes. */
  readonly bytes: Uint8Array;
  /** The table once more, which ends where it ends. */
  private readonly classOf: Uint8Array;
  /** Words: the gauge of no class. The magazines are at a distance that is the same in all heaps. */
  readonly gaugeOfNone: number;
  /** Bits of a gauge: above 1 where there is space. */
  readonly spaceMask: number;
  /** Chunks of the memory before the heap's first. */
  readonly firstChunk: number;
  /** Words: where the map's entry of the memory's first chunk would be. */
  readonly mapFrom: number;
  readonly stateShift: number;
  /** Bytes of the table. */
  readonly tableBytes: number;
  readonly worker: number;
  /** Bytes of the largest request that is served. 0: every allocation ends in its slow half. */
  mostBytes = 0;
  /** Chunks whose objects are served. 0: every free ends in its slow half. */
  chunks = 0;
  /** For each class, its objects' bytes. 0 for none. */
  readonly objectBytes: Int32Array;
  /** Chunks whose objects can be looked into. 0: that takes a closer look. */
  openChunks: number;

  private isOpen = false;
  private readonly largestBytes: number;
  private readonly allChunks: number;
  private readonly core: Core;

  constructor(heap: Heap, worker: WorkerPlace, classes: readonly SizeClass[]) {
    const { layout } = heap;
    this.core = heap.core;
    this.words = heap.words;
    this.bytes = heap.bytes;
    this.classOf = classByGranule(layout);
    this.gaugeOfNone = gaugesAt(layout, worker) | 0;
    this.spaceMask = spaceMaskOf(layout.magazineShift);
    this.firstChunk = (heap.dataAt / chunkBytes) | 0;
    this.mapFrom = (layout.mapAt - this.firstChunk) | 0;
    this.tableBytes = layout.tableBytes | 0;
    this.stateShift = layout.stateShift | 0;
    this.worker = worker | 0;
    this.objectBytes = new Int32Array(maxClassCount + 1);
    for (const { index, objectBytes } of classes) this.objectBytes[index] = objectBytes;
    this.largestBytes = ((this.classOf.length - 1) << granuleShift) | 0;
    this.allChunks = layout.chunkCount | 0;
    this.openChunks = this.allChunks;
  }

  /** The same over the heap's new views. */
  over(heap: Heap, worker: WorkerPlace, classes: readonly SizeClass[]): Lookup {
    const next = new Lookup(heap, worker, classes);
    next.isOpen = this.isOpen;
    next.openChunks = this.openChunks;
    if (this.isPaused) next.pause();
    else next.resume();
    return next;
  }

  open(): void {
    this.isOpen = true;
    this.resume();
    this.openChunks = this.chunks;
    this.openCalls();
  }

  close(): void {
    this.isOpen = false;
    this.pause();
    this.openChunks = 0;
    this.openCalls();
  }

  /**
   * Until `resume` no call is served here. Where an exception comes between, the next call finds that, and repairs first. Who has
   * an object in between stores the two numbers that it found by itself: where the stack ends in `resume`, the object would be lost.
   */
  pause(): void {
    this.mostBytes = 0;
    this.chunks = 0;
  }

  /** At the next call: an exception came behind `pause`. */
  get isPaused(): boolean {
    return this.isOpen && this.mostBytes === 0;
  }

  resume(): void {
    this.mostBytes = this.isOpen ? this.largestBytes : 0;
    this.chunks = this.isOpen ? this.allChunks : 0;
  }

  /** The core's own calls are served, or not, as these are but for a pause. */
  openCalls(): void {
    const { core, worker, isOpen } = this;
    core.openCalls(worker, isOpen ? this.largestBytes : none, isOpen ? this.allChunks : 0);
  }

  /** Bytes from an address in a live object to the object's end; 0 where that takes a closer look (slab/locate.ts). */
  bytesFrom(address: unknown): number {
    if (typeof address !== "number" || address >>> 0 !== address) return 0;
    const chunk = ((address >>> chunkShift) - this.firstChunk) >>> 0;
    if (chunk >= this.openChunks) return 0;
    const entry = this.words[mapWord + chunk] as number;
    const bytes = this.objectBytes[entry & mapClassMask] as number;
    const distance = entry >>> mapDistanceShift;
    if (bytes === 0 || distance > chunk) return 0;
    const offset = (distance << chunkShift) | (address & (chunkBytes - 1));
    const position = (offset / bytes) | 0;
    const state = this.bytes[((chunk - distance) << this.stateShift) + position + this.tableBytes] as number;
    return state >= slotLive ? (position + 1) * bytes - offset : 0;
  }

  /** Bytes of the objects in the chunk of an address, whether one begins there or not; 0 where that takes a closer look. */
  objectBytesNear(address: unknown): number {
    if (typeof address !== "number" || address >>> 0 !== address) return 0;
    const chunk = ((address >>> chunkShift) - this.firstChunk) >>> 0;
    if (chunk >= this.openChunks) return 0;
    return this.objectBytes[(this.words[mapWord + chunk] as number) & mapClassMask] as number;
  }

  /** Index of the class that a request rounds to; 0 for what is no valid size. */
  classFor(size: unknown): number {
    if (typeof size !== "number" || !Number.isInteger(size) || size <= 0) return 0;
    return this.classOf[Math.ceil(size / 8)] ?? 0;
  }
}

// What allocate and deallocate look up: all that is constant for one worker in one heap, and whether they are served.
// One object of the closures that they are: V8 folds its fields into their code where it knows the heap, and where it
// does not, knows at least what kind of value each is (fast-path.ts). So each number is a small integer from the first.

import { mapClassMask, mapDistanceShift } from "../arena/span-map.ts";
import type { WorkerSlot } from "../base/brands.ts";
import { roomMaskOf } from "../memory/gauge.ts";
import type { Heap } from "../memory/heap.ts";
import { chunkBytes, gaugesAt, maxClassCount, roundsAt, wordsPerRound } from "../memory/layout.ts";
import { classByGranule, granuleShift, type SizeClass } from "./class-table.ts";
import { slotLive } from "./slot-state.ts";

export class Lookup {
  readonly words: Int32Array;
  readonly states: Uint8Array;
  /** For each request in granules of 8 bytes, its class. */
  readonly classOf: Uint8Array;
  /** For each class, what divides an offset by its objects' bytes. 0 for none: every offset is that of slot 0. */
  readonly inverses: Int32Array;
  /** Words: the gauge of no class, the round that a gauge's index counts from, and the one above. */
  readonly gaugeOfNone: number;
  readonly roundsAt: number;
  readonly roundsAbove: number;
  /** Bits of a gauge: above 1 where there is room. */
  readonly roomMask: number;
  /** Chunks of the memory before the heap's first. */
  readonly firstChunk: number;
  /** Words: the map's entry of the heap's first chunk, and where that of the memory's first would be. */
  readonly mapAt: number;
  readonly mapFrom: number;
  readonly stateShift: number;
  readonly worker: number;
  /** Bytes of the largest request that is served. 0: every allocation ends in its slow half. */
  mostBytes = 0;
  /** Chunks whose objects are served. 0: every free ends in its slow half. */
  chunks = 0;
  /** For each class, its objects' bytes. 0 for none. */
  readonly objectBytes: Int32Array;
  /** Chunks whose objects can be looked into. 0: that takes a closer look. */
  openChunks: number;

  constructor(heap: Heap, worker: WorkerSlot, classes: readonly SizeClass[]) {
    const { layout } = heap;
    this.words = heap.words;
    this.states = heap.roundStates;
    this.classOf = classByGranule(layout);
    this.inverses = new Int32Array(maxClassCount + 1);
    for (const { index, inverse } of classes) this.inverses[index] = inverse;
    this.gaugeOfNone = gaugesAt(layout, worker) | 0;
    this.roundsAt = roundsAt(layout, worker) | 0;
    this.roundsAbove = (this.roundsAt + wordsPerRound) | 0;
    this.roomMask = roomMaskOf(layout.magazineShift);
    this.firstChunk = (heap.dataAt / chunkBytes) | 0;
    this.mapAt = layout.mapAt | 0;
    this.mapFrom = (this.mapAt - this.firstChunk) | 0;
    this.stateShift = layout.stateShift | 0;
    this.worker = worker | 0;
    this.objectBytes = new Int32Array(maxClassCount + 1);
    for (const { index, objectBytes } of classes) this.objectBytes[index] = objectBytes;
    this.openChunks = layout.chunkCount | 0;
  }

  openAllocations(): void {
    this.mostBytes = (this.classOf.length - 1) << granuleShift;
  }

  openFrees(heap: Heap): void {
    this.chunks = heap.layout.chunkCount | 0;
    this.openChunks = this.chunks;
  }

  close(): void {
    this.mostBytes = 0;
    this.chunks = 0;
    this.openChunks = 0;
  }

  /** Bytes from an address in a live object to the object's end; 0 where that takes a closer look (locate.ts). */
  bytesFrom(address: unknown): number {
    if (typeof address !== "number" || address >>> 0 !== address) return 0;
    const chunk = ((address >>> 16) - this.firstChunk) >>> 0;
    if (chunk >= this.openChunks) return 0;
    const entry = this.words[this.mapAt + chunk] as number;
    const bytes = this.objectBytes[entry & mapClassMask] as number;
    const distance = entry >>> mapDistanceShift;
    if (bytes === 0 || distance > chunk) return 0;
    const offset = (distance << 16) | (address & 0xffff);
    const position = (offset / bytes) | 0;
    const state = this.states[((chunk - distance) << this.stateShift) + position + 1] as number;
    return state >= slotLive ? (position + 1) * bytes - offset : 0;
  }

  /** Index of the class that a request rounds to; 0 for what is no valid size. */
  classFor(size: unknown): number {
    if (typeof size !== "number" || !Number.isInteger(size) || size <= 0) return 0;
    return this.classOf[Math.ceil(size / 8)] ?? 0;
  }
}

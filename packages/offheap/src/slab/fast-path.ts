// allocate and deallocate, as far as they need no other worker: no atomic, no lock, no call.
//
//   allocate    top of the magazine; its byte is w; byte = 128 + w; allocs + 1
//   deallocate  map → slot; byte ≥ 128; room; push; byte = w; frees + 1
//
// The byte comes before the counter in both, which is what settle.ts rests on. From the first store on there
// is no call, not even of Math.imul: in V8's interpreter each is a place where the stack can overflow, and an
// object would be live whose address nobody got (found by the storm). But for a carry, once in 2^31 calls.
//
// What V8 makes of them, in ns for free(allocate(64)) (docs/measurements.md):
//   22.7 → 14.6  constants of this module are folded into the code; an imported one is loaded and checked at
//                each use. `| 0` on sums of indexes drops the overflow checks
//   14.6 → 13.7  tables of numbers: a load from an Int32Array needs no map check, as one of an object does
//   13.7 → 10.7  one way out to the slow half keeps each under 460 bytes of bytecode, V8's limit for inlining;
//                inlined, the two share their loads with each other and with the caller's loop
//   16.4 → 11.3  (replace, a pool) allocate and 1.2 times deallocate together stay under 920, V8's limit for one
//                caller; hence no override of allocate in the pool
// Not kept: closures over constants, as fast for the first heap of a thread, and half as fast from the second.

import { mapClassMask, mapDistanceShift } from "../arena/span-map.ts";
import type { Address, WorkerSlot } from "../base/brands.ts";
import { bufferOf } from "../memory/block.ts";
import type { Heap } from "../memory/heap.ts";
import {
  chunkBytes,
  gauge,
  gaugesAt,
  magazineTopAt,
  maxClassCount,
  maxSlotsPerSlab,
} from "../memory/layout.ts";
import { ViewedMemory } from "../memory/views.ts";
import { classByGranule, granuleShift, type SizeClass } from "./class-table.ts";
import { liveBy, slotLive } from "./slot-state.ts";

const oneAlloc = gauge.oneAlloc;
const roomOf = gauge.room;
/** With these bits above 1: there is room, and the allocations have not run over into the sign. */
const roomAndSign = (1 << 31) | (gauge.room - 1);
const granules = granuleShift;
const classMask = mapClassMask;
const distanceShift = mapDistanceShift;
const live = slotLive;
const slotLimit = maxSlotsPerSlab;

// One table for all that is constant, so that one array is looked up: inverse and shift of each class, then
// the class of each request in granules.
const shiftOfRow = 1;
const requestsAt = (maxClassCount + 1) << shiftOfRow;

/** The part of a SlabAllocator that every call goes through. Its fields are what the two calls read. */
export abstract class FastPath<Options> extends ViewedMemory {
  private words!: Int32Array;
  private states!: Uint8Array;
  protected readonly worker: number;
  protected readonly liveState: number;
  private readonly mapAt: number;
  private readonly stateShift: number;
  /** Chunks of the memory before the heap's first data chunk. */
  private readonly firstChunk: number;
  private readonly gaugesAt: number;
  private readonly magazineTopAt: number;
  private readonly magazineWords: number;
  private readonly table: Int32Array;
  // Both 0 after close.
  private chunkCount: number;
  private largestBytes: number;

  protected constructor(heap: Heap, worker: WorkerSlot, classes: readonly SizeClass[]) {
    super(bufferOf(heap.source));
    const { layout } = heap;
    this.useViews(heap);
    this.worker = worker;
    this.liveState = liveBy(worker);
    this.firstChunk = heap.dataAt / chunkBytes;
    this.mapAt = layout.mapAt - this.firstChunk;
    this.stateShift = layout.stateShift;
    this.gaugesAt = gaugesAt(layout, worker);
    this.magazineTopAt = magazineTopAt(layout, worker, 0);
    this.magazineWords = layout.magazineWords;
    this.chunkCount = layout.chunkCount;
    const classOf = classByGranule(layout);
    this.largestBytes = (classOf.length - 1) << granules;
    this.table = new Int32Array(requestsAt + classOf.length);
    this.table.set(classOf, requestsAt);
    // The row of no class stays zero: every offset in it is that of slot 0, and its magazine has no room.
    for (const { index, inverse, shift } of classes) {
      if (index !== 0) this.table.set([inverse, shift], index << shiftOfRow);
    }
  }

  /** Lets the calls work on the heap's views. */
  protected useViews(heap: Heap): void {
    this.words = heap.words;
    this.states = heap.roundStates;
  }

  /** From now on every call ends in its slow half. */
  protected closeFastPath(): void {
    this.chunkCount = 0;
    this.largestBytes = 0;
  }

  /** Index of the class that a request rounds to; 0 for what is no valid size. */
  protected indexFor(size: unknown): number {
    if (typeof size !== "number" || !Number.isInteger(size) || size <= 0) return 0;
    return this.table[requestsAt + Math.ceil(size / 8)] ?? 0;
  }

  /** The same, for every case. */
  protected abstract allocateSlow(size: number, options: Options | undefined): Address;
  protected abstract deallocateSlow(address: Address, size: number | undefined): void;

  /**
   * A new object of at least `size` bytes. Its bytes are whatever was there before, or 0 where a pool's options
   * ask for that. Options take the slow half.
   * @returns its byte offset in the memory
   * @throws ERR_INVALID_SIZE, ERR_INVALID_ALIGNMENT, ERR_OUT_OF_MEMORY, ERR_DETACHED
   */
  allocate(size: number, options?: Options): Address {
    if (
      options === undefined &&
      typeof size === "number" &&
      (size | 0) === size &&
      size > 0 &&
      size <= this.largestBytes
    ) {
      const words = this.words;
      const index = this.table[requestsAt + ((size + 7) >>> granules)] as number;
      const gaugeAt = (this.gaugesAt + index) | 0;
      const filled = words[gaugeAt] as number;
      const roundAt = (this.magazineTopAt + index * this.magazineWords - ((filled & roomOf) << 1)) | 0;
      const address = (words[roundAt] as number) >>> 0;
      const state = words[(roundAt + 1) | 0] as number;
      // An empty magazine's top is no round: its state is that of no slot, and 0.
      if (
        this.states[state] === this.worker &&
        ((words[(this.mapAt + (address >>> 16)) | 0] as number) & classMask) === index
      ) {
        this.states[state] = this.liveState;
        words[gaugeAt] = filled + oneAlloc + 1;
        return address;
      }
    }
    return this.allocateSlow(size, options) >>> 0;
  }

  /**
   * Ends an object, whichever worker allocated it. With `size`, that must round to the object's class.
   * @throws ERR_INVALID_ADDRESS, ERR_DOUBLE_FREE, ERR_SIZE_MISMATCH, ERR_DETACHED
   */
  deallocate(address: Address, size?: number): void {
    if (typeof address === "number" && address >>> 0 === address) {
      const memoryChunk = address >>> 16;
      const chunk = (memoryChunk - this.firstChunk) >>> 0;
      if (chunk < this.chunkCount) {
        const words = this.words;
        const table = this.table;
        const entry = words[(this.mapAt + memoryChunk) | 0] as number;
        const index = entry & classMask;
        const distance = entry >>> distanceShift;
        const rowAt = index << shiftOfRow;
        const product = Math.imul((distance << 16) | (address & 0xffff), table[rowAt] as number);
        const shift = table[rowAt | 1] as number;
        const position = ((product >>> shift) | (product << (32 - shift))) >>> 0;
        const state = (((chunk - distance) << this.stateShift) + position + 1) | 0;
        if (
          position < slotLimit &&
          (this.states[state] as number) >= live &&
          (size === undefined || this.indexFor(size) === index)
        ) {
          const gaugeAt = (this.gaugesAt + index) | 0;
          const filled = words[gaugeAt] as number;
          if ((filled & roomAndSign) > 1) {
            const roundAt =
              (this.magazineTopAt + index * this.magazineWords - ((filled & roomOf) << 1) + 2) | 0;
            words[roundAt] = address;
            words[(roundAt + 1) | 0] = state;
            this.states[state] = this.worker;
            words[gaugeAt] = filled - 1;
            return;
          }
        }
      }
    }
    this.deallocateSlow(address, size);
  }
}

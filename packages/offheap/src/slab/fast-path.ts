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
import { trailingZeros } from "../base/bits.ts";
import type { Address, ClassIndex, WorkerSlot } from "../base/brands.ts";
import { bufferOf } from "../memory/block.ts";
import type { Heap } from "../memory/heap.ts";
import {
  chunkBytes,
  counter,
  counterAt,
  counterShift,
  maxClassCount,
  maxSlotsPerSlab,
} from "../memory/layout.ts";
import { ViewedMemory } from "../memory/views.ts";
import { classByGranule, granuleShift, type SizeClass } from "./class-table.ts";
import { carryMask } from "./counters.ts";
import { liveBy, slotLive } from "./slot-state.ts";

// The allocations of a class stand first in its counters, and the inverse first in its row.
const freesWord = counter.frees;
const baseWord = counter.base;
const granules = granuleShift;
const shiftOfCounters = counterShift;
const classMask = mapClassMask;
const distanceShift = mapDistanceShift;
const crossing = carryMask;
/** log2 of the bytes of a chunk. */
const chunkShift = trailingZeros(chunkBytes);
const live = slotLive;
const slotLimit = maxSlotsPerSlab;

// One table for all that is constant, so that one array is looked up: a row for each class, the inverse
// first, then the class of each request in granules.
const shiftOfRow = 3;
const shiftWord = 1;
const roundsWord = 2;
const bytesWord = 3;
const magazineWord = 4;
const requestsAt = (maxClassCount + 1) << shiftOfRow;

/** The part of a SlabAllocator that every call goes through. Its fields are what the two calls read. */
export abstract class FastPath<Options> extends ViewedMemory {
  // After close the two views are empty: every call ends in its slow half.
  private words!: Int32Array;
  private states!: Uint8Array;
  private readonly worker: number;
  private readonly liveState: number;
  private readonly mapAt: number;
  private readonly stateShift: number;
  private readonly chunkCount: number;
  /** Chunks of the memory before the heap's first data chunk. */
  private readonly firstChunk: number;
  private readonly dataAt: number;
  /** Where the counters of class 0 would be. */
  private readonly countersAt: number;
  private readonly table: Int32Array;

  protected constructor(heap: Heap, worker: WorkerSlot, classes: readonly SizeClass[]) {
    super(bufferOf(heap.source));
    this.useViews(heap.words, heap.states);
    this.worker = worker;
    this.liveState = liveBy(worker);
    this.mapAt = heap.layout.mapAt;
    this.stateShift = heap.layout.stateShift;
    this.chunkCount = heap.layout.chunkCount;
    this.firstChunk = heap.dataAt / chunkBytes;
    this.dataAt = heap.dataAt;
    this.countersAt = counterAt(heap.layout, worker, 0 as ClassIndex);
    const classOf = classByGranule(heap.layout);
    this.table = new Int32Array(requestsAt + classOf.length);
    this.table.set(classOf, requestsAt);
    // The row of no class stays zero: every offset in it is that of slot 0, whose byte is not live.
    for (const { index, inverse, shift, rounds, objectBytes, magazineAt } of classes) {
      if (index !== 0) this.table.set([inverse, shift, rounds, objectBytes, magazineAt], index << shiftOfRow);
    }
  }

  /** Lets the calls work on these views. */
  protected useViews(words: Int32Array, states: Uint8Array): void {
    this.words = words;
    this.states = states;
  }

  /** From now on every call ends in its slow half. */
  protected closeFastPath(): void {
    this.useViews(new Int32Array(0), new Uint8Array(0));
  }

  /** Index of the class that a request rounds to; 0 for what is no valid size. */
  protected indexFor(size: unknown): number {
    if (typeof size !== "number" || !Number.isInteger(size) || size <= 0) return 0;
    return this.table[requestsAt + Math.ceil(size / 8)] ?? 0;
  }

  /** The same, for every case. */
  protected abstract allocateSlow(size: number, options: Options | undefined): Address;
  protected abstract deallocateSlow(address: Address, size: number | undefined): void;
  /** Called when a counter's low word crosses a multiple of 2^31. */
  protected abstract carry(sizeClass: number): void;

  /**
   * A new object of at least `size` bytes. Its bytes are whatever was there before, or 0 where a pool's options
   * ask for that. Options take the slow half.
   * @returns its byte offset in the memory
   * @throws ERR_INVALID_SIZE, ERR_INVALID_ALIGNMENT, ERR_OUT_OF_MEMORY, ERR_DETACHED
   */
  allocate(size: number, options?: Options): Address {
    if (options === undefined && typeof size === "number" && (size | 0) === size && size > 0) {
      const table = this.table;
      const index = table[requestsAt + ((size + 7) >> granules)];
      if (index !== undefined) {
        const words = this.words;
        const rowAt = index << shiftOfRow;
        const at = (this.countersAt + (index << shiftOfCounters)) | 0;
        const allocs = words[at] as number;
        const filled = (words[(at + freesWord) | 0] as number) + (words[(at + baseWord) | 0] as number);
        const rounds = (filled - allocs) | 0;
        if (rounds > 0) {
          const slot = words[((table[rowAt | magazineWord] as number) + rounds - 1) | 0] as number;
          const chunk = slot >>> this.stateShift;
          const entry = words[(this.mapAt + chunk) | 0] as number;
          if (this.states[slot] === this.worker && (entry & classMask) === index) {
            const head = (chunk - (entry >>> distanceShift)) | 0;
            const bytes = table[rowAt | bytesWord] as number;
            const offset = (slot - (head << this.stateShift)) * bytes;
            const next = allocs + 1;
            this.states[slot] = this.liveState;
            words[at] = next;
            if ((next & crossing) === 0) this.carry(index);
            // 32 bits that wrap: an address is below 2^32.
            return (this.dataAt + (head << chunkShift) + offset) >>> 0;
          }
        }
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
      const chunk = ((address >>> 16) - this.firstChunk) >>> 0;
      if (chunk < this.chunkCount) {
        const words = this.words;
        const table = this.table;
        const entry = words[(this.mapAt + chunk) | 0] as number;
        const distance = entry >>> distanceShift;
        const index = entry & classMask;
        const rowAt = index << shiftOfRow;
        const product = Math.imul((distance << 16) | (address & 0xffff), table[rowAt] as number);
        const shift = table[rowAt | shiftWord] as number;
        const position = ((product >>> shift) | (product << (32 - shift))) >>> 0;
        const slot = (((chunk - distance) << this.stateShift) + position) | 0;
        // An empty view has no bytes: undefined is not live, and the call goes the slow way.
        if (
          position < slotLimit &&
          (this.states[slot] as number) >= live &&
          (size === undefined || this.indexFor(size) === index)
        ) {
          const at = (this.countersAt + (index << shiftOfCounters)) | 0;
          const freesAt = (at + freesWord) | 0;
          const frees = words[freesAt] as number;
          const filled = (words[(at + baseWord) | 0] as number) + frees;
          const rounds = (filled - (words[at] as number)) | 0;
          if (rounds < (table[rowAt | roundsWord] as number)) {
            const next = frees + 1;
            words[((table[rowAt | magazineWord] as number) + rounds) | 0] = slot;
            this.states[slot] = this.worker;
            words[freesAt] = next;
            if ((next & crossing) === 0) this.carry(index);
            return;
          }
        }
      }
    }
    this.deallocateSlow(address, size);
  }
}

// allocate and deallocate, as far as they need no other worker: no atomic, no lock, no call.
//
//   allocate    top of the magazine; its byte is w; byte = 128 + w; allocs + 1
//   deallocate  map → slot; byte ≥ 128; room; push; byte = w; frees + 1
//
// The byte comes before the counter in both, which is what settle.ts rests on. No call stands between two
// stores, so no stack overflow can part them.
//
// Tables of numbers, because a load from an Int32Array needs no map check; `| 0` on sums of indexes, because
// it drops the overflow check; numbers of other modules as literals that the compiler holds to theirs,
// because an imported constant is loaded and checked at each use (free(allocate(64)): 22.7 → 13.7 ns).
// Closures over constants were 12.4 for the first heap of a thread and 23 for every later one: not kept.

import type { mapClassMask, mapDistanceShift } from "../arena/span-map.ts";
import type { Address, ClassIndex, WorkerSlot } from "../base/brands.ts";
import { bufferOf } from "../memory/block.ts";
import type { Heap } from "../memory/heap.ts";
import {
  chunkBytes,
  type counter,
  counterAt,
  type counterShift,
  type maxSlotsPerSlab,
} from "../memory/layout.ts";
import { ViewedMemory } from "../memory/views.ts";
import { classByGranule, type granuleShift, type SizeClass } from "./class-table.ts";
import type { carryMask } from "./counters.ts";
import { liveBy, type slotLive } from "./slot-state.ts";

/** What a class is, as four words of a table. */
const row = { inverse: 0, shift: 1, rounds: 2, bytes: 3 } as const;
const rowShift = 2;

/** The part of a SlabAllocator that every call goes through. Its fields are what the two calls read. */
export abstract class FastPath extends ViewedMemory {
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
  private readonly classOf: Uint8Array;
  private readonly rows: Int32Array;
  private readonly magazineAt: Int32Array;

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
    this.classOf = classByGranule(heap.layout);
    this.magazineAt = Int32Array.from(classes, (sizeClass) => sizeClass.magazineAt);
    this.rows = new Int32Array(classes.length << rowShift);
    // The row of no class stays zero: every offset in it is that of slot 0, whose byte is not live.
    for (const { index, inverse, shift, rounds, objectBytes } of classes) {
      if (index !== 0) this.rows.set([inverse, shift, rounds, objectBytes], index << rowShift);
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
    return this.classOf[Math.ceil(size / 8)] ?? 0;
  }

  /** The same, for every case. */
  protected abstract allocateSlow(size: number): Address;
  protected abstract deallocateSlow(address: Address, size: number | undefined): void;
  /** Called when a counter's low word crosses a multiple of 2^31. */
  protected abstract carry(sizeClass: number): void;

  /**
   * A new object of at least `size` bytes. Its bytes are whatever was there before.
   * @returns its byte offset in the memory
   * @throws ERR_INVALID_SIZE, ERR_OUT_OF_MEMORY, ERR_DETACHED
   */
  allocate(size: number): Address {
    const allocsWord: typeof counter.allocs = 0;
    const freesWord: typeof counter.frees = 1;
    const baseWord: typeof counter.base = 2;
    const bytesWord: typeof row.bytes = 3;
    const granules: typeof granuleShift = 3;
    const classMask: typeof mapClassMask = 63;
    const distanceShift: typeof mapDistanceShift = 8;
    const crossing: typeof carryMask = 0x7fffffff;
    const shiftOfRow: typeof rowShift = 2;
    const shiftOfCounters: typeof counterShift = 2;
    const chunkSize: typeof chunkBytes = 65_536;
    if (typeof size !== "number" || (size | 0) !== size || size <= 0) return this.allocateSlow(size);
    const { words, states } = this;
    const index = this.classOf[(size + 7) >> granules];
    if (index === undefined) return this.allocateSlow(size);
    const at = (this.countersAt + (index << shiftOfCounters)) | 0;
    const allocs = words[(at + allocsWord) | 0] as number;
    const filled = (words[(at + baseWord) | 0] as number) + (words[(at + freesWord) | 0] as number);
    const rounds = (filled - allocs) | 0;
    if (rounds <= 0) return this.allocateSlow(size);
    const slot = words[((this.magazineAt[index] as number) + rounds - 1) | 0] as number;
    const chunk = slot >>> this.stateShift;
    const entry = words[(this.mapAt + chunk) | 0] as number;
    if (states[slot] !== this.worker || (entry & classMask) !== index) return this.allocateSlow(size);
    const next = (allocs + 1) | 0;
    states[slot] = this.liveState;
    words[(at + allocsWord) | 0] = next;
    if ((next & crossing) === 0) this.carry(index);
    const head = (chunk - (entry >>> distanceShift)) | 0;
    const bytes = this.rows[((index << shiftOfRow) + bytesWord) | 0] as number;
    return this.dataAt + head * chunkSize + Math.imul(slot - (head << this.stateShift), bytes);
  }

  /**
   * Ends an object, whichever worker allocated it. With `size`, that must round to the object's class.
   * @throws ERR_INVALID_ADDRESS, ERR_DOUBLE_FREE, ERR_SIZE_MISMATCH, ERR_DETACHED
   */
  deallocate(address: Address, size?: number): void {
    const allocsWord: typeof counter.allocs = 0;
    const freesWord: typeof counter.frees = 1;
    const baseWord: typeof counter.base = 2;
    const inverseWord: typeof row.inverse = 0;
    const shiftWord: typeof row.shift = 1;
    const roundsWord: typeof row.rounds = 2;
    const classMask: typeof mapClassMask = 63;
    const distanceShift: typeof mapDistanceShift = 8;
    const crossing: typeof carryMask = 0x7fffffff;
    const shiftOfRow: typeof rowShift = 2;
    const shiftOfCounters: typeof counterShift = 2;
    const live: typeof slotLive = 128;
    const slotLimit: typeof maxSlotsPerSlab = 16_384;
    if (typeof address !== "number" || address >>> 0 !== address) return this.deallocateSlow(address, size);
    const chunk = ((address >>> 16) - this.firstChunk) >>> 0;
    if (chunk >= this.chunkCount) return this.deallocateSlow(address, size);
    const { words, states, rows } = this;
    const entry = words[(this.mapAt + chunk) | 0] as number;
    const distance = entry >>> distanceShift;
    const index = entry & classMask;
    const rowAt = index << shiftOfRow;
    const offset = (distance << 16) | (address & 0xffff);
    const product = Math.imul(offset, rows[(rowAt + inverseWord) | 0] as number);
    const shift = rows[(rowAt + shiftWord) | 0] as number;
    const position = ((product >>> shift) | (product << (32 - shift))) >>> 0;
    if (position >= slotLimit) return this.deallocateSlow(address, size);
    const slot = (((chunk - distance) << this.stateShift) + position) | 0;
    // Written so that an empty view, whose bytes are undefined, goes the slow way, too.
    if (!((states[slot] as number) >= live)) return this.deallocateSlow(address, size);
    if (size !== undefined && this.indexFor(size) !== index) return this.deallocateSlow(address, size);
    const at = (this.countersAt + (index << shiftOfCounters)) | 0;
    const frees = words[(at + freesWord) | 0] as number;
    const filled = (words[(at + baseWord) | 0] as number) + frees;
    const rounds = (filled - (words[(at + allocsWord) | 0] as number)) | 0;
    if (rounds >= (rows[(rowAt + roundsWord) | 0] as number)) return this.deallocateSlow(address, size);
    const next = (frees + 1) | 0;
    words[((this.magazineAt[index] as number) + rounds) | 0] = slot;
    states[slot] = this.worker;
    words[(at + freesWord) | 0] = next;
    if ((next & crossing) === 0) this.carry(index);
  }
}

// SlabAllocator: one worker's door to a heap. Here are the fast path and the public surface; what happens
// when a magazine is empty or full is in slow-path.ts, and what a wrong address is told in locate.ts.
//
//   allocate    top of the magazine; its byte is w; byte = 128 + w; allocs + 1
//   deallocate  map → slot; byte ≥ 128; room; push; byte = w; frees + 1
//
// The byte comes before the counter in both, which is what settle.ts rests on. No call stands between two
// stores of the fast path, so no stack overflow can part them.

import { mapClassMask, mapDistanceShift } from "../arena/span-map.ts";
import type { Address, SlotIndex, WorkerId } from "../base/brands.ts";
import { AllocatorError, show } from "../base/errors.ts";
import { bufferOf, isShared } from "../memory/block.ts";
import { type Heap, heapStatus } from "../memory/heap.ts";
import { chunkBytes, counter, header, layoutVersion, maxSlotsPerSlab } from "../memory/layout.ts";
import { ViewedMemory } from "../memory/views.ts";
import { checkHeap, type Violation } from "./check.ts";
import { classByGranule, granuleShift, type SizeClass } from "./class-table.ts";
import { carryMask, mendCarries } from "./counters.ts";
import { createHeap, type Internals } from "./create.ts";
import { type HeapHandle, openHeap } from "./format.ts";
import { locate } from "./locate.ts";
import type { HeapOptions } from "./options.ts";
import type { ReapReport } from "./reaper.ts";
import { slotLive } from "./slot-state.ts";
import { SlowPath } from "./slow-path.ts";
import { collectStats, type SlabStats } from "./stats.ts";
import { currentToken, type TrackedWorker, Tracker } from "./track.ts";
import { slotOf } from "./workers.ts";

// A constant of this module is folded into the code; an imported one is loaded and checked at every use:
// 22.7 → 14.6 ns for free(allocate(64)). `| 0` on sums of indexes drops the overflow checks.
const classMask = mapClassMask;
const distanceShift = mapDistanceShift;
const slotLimit = maxSlotsPerSlab;
const live = slotLive;
const crossing = carryMask;
const bytesOfChunk = chunkBytes;
const granules = granuleShift;
const allocsWord = counter.allocs;
const freesWord = counter.frees;
const baseWord = counter.base;

export class SlabAllocator extends ViewedMemory {
  /** Slot and incarnation of this worker: never the same twice in a heap's life. */
  readonly workerId: WorkerId;

  // What the fast path reads. After detach the two views are empty: every call ends in its slow half.
  private words: Int32Array;
  private states: Uint8Array;
  private readonly worker: number;
  private readonly liveState: number;
  private readonly classOf: Uint8Array;
  private readonly classes: readonly SizeClass[];
  private readonly mapAt: number;
  private readonly stateShift: number;
  private readonly chunkCount: number;
  /** Chunks of the memory before the heap's first data chunk. */
  private readonly firstChunk: number;
  private readonly dataAt: number;

  private readonly heap: Heap;
  private readonly slow: SlowPath;
  private readonly tracker: Tracker;

  /**
   * Formats a heap in a memory, and attaches to it.
   * @throws ERR_INVALID_OPTION; ERR_OS_UNAVAILABLE when huge pages are asked for without an `os`
   */
  constructor(options: HeapOptions = {}, internals: Internals = {}) {
    const heap = internals.heap ?? createHeap(options, internals);
    const token = currentToken();
    const slow = new SlowPath(heap, token);
    super(bufferOf(heap.source));
    this.words = heap.words;
    this.states = heap.states;
    this.worker = slow.slot;
    this.liveState = slotLive | slow.slot;
    this.classOf = classByGranule(heap.layout);
    this.classes = slow.classes;
    this.mapAt = heap.layout.mapAt;
    this.stateShift = heap.layout.stateShift;
    this.chunkCount = heap.layout.chunkCount;
    this.firstChunk = heap.dataAt / chunkBytes;
    this.dataAt = heap.dataAt;
    this.heap = heap;
    this.slow = slow;
    this.tracker = new Tracker(heap, slow, token);
    this.workerId = slow.id;
  }

  /**
   * Joins a heap, in another worker or in the same.
   * @throws ERR_INCOMPATIBLE_HEAP, ERR_TOO_MANY_WORKERS, ERR_HEAP_BUSY, ERR_DETACHED
   */
  static attach(handle: HeapHandle): SlabAllocator {
    return new SlabAllocator({}, { heap: openHeap(handle) });
  }

  /** To be posted to another worker. @throws ERR_INVALID_OPTION for memory that is not shared */
  get handle(): HeapHandle {
    const { source, offset } = this.heap;
    if (!isShared(source)) {
      throw new AllocatorError("ERR_INVALID_OPTION", "a heap in memory that is not shared has no handle");
    }
    return { kind: "offheap", version: layoutVersion, memory: source, offset };
  }

  /**
   * A new object of at least `size` bytes. Its bytes are whatever was there before.
   * @returns its byte offset in the memory
   * @throws ERR_INVALID_SIZE, ERR_OUT_OF_MEMORY, ERR_DETACHED
   */
  allocate(size: number): Address {
    if (typeof size !== "number" || (size | 0) !== size || size <= 0) return this.allocateSlow(size);
    const index = this.classOf[(size + 7) >> granules];
    if (index === undefined) return this.allocateSlow(size);
    const sizeClass = this.classes[index] as SizeClass;
    const { words, states } = this;
    const at = sizeClass.countersAt;
    const allocs = words[(at + allocsWord) | 0] as number;
    const filled = (words[(at + baseWord) | 0] as number) + (words[(at + freesWord) | 0] as number);
    const rounds = (filled - allocs) | 0;
    if (rounds <= 0) return this.allocateSlow(size);
    const slot = words[(sizeClass.magazineAt + rounds - 1) | 0] as number;
    if (states[slot] !== this.worker) return this.allocateSlow(size);
    const chunk = slot >>> this.stateShift;
    const entry = words[(this.mapAt + chunk) | 0] as number;
    if ((entry & classMask) !== sizeClass.index) return this.allocateSlow(size);
    const next = (allocs + 1) | 0;
    states[slot] = this.liveState;
    words[(at + allocsWord) | 0] = next;
    if ((next & crossing) === 0) mendCarries(this.heap, sizeClass);
    const head = (chunk - (entry >>> distanceShift)) | 0;
    const offset = Math.imul(slot - (head << this.stateShift), sizeClass.objectBytes);
    return this.dataAt + head * bytesOfChunk + offset;
  }

  /**
   * Ends an object, whichever worker allocated it. With `size`, that must round to the object's class.
   * @throws ERR_INVALID_ADDRESS, ERR_DOUBLE_FREE, ERR_SIZE_MISMATCH, ERR_DETACHED
   */
  deallocate(address: Address, size?: number): void {
    if (typeof address !== "number" || address >>> 0 !== address) return this.deallocateSlow(address, size);
    const chunk = ((address >>> 16) - this.firstChunk) | 0;
    if (chunk < 0 || chunk >= this.chunkCount) return this.deallocateSlow(address, size);
    const { words, states } = this;
    const entry = words[(this.mapAt + chunk) | 0] as number;
    const distance = entry >>> distanceShift;
    const sizeClass = this.classes[entry & classMask] as SizeClass;
    const product = Math.imul((distance << 16) | (address & 0xffff), sizeClass.inverse);
    const { shift } = sizeClass;
    const index = ((product >>> shift) | (product << (32 - shift))) >>> 0;
    if (index >= slotLimit) return this.deallocateSlow(address, size);
    const slot = (((chunk - distance) << this.stateShift) + index) | 0;
    // Written so that an empty view, whose bytes are undefined, goes the slow way, too.
    if (!((states[slot] as number) >= live)) return this.deallocateSlow(address, size);
    if (size !== undefined && this.indexFor(size) !== sizeClass.index)
      return this.deallocateSlow(address, size);
    const at = sizeClass.countersAt;
    const frees = words[(at + freesWord) | 0] as number;
    const rounds =
      ((words[(at + baseWord) | 0] as number) + frees - (words[(at + allocsWord) | 0] as number)) | 0;
    if (rounds >= sizeClass.rounds) return this.deallocateSlow(address, size);
    const next = (frees + 1) | 0;
    words[(sizeClass.magazineAt + rounds) | 0] = slot;
    states[slot] = this.worker;
    words[(at + freesWord) | 0] = next;
    if ((next & crossing) === 0) mendCarries(this.heap, sizeClass);
  }

  /** Usable bytes of a live object. @throws ERR_INVALID_ADDRESS, ERR_DOUBLE_FREE when it is not live */
  sizeOf(address: Address): number {
    this.open();
    return locate(this.heap, this.classes, address).sizeClass.objectBytes;
  }

  /**
   * From now on the object counts as allocated by the caller: it is the caller's death that leaves it.
   * @throws ERR_INVALID_ADDRESS, ERR_DOUBLE_FREE
   */
  adopt(address: Address): void {
    this.open();
    // Another adopter, or the reaper of the last owner, may come in between; after either the byte is
    // still a live one, and a third try meets none of them again.
    for (let tries = 0; tries < 3; tries++) {
      const { slot, state } = locate(this.heap, this.classes, address);
      if (this.heap.atomics.swapByte(this.states, slot, state, this.liveState)) return;
    }
  }

  /** The caller's magazines go home, and slabs that are empty then go back. */
  cleanup(options: { all?: boolean } = {}): { slabs: number; decommittedBytes: number } {
    if (typeof options !== "object" || options === null) {
      throw new AllocatorError("ERR_INVALID_OPTION", `cleanup takes an object, got ${show(options)}`);
    }
    this.open();
    return { slabs: this.slow.cleanUp(), decommittedBytes: 0 };
  }

  /** Totals, per class, per worker: true when the workers are at rest. Plain loads only. */
  stats(): SlabStats {
    this.open();
    return collectStats(this.heap);
  }

  /** Walks the whole heap; [] when every invariant holds. For quiet heaps: what moves meanwhile is reported. */
  check(): Violation[] {
    this.open();
    return checkHeap(this.heap);
  }

  /**
   * Recovers a worker that has died: everything it had cached is usable again, and its objects are nobody's,
   * or freed with `live`. Only after proven death. Reaped or unknown before: an empty report.
   * @throws ERR_INVALID_WORKER for one's own id, and for what is no worker id
   */
  reap(workerId: WorkerId, options: { live?: boolean } = {}): ReapReport {
    this.open();
    const slot = Number.isSafeInteger(workerId) && workerId > 0 ? slotOf(workerId) : 0;
    if (slot < 1 || slot > 126)
      throw new AllocatorError("ERR_INVALID_WORKER", `no worker id: ${show(workerId)}`);
    if (workerId === this.workerId)
      throw new AllocatorError("ERR_INVALID_WORKER", "a worker cannot reap itself");
    this.slow.mend();
    return this.slow.reaper.reap(workerId, options?.live === true ? "free" : "disown");
  }

  /** Reaps by itself when the worker ends. @throws ERR_INVALID_WORKER, ERR_TOO_MANY_WORKERS */
  track(worker: TrackedWorker): void {
    this.open();
    this.tracker.track(worker);
  }

  /** Gives back this worker's caches and its id. Its objects stay, and are nobody's. Again: nothing. */
  detach(): void {
    this.reopen();
    this.slow.detach();
    this.words = new Int32Array(0);
    this.states = new Uint8Array(0);
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  /** Ends the heap for everyone. Every later call, of any worker, throws ERR_DETACHED. */
  destroy(): void {
    this.open();
    const { words, layout, atomics } = this.heap;
    atomics.store(words, header.status, heapStatus.destroyed);
    // Without a map no address has a slab and no round a class, so that each worker's next call is told.
    for (let chunk = 0; chunk < layout.chunkCount; chunk++) words[layout.mapAt + chunk] = 0;
    this.detach();
  }

  private allocateSlow(size: number): Address {
    this.open();
    const index = this.indexFor(size);
    if (index === 0) {
      const largest = this.heap.layout.objectBytes.at(-1);
      throw new AllocatorError("ERR_INVALID_SIZE", `sizes are integers, 1 to ${largest}, got ${show(size)}`);
    }
    this.slow.ensureRound(this.classes[index] as SizeClass);
    return this.allocate(size);
  }

  private deallocateSlow(address: Address, size: number | undefined): void {
    this.open();
    const { sizeClass, slot } = locate(this.heap, this.classes, address);
    if (size !== undefined && this.indexFor(size) !== sizeClass.index) {
      throw new AllocatorError(
        "ERR_SIZE_MISMATCH",
        `the object at ${address} has ${sizeClass.objectBytes} bytes, given back were ${show(size)}`,
      );
    }
    if (this.slow.ensureRoom(sizeClass)) this.deallocate(address);
    else this.slow.freeStray(sizeClass, slot as SlotIndex);
  }

  /** Index of the class that a request rounds to; 0 for what is no valid size. */
  private indexFor(size: unknown): number {
    if (typeof size !== "number" || !Number.isInteger(size) || size <= 0) return 0;
    return this.classOf[Math.ceil(size / 8)] ?? 0;
  }

  private open(): void {
    this.reopen();
    this.slow.assertAttached();
  }

  /** Memory that is not shared may have grown: its old buffer, and every view over it, is empty then. */
  private reopen(): void {
    if (this.heap.words.length > 0) return;
    this.heap.openViews();
    this.showMemory(bufferOf(this.heap.source));
    this.words = this.heap.words;
    this.states = this.heap.states;
  }
}

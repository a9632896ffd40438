// What the replay needs of an allocator. To add one: a file beside `slab.ts` that exports `adapter`,
// and its line in `registry.ts`.
//
// The thread that runs the command makes the heap and looks at it; each worker attaches to it by its
// handle, allocates and frees.

import type { Worker } from "node:worker_threads";

/** Of any heap, books included. */
export const mostCapacityBytes = 2 ** 32;

export type ClassPreset = "powersOfTwo" | "fine";

export interface HeapSetup {
  readonly capacityBytes: number;
  readonly classes: ClassPreset;
  readonly workers: number;
}

/** Larger requests are passed over. */
export interface RequestLimit {
  readonly bytes: number;
  /** Ends the sentence "requests over the limit are passed over …". */
  readonly reason: string;
}

export interface AllocatorAdapter {
  /** The largest request that a heap of this setup serves while it is empty. */
  limitOf(setup: HeapSetup): RequestLimit;
  /** What `--classes` is when it is not said. */
  readonly defaultClasses: ClassPreset;
  createHeap(setup: HeapSetup): ReplayHeap;
  attach(handle: unknown): AttachedHeap;
}

/** The side of the thread that made the heap. */
export interface ReplayHeap {
  /** Structured-cloneable; what `attach` takes in a worker. */
  readonly handle: unknown;
  /** Called for each worker as soon as it exists, so that the heap gets back what a dead one held. */
  track(worker: Worker): void;
  /** Both are called only while no worker allocates or frees. */
  measure(): HeapMeasure;
  check(): string[];
  cleanup(): void;
  destroy(): void;
}

/** The side of a worker. */
export interface AttachedHeap {
  /** Called in the timed loop, so: the allocator itself, with nothing put before it. */
  readonly allocator: ReplayAllocator;
  /** Keeps the bytes that fit into both sizes. */
  reallocate(address: number, size: number): number;
  detach(): void;
}

export interface ReplayAllocator {
  readonly u32: Uint32Array;
  allocate(size: number): number;
  deallocate(address: number): void;
}

export interface HeapMeasure {
  /** Bytes of the spans in use now, and the most that ever were at once. */
  readonly spanBytes: number;
  readonly peakSpanBytes: number;
  readonly bookBytes: number;
  readonly liveObjects: number;
  /** Bytes of the slots of the live objects. */
  readonly liveSlotBytes: number;
  readonly classes: readonly ClassMeasure[];
  /** Live objects larger than any class, and the bytes set aside for them. */
  readonly large: { readonly objects: number; readonly bytes: number };
}

export interface ClassMeasure {
  readonly objectSize: number;
  readonly slabs: number;
  readonly live: number;
  readonly cached: number;
  readonly free: number;
}

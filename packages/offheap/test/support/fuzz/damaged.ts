// A heap in use, and copies of it with damaged books: for the tests that ask what becomes of it then.

import assert from "node:assert/strict";
import fc from "fast-check";
import { SlabAllocator } from "offheap";
import type { Layout } from "#src/memory/layout.js";
import { heapOf } from "../heaps.ts";

export const capacity = 2 << 20;
export const sizeClasses = [64, 1000, 8192];

/** A heap in use: objects of two workers, full and empty magazines, slabs of three classes, free chunks. */
function makeOriginal(): { bytes: Buffer; layout: Layout; live: Map<number, number>; version: number } {
  const memory = new SharedArrayBuffer(capacity);
  const first = new SlabAllocator({ memory, capacity, maxWorkers: 5, sizeClasses });
  const second = SlabAllocator.attach(first.handle);
  const live = new Map<number, number>();
  for (let i = 0; i < 200; i++) {
    const worker = i % 3 === 0 ? second : first;
    const address = worker.allocate(1 + ((i * 37) % 8000));
    if (i % 4 === 0) (i % 8 === 0 ? first : second).deallocate(address);
    else live.set(address, worker.sizeOf(address));
  }
  const { layout } = heapOf(first);
  assert.deepEqual(first.check(), []);
  return { bytes: Buffer.from(Buffer.from(memory)), layout, live, version: first.handle.version };
}

export const original = makeOriginal();
export const { layout } = original;

/** The regions of the books, as words from the heap's start. */
export const regions: Record<string, readonly [number, number]> = {
  header: [0, layout.workersAt],
  workers: [layout.workersAt, layout.recordsAt],
  records: [layout.recordsAt, layout.claimsAt],
  claims: [layout.claimsAt, layout.mapAt],
  map: [layout.mapAt, layout.infoAt],
  info: [layout.infoAt, layout.chunkSetsAt],
  sets: [layout.chunkSetsAt, layout.statesAt / 4],
  states: [layout.statesAt / 4, layout.bookBytes / 4],
};

export interface Change {
  readonly at: number;
  /** bits: some bits of the word are replaced by the value's, so that what else it says stays plausible. */
  readonly how: "flip" | "set" | "copy" | "bits";
  readonly bit: number;
  readonly value: number;
}

const value = fc.oneof(fc.constantFrom(0, -1, 1, 128, 0x7fffffff, -(2 ** 31), 0x01010101), fc.integer());
export const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(2 ** 30),
  how: fc.constantFrom("flip", "flip", "set", "copy", "bits"),
  bit: fc.nat(31),
  value,
});

/** A copy of the original, changed within a region. */
export function damaged(
  [from, end]: readonly [number, number],
  changes: readonly Change[],
): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(capacity);
  original.bytes.copy(Buffer.from(memory));
  const words = new Int32Array(memory);
  for (const { at, how, bit, value: given } of changes) {
    // The first words of a region are hit more often: they are those in use.
    const index = from + (at % (at % 2 === 0 ? Math.min(end - from, 64) : end - from));
    const source = from + ((given >>> 0) % (end - from));
    const mask = -1 << bit;
    if (how === "bits") words[index] = ((words[index] as number) & ~mask) | (given & mask);
    else if (how === "flip") words[index] = (words[index] as number) ^ (1 << bit);
    else words[index] = how === "set" ? given : (words[source] as number);
  }
  return memory;
}

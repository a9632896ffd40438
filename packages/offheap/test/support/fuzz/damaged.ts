// A heap in use, and copies of it with damaged books: for the tests that ask what becomes of it then.

import assert from "node:assert/strict";
import fc from "fast-check";
import { type HeapHandle, MemoryPool, SlabAllocator } from "offheap";
import type { Layout } from "#src/layout/layout.js";
import { rootCount, wordsPerCell } from "#src/layout/structures.js";
import { bufferOf } from "#src/memory/kind.js";
import { heapOf } from "../heaps.ts";
import { kitOf } from "../kits.ts";
import { wasmMemory } from "../wasm.ts";

export const capacity = 2 << 20;
export const sizeClasses = [64, 1000, 8192];

/** A heap in use, as it was before any damage. */
export interface Original {
  readonly bytes: Buffer;
  readonly layout: Layout;
  /** Bytes of each live object. */
  readonly live: ReadonlyMap<number, number>;
  /** Objects of structures: what the names say, what is retired. Damage of the books may leave one that nobody ends. */
  readonly inStructures: readonly number[];
  readonly version: number;
  /** The regions of the books, as words from the heap's start. */
  readonly regions: Readonly<Record<string, Region>>;
}

export type Region = readonly [from: number, end: number];

/** Objects of two workers, a quarter of them freed by either: full and empty magazines, spans, free chunks. */
function makeOriginal(
  [first, second]: readonly [SlabAllocator, SlabAllocator],
  memory: SharedArrayBuffer,
  sizes: readonly number[],
): Original {
  const live = new Map<number, number>();
  for (const [i, size] of sizes.entries()) {
    const worker = i % 3 === 0 ? second : first;
    const address = worker.allocate(size);
    if (i % 4 === 0) (i % 8 === 0 ? first : second).deallocate(address);
    else live.set(address, worker.sizeOf(address));
  }
  const { layout } = heapOf(first);
  const inStructures = addStructures(first, second, [...live.keys()]);
  assert.deepEqual(first.check(), []);
  const bytes = Buffer.from(Buffer.from(memory));
  return { bytes, layout, live, inStructures, version: first.handle.version, regions: regionsOf(layout) };
}

/** Names, and an object of each worker that is retired and still read by the other; where all these are. */
function addStructures(first: SlabAllocator, second: SlabAllocator, targets: readonly number[]): number[] {
  const { words, layout } = heapOf(first);
  for (const [i, worker] of [first, second, first, second, first].entries())
    worker.roots.set(`name ${i}`, { kind: "test", address: targets[i] as number });
  const named = words.subarray(layout.rootsAt, layout.rootsAt + rootCount * wordsPerCell);
  const found = [...named].filter((word, i) => i % wordsPerCell === 0 && word !== 0);
  const cell = targets[0] as number;
  for (const [worker, reader] of [
    [first, second],
    [second, first],
  ] as const) {
    const kit = kitOf(worker);
    first.u32.fill(0, cell / 4, cell / 4 + wordsPerCell);
    const object = kit.allocate(64);
    kit.exchange(cell, 0, 0, object);
    kit.commit();
    kitOf(reader).core.protect(0, cell);
    kit.exchange(cell, object, kit.core.seeCell(cell) && kit.core.stampSeen(), 0, object);
    kit.retire();
    found.push(object);
  }
  return found;
}

export function regionsOf(layout: Layout): Record<string, Region> {
  return {
    header: [0, layout.mapAt],
    workers: [layout.workersAt, layout.recordsAt],
    records: [layout.recordsAt, layout.claimsAt],
    intents: [layout.intentsAt, layout.notesAt],
    notes: [layout.notesAt, layout.rootsAt],
    roots: [layout.rootsAt, layout.generationsAt],
    claims: [layout.claimsAt, layout.infoAt],
    map: [layout.mapAt, layout.workersAt],
    info: [layout.infoAt, layout.chunkSetsAt],
    sets: [layout.chunkSetsAt, layout.statesAt / 4],
    states: [layout.statesAt / 4, layout.bookBytes / 4],
  };
}

function makeSlabs(): Original {
  const memory = new SharedArrayBuffer(capacity);
  const first = new SlabAllocator({ memory, capacity, maxWorkers: 5, sizeClasses });
  const sizes = Array.from({ length: 200 }, (_, i) => 1 + ((i * 37) % 8000));
  return makeOriginal([first, SlabAllocator.attach(first.handle)], memory, sizes);
}

/** Slots, page runs in spans of several chunks, and objects above 128 KiB, which have a span of their own. */
function makePool(): Original {
  const memory = new SharedArrayBuffer(2 * capacity);
  const options = { memory, capacity: 2 * capacity, maxWorkers: 5, sizeClasses };
  const first = new MemoryPool(options, { tiny: { slotsPerSlab: 64, slabChunks: 2 } });
  const sizes = Array.from({ length: 80 }, (_, i) =>
    i % 20 === 9 ? 132_000 + i * 100 : i % 4 === 1 ? 8193 + ((i * 331) % 30_000) : 1 + ((i * 37) % 8000),
  );
  return makeOriginal([first, MemoryPool.attach(first.handle)], memory, sizes);
}

export const slabs = makeSlabs();
export const pool = makePool();

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

/**
 * A handle to a copy of a heap, changed within a region: in a memory that the compiled core serves, which ends with the
 * heap, so that an access beyond it would trap; or in a buffer.
 */
export function damaged(
  original: Original,
  region: Region,
  changes: readonly Change[],
  isCompiled: boolean,
): HeapHandle {
  const pages = original.bytes.length / 65_536;
  const memory = isCompiled ? wasmMemory(pages, pages, true) : new SharedArrayBuffer(original.bytes.length);
  const buffer = bufferOf(memory);
  original.bytes.copy(Buffer.from(buffer as ArrayBuffer));
  damage(new Int32Array(buffer), region, changes);
  return { kind: "offheap", version: original.version, memory, offset: 0 };
}

export function damage(words: Int32Array, [from, end]: Region, changes: readonly Change[]): void {
  for (const { at, how, bit, value: given } of changes) {
    // The first words of a region are hit more often: they are those in use.
    const index = from + (at % (at % 2 === 0 ? Math.min(end - from, 64) : end - from));
    const source = from + ((given >>> 0) % (end - from));
    const mask = -1 << bit;
    if (how === "bits") words[index] = ((words[index] as number) & ~mask) | (given & mask);
    else if (how === "flip") words[index] = (words[index] as number) ^ (1 << bit);
    else words[index] = how === "set" ? given : (words[source] as number);
  }
}

/** Any region of a heap's books, or all of them. */
export function placeIn({ layout, regions }: Original): fc.Arbitrary<Region> {
  return fc.constantFrom<Region>([0, layout.bookBytes / 4], ...Object.values(regions));
}

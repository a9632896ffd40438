// How long a new slab is. About 1 MiB; where many classes share the memory and little of it is in use, less, so
// that a slab which empties soon serves another class. The footprint of the fine classes went from 1.48 to 1.39
// times the bytes requested at the peak of the sqlite trace, mimalloc 1.26 (docs/measurements.md).

import { divideUp } from "../base/bits.ts";
import type { Heap } from "../memory/heap.ts";
import { chunkBytes, header } from "../memory/layout.ts";
import type { SizeClass } from "./class-table.ts";

/** Lists of more classes than this begin with short slabs: at least so many chunks, and so many slots. */
const fewClasses = 16;
const shortSlabChunks = 4;
const fewestSlots = 16;
/** A short slab may have a 64th of all chunks that are in spans. */
const shortSlabShift = 6;

/** Chunks that a new slab of the class asks for, by the hint of how many are in spans. */
export function chunksOfNewSlab(heap: Heap, { objectBytes, slabChunks }: SizeClass): number {
  if (heap.layout.objectBytes.length <= fewClasses) return slabChunks;
  const part = heap.atomics.load(heap.words, header.spanChunks) >> shortSlabShift;
  const least = Math.max(shortSlabChunks, divideUp(fewestSlots * objectBytes, chunkBytes));
  return Math.min(Math.max(part, least), slabChunks);
}

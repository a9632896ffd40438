// What fits into a span of so many chunks, and how many a slab asks for.

import { fewestSlots, slabBytes } from "../../core/layout/index.ts";
import { type ClassIndex, clamp, divideUp } from "../base/index.ts";
import { chunkBytes, type HeapConfig } from "./layout.ts";
import { pagesPerChunk } from "./pages.ts";

/** Pages of a span of pages of `chunks` chunks. */
export function pageCountOf(layout: HeapConfig, chunks: number): number {
  return Math.min(layout.slotsPerSlab, chunks * pagesPerChunk);
}

/** Slots of a slab of `chunks` chunks. */
export function slotCountOf(layout: HeapConfig, classIndex: ClassIndex, chunks: number): number {
  const bytes = layout.objectBytes[classIndex - 1] as number;
  return Math.min(layout.slotsPerSlab, Math.floor((chunks * chunkBytes) / bytes));
}

/** Chunks that a new slab asks for: about 1 MiB, 16 to 16,384 slots, less where the heap is small. */
export function slabChunksOf(layout: HeapConfig, classIndex: ClassIndex): number {
  const bytes = layout.objectBytes[classIndex - 1] as number;
  const slots = clamp(Math.floor(slabBytes / bytes), fewestSlots, layout.slotsPerSlab);
  return Math.min(divideUp(slots * bytes, chunkBytes), layout.slabChunks);
}

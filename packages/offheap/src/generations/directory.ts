// From an address to its generation stub, and from a stub to the slot that it is about.
//
//   directory entry of a chunk   0, or address of its leaf | log2(stride) − 5
//   leaf                         65,536 / stride stubs; that of a slot is at its offset in the chunk / stride
//
// A stride is no longer than the chunk's objects, so no two slots begin in one stub. A leaf lives as long as the heap.

import { mapClassMask, mapDistanceShift } from "../arena/index.ts";
import { clamp } from "../base/index.ts";
import { chunkBytes, chunkShift } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";

const chunkMask = chunkBytes - 1;
const strideBits = 7;
const wordShift = 2;
/** log2 of the shortest stride: a leaf is no longer than 8 KiB then, which a slab of any heap has. */
export const leastStrideShift = 5;

/** No stub, no slot. */
export const nowhere = -1;

/** log2 of the stride of a leaf for objects of so many bytes. */
export const strideShiftFor = (objectBytes: number): number =>
  clamp(31 - Math.clz32(objectBytes), leastStrideShift, leastStrideShift + strideBits);

export const leafBytes = (strideShift: number): number => 1 << (chunkShift - strideShift + wordShift);

export const entryOf = (leaf: number, strideShift: number): number => leaf | (strideShift - leastStrideShift);
export const leafOf = (entry: number): number => (entry & ~strideBits) >>> 0;
export const strideShiftOf = (entry: number): number => (entry & strideBits) + leastStrideShift;

export const chunkOf = (heap: Heap, address: number): number =>
  (address >>> chunkShift) - (heap.dataAt >>> chunkShift);

/** The index in `Heap.whole` of an address's stub, in the leaf of an entry. */
export const stubIn = (entry: number, address: number): number =>
  ((entry >>> 3) << 1) + ((address & chunkMask) >>> strideShiftOf(entry));

/** The same by the directory; `nowhere` where no record ever was, or the directory is damaged. */
export function stubAt(heap: Heap, address: number): number {
  const chunk = chunkOf(heap, address);
  if (!isChunk(heap, chunk)) return nowhere;
  // A plain load: who has an address of a record had it by a hand-over that is ordered after the leaf.
  const entry = heap.words[heap.layout.generationsAt + chunk] as number;
  const at = stubIn(entry, address);
  return entry === 0 || at >= heap.whole.length ? nowhere : at;
}

const isChunk = ({ layout }: Heap, chunk: number): boolean => chunk >= 0 && chunk < layout.chunkCount;

/** Bytes of the objects of a chunk's slab; 0: it is in none. */
export function objectBytesAt({ words, layout }: Heap, chunk: number): number {
  return layout.objectBytes[((words[layout.mapAt + chunk] as number) & mapClassMask) - 1] ?? 0;
}

/** Bytes from the head of its span to an offset in a chunk. */
export function offsetInSpan({ words, layout }: Heap, chunk: number, offset: number): number {
  return ((words[layout.mapAt + chunk] as number) >>> mapDistanceShift) * chunkBytes + offset;
}

/** Index of the state byte of the slot that begins at an address of a slab; `nowhere` where none does. */
export function slotAt(heap: Heap, address: number): number {
  const chunk = chunkOf(heap, address);
  if (!isChunk(heap, chunk)) return nowhere;
  const objectBytes = objectBytesAt(heap, chunk);
  const offset = offsetInSpan(heap, chunk, address & chunkMask);
  const head = chunk - ((heap.words[heap.layout.mapAt + chunk] as number) >>> mapDistanceShift);
  if (objectBytes === 0 || head < 0 || offset % objectBytes !== 0) return nowhere;
  return (head << heap.layout.stateShift) + offset / objectBytes;
}

/** The first slot of a chunk that begins at an offset or behind it: its offset, which may lie beyond the chunk. */
export function slotStartFrom(heap: Heap, chunk: number, offset: number, objectBytes: number): number {
  const past = offsetInSpan(heap, chunk, offset) % objectBytes;
  return past === 0 ? offset : offset + objectBytes - past;
}

// Pools and heaps whose data lie above 2 GiB, in a memory of up to 4 GiB of which a few MiB are touched.

import assert from "node:assert/strict";
import { type HeapOptions, MemoryPool, SlabAllocator } from "offheap";
import { heapOf } from "./heaps.ts";
import { wasmMemory } from "./wasm.ts";

const MiB = 2 ** 20;

export interface Place {
  readonly name: string;
  readonly offset: number;
  readonly capacity: number;
  /** Bytes of the memory. Where that is not 2^32, an index that wrapped leads elsewhere, also when counted from the end. */
  readonly memoryBytes: number;
}

/** With the middle of the data at 2^31, all of it above that, and with the last byte that an address can name. */
export const places: readonly Place[] = [
  { name: "across 2^31", offset: 2 ** 31 - 18 * MiB, capacity: 32 * MiB, memoryBytes: 2 ** 32 },
  {
    name: "at 3 GiB and a chunk",
    offset: 3 * 2 ** 30 + 65_536,
    capacity: 32 * MiB,
    memoryBytes: 3.25 * 2 ** 30,
  },
  { name: "up to 2^32", offset: 2 ** 32 - 32 * MiB, capacity: 32 * MiB, memoryBytes: 2 ** 32 },
];

/** Objects of every kind: the smallest slot, slots, page runs, spans. */
export const kinds = [8, 100, 8192, 8193, 100 * 1024, 448 * 1024, 448 * 1024 + 1, 3 * MiB];

function memoryOf({ memoryBytes }: Place) {
  return wasmMemory(memoryBytes / 65_536, memoryBytes / 65_536, true);
}

export function poolAt(place: Place, more: HeapOptions = {}): MemoryPool {
  const { offset, capacity } = place;
  return new MemoryPool({ memory: memoryOf(place), offset, capacity, maxWorkers: 3, ...more });
}

export function slabsAt(place: Place, more: HeapOptions = {}): SlabAllocator {
  const { offset, capacity } = place;
  return new SlabAllocator({ memory: memoryOf(place), offset, capacity, maxWorkers: 3, ...more });
}

/** A number as a caller is to get it: in the data, whole, and not negative. */
export function assertInside(heap: SlabAllocator, address: number, bytes: number): void {
  const { dataAt, layout } = heapOf(heap);
  assert.ok(Number.isInteger(address), `${address} is no integer`);
  const end = dataAt + layout.chunkCount * 65_536;
  assert.ok(address >= dataAt && address + bytes <= end, `${address} is not in ${dataAt} to ${end}`);
}

/** What `address` becomes where 32 bits are taken for signed, or for all there are: none of them is an address. */
export function misread(address: number): number[] {
  return [address | 0, address - 2 ** 32, address + 2 ** 32, -address].filter((wrong) => wrong !== address);
}

/** All bytes that are in no object yet. */
export function dirtyAll(heap: SlabAllocator): void {
  const { dataAt, layout } = heapOf(heap);
  heap.i32.fill(-1, dataAt / 4, dataAt / 4 + layout.chunkCount * 16_384);
}

export function dirty(heap: SlabAllocator, address: number): void {
  heap.u8.fill(0xff, address, address + heap.sizeOf(address));
}

export function assertZero(heap: SlabAllocator, address: number, bytes: number): void {
  const { u8 } = heap;
  for (let at = address; at < address + bytes; at++)
    if (u8[at] !== 0) assert.fail(`byte ${at - address} of ${bytes} at ${address} is ${u8[at]}, not 0`);
}

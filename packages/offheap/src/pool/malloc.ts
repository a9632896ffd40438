// malloc for WebAssembly modules, over a pool: five functions to import. A module's i32 arrives signed, so every
// argument is made unsigned first. NULL (0) is returned where there is no memory for a request, and nowhere else;
// an address that is none, or was freed, throws: in the module that is a trap, and the heap is whole.
//
//   malloc(0), realloc(p, 0)   the smallest object, an address of its own, to be freed as any other
//   alignment                  16 bytes (clang's max_align_t on wasm32) from 9 bytes on; 8 below
//
// Small requests are rounded up here to a class that is a multiple of 16, so that the pool's fast path serves
// them with one number and no options. With SizeClasses.malloc nothing is lost by that; of the fine classes it leaves
// 17 of 47: at the peak of four traces slots had 1.07–1.47 times the bytes requested, against 1.03–1.10.

import type { Address } from "../base/brands.ts";
import { AllocatorError } from "../base/errors.ts";

/** What malloc needs of a pool. */
export interface MallocHeap {
  readonly f64: Float64Array;
  allocate(size: number, options?: { readonly align?: number; readonly zeroed?: boolean }): Address;
  reallocate(address: Address, size: number): Address;
  deallocate(address: Address): void;
}

/** What a module imports, as C declares it. Addresses and sizes may come signed and are returned unsigned. */
export type MallocImports = {
  malloc(size: number): number;
  free(address: number): void;
  calloc(count: number, size: number): number;
  realloc(address: number, size: number): number;
  aligned_alloc(alignment: number, size: number): number;
};

const granuleShift = 3;
const mallocAlign = 16;
const largestAlign = 2 ** 21;
const zeroed = { zeroed: true };

/** For each request in granules of 8 bytes, the size to ask the pool for. */
function roundedSizes(classes: readonly number[]): Uint32Array {
  const largest = classes.at(-1) as number;
  return Uint32Array.from({ length: (largest >>> granuleShift) + 1 }, (_, granules) => {
    const align = granules < 2 ? mallocAlign / 2 : mallocAlign;
    const bytes = Math.max(granules, 1) << granuleShift;
    // Beyond the classes the pool serves runs of pages, which are aligned to more than 16 bytes.
    return classes.find((each) => each >= bytes && each % align === 0) ?? largest + 1;
  });
}

/** NULL for want of memory; any other exception passes on. Nothing shared is read or written here. */
function nullOrThrow(error: unknown): 0 {
  const noMemory =
    error instanceof AllocatorError &&
    (error.code === "ERR_OUT_OF_MEMORY" || error.code === "ERR_INVALID_SIZE");
  if (noMemory) return 0;
  throw error;
}

/** Moves a slot: an object of JavaScript's may stand at a multiple of 8. */
export type MoveSlot = (address: Address, size: number) => Address;

/** The five functions over a pool with these size classes. */
export function mallocOver(heap: MallocHeap, classes: readonly number[], moveSlot: MoveSlot): MallocImports {
  const rounded = roundedSizes(classes);
  const largest = classes.at(-1) as number;
  const alignOptions = Array.from({ length: Math.log2(largestAlign) + 1 }, (_, log) => ({ align: 2 ** log }));

  function sizeFor(bytes: number): number {
    return bytes <= largest ? (rounded[(bytes + 7) >> granuleShift] as number) : bytes;
  }

  function malloc(size: number): number {
    try {
      return heap.allocate(sizeFor(size >>> 0));
    } catch (error) {
      return nullOrThrow(error);
    }
  }

  function free(address: number): void {
    if (address !== 0) heap.deallocate(address >>> 0);
  }

  function calloc(count: number, size: number): number {
    const bytes = (count >>> 0) * (size >>> 0);
    if (bytes >= 2 ** 32) return 0;
    try {
      if (bytes > largest) return heap.allocate(bytes, zeroed);
      const address = heap.allocate(sizeFor(bytes));
      const { f64 } = heap;
      // The loop of clear.ts without the call: where the stack ends that would throw, and the object be lost.
      const first = address >>> 3;
      const end = first + ((bytes + 7) >>> 3);
      for (let i = first; i < end; i++) f64[i] = 0;
      return address;
    } catch (error) {
      return nullOrThrow(error);
    }
  }

  function realloc(address: number, size: number): number {
    if (address === 0) return malloc(size);
    const from = address >>> 0;
    const bytes = sizeFor(size >>> 0);
    try {
      return from % mallocAlign === 0 || bytes < mallocAlign
        ? heap.reallocate(from, bytes)
        : moveSlot(from, bytes);
    } catch (error) {
      return nullOrThrow(error);
    }
  }

  function aligned_alloc(alignment: number, size: number): number {
    const align = alignment >>> 0;
    const log = 31 - Math.clz32(align);
    if (align !== 2 ** log || align > largestAlign) return 0;
    if (align <= mallocAlign) return malloc(Math.max(size >>> 0, align));
    try {
      return heap.allocate(Math.max(size >>> 0, 1), alignOptions[log]);
    } catch (error) {
      return nullOrThrow(error);
    }
  }

  return { malloc, free, calloc, realloc, aligned_alloc };
}

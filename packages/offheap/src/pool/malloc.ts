// malloc for WebAssembly modules, over a pool: functions to import. NULL (0) is returned where there is no memory for
// a request, and nowhere else; an address that is none, or was freed, throws: in the module that is a trap, and the
// heap is whole. What else an argument may be, and what it is told: malloc-arguments.ts.
//
//   malloc(0), realloc(p, 0)   the smallest object, an address of its own, to be freed as any other
//   alignment                  16 bytes (clang's max_align_t on wasm32) from 9 bytes on; 8 below
//   realloc to what fits       never NULL. In a full heap the object stays where it is, as it is aligned
//
// With `direct` those up to memalign are the core's (core/worker/calls.ts), and these serve what it does not.
//
// Small requests are rounded up here to a class that is a multiple of 16, so that the pool's fast path serves
// them with one number and no options. With SizeClasses.malloc nothing is lost by that; of the fine classes it leaves
// 17 of 47: at the peak of four traces slots had 1.07–1.47 times the bytes requested, against 1.03–1.10.

import { type Address, nullOrThrow } from "../base/index.ts";
import { granuleShift, mallocAlign } from "../layout/index.ts";
import type { Core } from "../memory/index.ts";
import { addressArgument, alignArgument, sizeArgument } from "./malloc-arguments.ts";
import { maxAlignBytes } from "./options.ts";

/** What malloc needs of a pool. */
export interface MallocHeap {
  readonly f64: Float64Array;
  allocate(size: number, options?: { readonly align?: number; readonly zeroed?: boolean }): Address;
  deallocate(address: Address): void;
  sizeOf(address: Address): number;
}

/** And of its inside. */
export interface MallocInside {
  /** Whose own calls a module is to make; undefined: those that check what JavaScript passes. */
  readonly core: Core | undefined;
  /** The pool's next call looks whether an exception has cut one of the core's short, of which the pool knows nothing. */
  pause(): void;
  /** After the core's part of a clean-up. */
  cleanUp(): void;
  /** Makes an object `want` bytes long; where it has `least` and no such place can be had, it stays. */
  resize(address: Address, want: number, least: number): Address;
  /** The word that an address is returned in. @throws ERR_INVALID_ADDRESS */
  outCell(address: number): Uint32Array;
}

/**
 * What a module imports, as C declares it. Addresses and sizes may come signed and are returned unsigned.
 * @throws ERR_INVALID_ADDRESS, ERR_DOUBLE_FREE for an address that is none, or was freed; ERR_DETACHED
 */
export type MallocImports = {
  malloc(size: number): number;
  free(address: number): void;
  calloc(count: number, size: number): number;
  realloc(address: number, size: number): number;
  aligned_alloc(alignment: number, size: number): number;
  memalign(alignment: number, size: number): number;
  reallocarray(address: number, count: number, size: number): number;
  /** 0, or EINVAL or ENOMEM with the numbers of Linux: 22, 12. */
  posix_memalign(out: number, alignment: number, size: number): number;
  malloc_usable_size(address: number): number;
};

/** Those that may be the core's. */
type DirectImports = Pick<
  MallocImports,
  "malloc" | "free" | "calloc" | "realloc" | "aligned_alloc" | "memalign"
>;

const pointerBytes = 4;
const invalidArgument = 22;
const noMemory = 12;
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

function isPowerOfTwo(align: number): boolean {
  return align === 2 ** (31 - Math.clz32(align));
}

/** An object, or NULL: of a checked number. */
type Serve = (bytes: number) => number;
type Alignment = Pick<MallocImports, "aligned_alloc" | "posix_memalign">;

/** Those that take an alignment. */
function alignedOver(heap: MallocHeap, { outCell }: MallocInside, serve: Serve): Alignment {
  const alignOptions = Array.from({ length: Math.log2(maxAlignBytes) + 1 }, (_, log) => ({
    align: 2 ** log,
  }));

  /** Of checked numbers. */
  function allocateAligned(align: number, bytes: number): number {
    if (align > maxAlignBytes) return 0;
    if (align <= mallocAlign) return serve(Math.max(bytes, align));
    try {
      return heap.allocate(Math.max(bytes, 1), alignOptions[31 - Math.clz32(align)]);
    } catch (error) {
      return nullOrThrow(error);
    }
  }

  return {
    aligned_alloc(alignment, size) {
      const align = alignArgument(alignment);
      const bytes = sizeArgument(size);
      return isPowerOfTwo(align) ? allocateAligned(align, bytes) : 0;
    },

    posix_memalign(out, alignment, size) {
      const cell = outCell(out);
      const align = alignArgument(alignment);
      const bytes = sizeArgument(size);
      if (!isPowerOfTwo(align) || align < pointerBytes) return invalidArgument;
      const address = allocateAligned(align, bytes);
      if (address === 0) return noMemory;
      cell[0] = address;
      return 0;
    },
  };
}

/** Those that make an object longer or shorter. */
function reallocOver(
  inside: MallocInside,
  serve: Serve,
  sizeFor: (bytes: number) => number,
): Pick<MallocImports, "realloc" | "reallocarray"> {
  function realloc(address: number, size: number): number {
    const bytes = sizeArgument(size);
    if (address === 0) return serve(bytes);
    const from = addressArgument(address);
    try {
      return inside.resize(from, sizeFor(bytes), Math.max(bytes, 1));
    } catch (error) {
      return nullOrThrow(error);
    }
  }

  function reallocarray(address: number, count: number, size: number): number {
    const bytes = sizeArgument(count) * sizeArgument(size);
    if (bytes < 2 ** 32) return realloc(address, bytes);
    addressArgument(address);
    return 0;
  }

  return { realloc, reallocarray };
}

/** What the core's own calls do not serve. */
function repairing(
  { malloc, free, calloc, realloc, aligned_alloc, memalign }: DirectImports,
  inside: MallocInside,
): DirectImports {
  return {
    malloc: (size) => {
      inside.pause();
      return malloc(size);
    },
    free: (address) => {
      inside.pause();
      free(address);
    },
    calloc: (count, size) => {
      inside.pause();
      return calloc(count, size);
    },
    realloc: (address, size) => {
      inside.pause();
      return realloc(address, size);
    },
    aligned_alloc: (alignment, size) => {
      inside.pause();
      return aligned_alloc(alignment, size);
    },
    memalign,
  };
}

/** The functions over a pool with these size classes. */
export function mallocOver(
  heap: MallocHeap,
  classes: readonly number[],
  inside: MallocInside,
): MallocImports {
  const rounded = roundedSizes(classes);
  const largest = classes.at(-1) as number;

  function sizeFor(bytes: number): number {
    return bytes <= largest ? (rounded[(bytes + 7) >> granuleShift] as number) : bytes;
  }

  function serve(bytes: number): number {
    try {
      return heap.allocate(sizeFor(bytes));
    } catch (error) {
      return nullOrThrow(error);
    }
  }

  function malloc(size: number): number {
    return serve(sizeArgument(size));
  }

  function free(address: number): void {
    if (address !== 0) heap.deallocate(addressArgument(address));
  }

  function calloc(count: number, size: number): number {
    const bytes = sizeArgument(count) * sizeArgument(size);
    // Not a number is 0 times more than there can be.
    if (!(bytes < 2 ** 32)) return 0;
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

  function malloc_usable_size(address: number): number {
    return address === 0 ? 0 : heap.sizeOf(addressArgument(address));
  }

  const { aligned_alloc, posix_memalign } = alignedOver(heap, inside, serve);
  const { realloc, reallocarray } = reallocOver(inside, serve, sizeFor);
  const own = { malloc, free, calloc, realloc, aligned_alloc, memalign: aligned_alloc };
  const others = { reallocarray, posix_memalign, malloc_usable_size };
  const { core, cleanUp } = inside;
  if (core === undefined) return { ...own, ...others };
  core.bindSlow({ ...repairing(own, inside), cleanUp });
  const { alignedAlloc } = core;
  // In JavaScript the core's makes the object, and then a call that clears it: where the stack ends it would be lost.
  const clearing = core.engine === "wasm" ? core.calloc : calloc;
  const direct = { malloc: core.malloc, free: core.free, calloc: clearing, realloc: core.realloc };
  return { ...direct, aligned_alloc: alignedAlloc, memalign: alignedAlloc, ...others };
}

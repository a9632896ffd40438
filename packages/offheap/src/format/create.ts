// From options to a formatted heap.

import { type Access, type Heap, reserveMemory } from "../memory/index.ts";
import type { OtherSpansOf } from "../slab/index.ts";
import { formatHeap, openHeap } from "./format.ts";
import type { HeapHandle } from "./handle.ts";
import { adviseHugePages } from "./huge-pages.ts";
import { assertVacant } from "./occupied.ts";
import { type HeapOptions, resolveOptions, type TinyGeometry } from "./options.ts";
import { type AttachOptions, checkAttach } from "./os-options.ts";

/** The one back door, for tests: how memory is reached, geometries too small for use, an opened heap. */
export interface Internals {
  readonly access?: Access;
  readonly tiny?: TinyGeometry;
  readonly heap?: Heap;
  /** What makes a heap a pool: its spans that are no slabs. */
  readonly others?: OtherSpansOf;
}

/** Checks the options, and what lies in a given memory; only then reserves and writes. @throws ERR_HEAP_BUSY, too */
export function createHeap(options: HeapOptions, internals: Internals): Heap {
  const isPool = internals.others !== undefined;
  const { memory, offset, layout, os, hugePages, engine } = resolveOptions(options, internals.tiny, isPool);
  const isFresh = typeof memory === "string";
  if (!isFresh) assertVacant(memory, offset, layout.capacityBytes);
  const source = isFresh ? reserveMemory(memory, layout.capacityBytes) : memory;
  const placed = os !== undefined && hugePages ? adviseHugePages(os, source, offset, layout) : layout;
  const heap = formatHeap(source, offset, placed, isFresh, internals.access, engine);
  heap.os = os;
  return heap;
}

/** Opens the heap that a handle names, for one more worker. @throws ERR_INVALID_OPTION, and as `openHeap` */
export function joinHeap(handle: HeapHandle, options: AttachOptions, isPool: boolean): Heap {
  const { os, engine } = checkAttach(options);
  const heap = openHeap(handle, undefined, isPool, engine);
  heap.os = os;
  return heap;
}

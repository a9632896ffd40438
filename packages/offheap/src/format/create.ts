// From options to a formatted heap.

import { AllocatorError } from "../base/index.ts";
import { sharedHeapAt } from "../layout/index.ts";
import { type Access, type Heap, type MemorySource, OwnPage, reserveMemory } from "../memory/index.ts";
import type { OtherSpansOf } from "../slab/index.ts";
import { formatHeap, openHeap } from "./format.ts";
import type { HeapHandle } from "./handle.ts";
import { adviseHugePages } from "./huge-pages.ts";
import { assertVacant } from "./occupied.ts";
import { type HeapOptions, resolveOptions, type TinyGeometry } from "./options.ts";
import { type AttachOptions, checkAttach, osFor } from "./os-options.ts";

/** The back door, for caches in a pool, and for tests: how memory is reached, geometries too small for use, an opened heap. */
export interface Internals {
  readonly access?: Access;
  readonly tiny?: TinyGeometry;
  readonly heap?: Heap;
  /** Its memory is an object of a live heap, the caller's. */
  readonly isWithin?: boolean;
  /** What makes a heap a pool: its spans that are no slabs. */
  readonly others?: OtherSpansOf;
}

/** Checks the options, and what lies in a given memory; only then reserves and writes. @throws ERR_HEAP_BUSY, too */
export function createHeap(options: HeapOptions, internals: Internals): Heap {
  const isPool = internals.others !== undefined;
  const { memory, offset, layout, os, hugePages, engine } = resolveOptions(options, internals.tiny, isPool);
  const isFresh = typeof memory === "string";
  if (!isFresh) assertOfFile(memory, offset, hugePages);
  if (!isFresh && internals.isWithin !== true) assertVacant(memory, offset, layout.capacityBytes);
  const source = isFresh ? reserveMemory(memory, layout.capacityBytes) : memory;
  const placed = os !== undefined && hugePages ? adviseHugePages(os, source, offset, layout) : layout;
  const heap = formatHeap(source, offset, placed, isFresh, internals.access, engine);
  heap.os = osFor(heap, os);
  return heap;
}

/** A memory over which a file is laid has one heap, at its place. @throws ERR_INVALID_OPTION; ERR_OS_UNAVAILABLE for huge pages */
function assertOfFile(memory: MemorySource, offset: number, hugePages: boolean): void {
  if (OwnPage.of(memory) === undefined) return;
  if (offset !== sharedHeapAt)
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `this memory shows a file: its heap begins at offset ${sharedHeapAt} (heapOffset), got ${offset}`,
    );
  if (hugePages)
    throw new AllocatorError(
      "ERR_OS_UNAVAILABLE",
      "no huge pages: the pages of a file are as its file system has them",
    );
}

/** Opens the heap that a handle names, for one more worker. @throws ERR_INVALID_OPTION, and as `openHeap` */
export function joinHeap(handle: HeapHandle, options: AttachOptions, isPool: boolean): Heap {
  const { os, engine } = checkAttach(options);
  const heap = openHeap(handle, undefined, isPool, engine);
  heap.os = osFor(heap, os);
  return heap;
}

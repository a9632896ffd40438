// The heap in a memory of this entry.

import type { Os } from "../base/index.ts";
import { AllocatorError } from "../base/index.ts";
import { type HeapHandle, joinHeap } from "../format/index.ts";
import { layoutVersion, sharedHeapAt } from "../layout/index.ts";
import { type Heap, type MemorySource, OwnPage } from "../memory/index.ts";

/** Where a heap begins in a memory of `openMemory`, in bytes: before it are two pages that say whose the file is. */
export const heapOffset: number = sharedHeapAt;

/**
 * The handle of the heap in a memory of `openMemory`, for `attach`. @throws ERR_INVALID_OPTION for another memory; whether there
 * is a heap in it, `attach` finds out
 */
export function handleIn(memory: MemorySource): HeapHandle {
  ownPageOf(memory);
  return { kind: "offheap", version: layoutVersion, memory, offset: sharedHeapAt };
}

/** @throws ERR_INVALID_OPTION for a memory that shows no file */
export function ownPageOf(memory: MemorySource): OwnPage {
  const page = OwnPage.of(memory);
  if (page !== undefined) return page;
  throw new AllocatorError(
    "ERR_INVALID_OPTION",
    "its memory shows no file: openHeap and openMemory make such",
  );
}

/** The heap in a memory, of either kind, before anybody joins it; undefined where there is none that lives. */
export function heapIn(memory: MemorySource, os: Os): Heap | undefined {
  return joined(memory, os, true) ?? joined(memory, os, false);
}

function joined(memory: MemorySource, os: Os, isPool: boolean): Heap | undefined {
  try {
    return joinHeap(handleIn(memory), { os }, isPool);
  } catch {
    return undefined;
  }
}

// State bytes many at a time, as core/slab/state-scan.ts has them.

import type { Heap } from "../memory/index.ts";

/** The first slot from `from` on, before `end`, whose byte is not 0; `end` when there is none. */
export function firstUsed(heap: Heap, from: number, end: number): number {
  return heap.core.firstUsed(from, end);
}

/** Makes bytes 0 that nobody else may write. */
export function clearStates(heap: Heap, from: number, end: number): void {
  heap.core.clearStates(from, end);
}

/** How many bytes from slot `from` on, a multiple of 4, and before `end` are `byte`. */
export function countStates(heap: Heap, from: number, end: number, byte: number): number {
  return heap.core.countStates(from, end, byte);
}

/** Makes those bytes free. The slab is held, and `byte` is what its holder writes. */
export function freeStates(heap: Heap, from: number, end: number, byte: number): void {
  heap.core.freeStates(from, end, byte);
}

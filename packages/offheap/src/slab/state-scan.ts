// A search of state bytes for one that is not 0, four bytes at a time: whether a slab is empty, and what is to be cleared
// where one is built. A loop in a function of its own: V8 replaces a function that runs for long in the middle of
// such a loop, and throws that code away when it leaves the loop for code that has not run yet (docs/measurements.md).

import type { Heap } from "../memory/heap.ts";

/** The first slot from `from` on, before `end`, whose byte is not 0; `end` when there is none. */
export function firstUsed(heap: Heap, from: number, end: number): number {
  const { states, stateQuads } = heap;
  let slot = from;
  for (; (slot & 3) !== 0 && slot < end; slot = (slot + 1) | 0) if (states[slot] !== 0) return slot;
  if (slot >= end) return end;
  const lastQuad = end >>> 2;
  let quad = slot >>> 2;
  while (quad < lastQuad && stateQuads[quad] === 0) quad = (quad + 1) | 0;
  for (slot = quad << 2; slot < end; slot = (slot + 1) | 0) if (states[slot] !== 0) return slot;
  return end;
}

/**
 * Makes bytes 0 that nobody else may write. Reads before it writes, so that pages of fresh bytes stay untouched.
 */
export function clearStates(heap: Heap, from: number, end: number): void {
  for (let slot = firstUsed(heap, from, end); slot < end; slot = firstUsed(heap, slot + 1, end))
    heap.states[slot] = 0;
}

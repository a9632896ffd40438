// State bytes four at a time: whether a slab is empty, what is to be cleared where one is built, a line's slots sent home.
// A quad is written only where all four are the writer's.
//
// Loops in functions of their own: V8 replaces a function that runs for long in the middle of such a loop, and throws that
// code away when it leaves the loop for code that has not run yet (docs/measurements.md).

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

/** `byte` four times. */
export function quadOf(byte: number): number {
  return Math.imul(byte, 0x01010101);
}

/** How many bytes from slot `from` on, a multiple of 4, and before `end` are `byte`. */
export function countStates(heap: Heap, from: number, end: number, byte: number): number {
  const { states, stateQuads } = heap;
  const same = quadOf(byte);
  const lastQuad = end >>> 2;
  let count = 0;
  for (let quad = from >>> 2; quad < lastQuad; quad = (quad + 1) | 0) {
    const other = (stateQuads[quad] as number) ^ same;
    // The top bit of each byte that is 0, added up by a multiplication (Warren, Hacker's Delight, section 6-1).
    const zeros = ~(((other & 0x7f7f7f7f) + 0x7f7f7f7f) | other) & 0x80808080;
    count = (count + (Math.imul(zeros >>> 7, 0x01010101) >>> 24)) | 0;
  }
  for (let slot = lastQuad << 2; slot < end; slot = (slot + 1) | 0) if (states[slot] === byte) count++;
  return count;
}

/** Makes those bytes free. The slab is held, and `byte` is what its holder writes. */
export function freeStates(heap: Heap, from: number, end: number, byte: number): void {
  const { states, stateQuads } = heap;
  const same = quadOf(byte);
  const lastQuad = end >>> 2;
  for (let quad = from >>> 2; quad < lastQuad; quad = (quad + 1) | 0) {
    const value = stateQuads[quad] as number;
    if (value === same) stateQuads[quad] = 0;
    else if (value !== 0) freeEach(states, quad << 2, (quad << 2) + 4, byte);
  }
  freeEach(states, lastQuad << 2, end, byte);
}

function freeEach(states: Uint8Array, from: number, end: number, byte: number): void {
  for (let slot = from; slot < end; slot = (slot + 1) | 0) if (states[slot] === byte) states[slot] = 0;
}

// A worker's counters of one class. The low words are the hot ones: allocate and deallocate store one each.
//
//   rounds in the magazine = base + frees − allocs  (mod 2^32)      cached = that + strays
//
// `base` moves by one store when slots enter or leave the magazine otherwise, so no kill can come between
// two halves of a count. The carry words count how often a low word crossed a multiple of 2^31: its top bit
// must equal the carry's lowest, so a carry that is one behind shows itself and is read as if it were there.

import { AllocatorError } from "../base/errors.ts";
import type { Heap } from "../memory/heap.ts";
import { carry, counter } from "../memory/layout.ts";
import type { SizeClass } from "./class-table.ts";

/** A low word that has these bits clear has just crossed a multiple of 2^31. */
export const carryMask = 0x7fffffff;

export function roundsIn(heap: Heap, sizeClass: SizeClass): number {
  const { words } = heap;
  const at = sizeClass.countersAt;
  const frees = words[at + counter.frees] as number;
  return ((words[at + counter.base] as number) + frees - (words[at + counter.allocs] as number)) | 0;
}

/**
 * The count before a walk over the rounds or a store among them, which damaged counters would make billions of
 * steps long, or lead into other books. One more than there is room for is a free that was cut short.
 * @throws ERR_CORRUPT_HEAP
 */
export function checkedRounds(heap: Heap, sizeClass: SizeClass): number {
  const rounds = roundsIn(heap, sizeClass);
  if (rounds >= 0 && rounds <= sizeClass.rounds + 1) return rounds;
  const magazine = `a magazine for objects of ${sizeClass.objectBytes} bytes`;
  throw new AllocatorError("ERR_CORRUPT_HEAP", `${magazine} counts ${rounds} rounds of ${sizeClass.rounds}`);
}

/** Sets the magazine's count by its one word. */
export function setRounds(heap: Heap, sizeClass: SizeClass, rounds: number): void {
  const { words } = heap;
  const at = sizeClass.countersAt;
  const frees = words[at + counter.frees] as number;
  words[at + counter.base] = (rounds - frees + (words[at + counter.allocs] as number)) | 0;
}

export function straysOf(heap: Heap, sizeClass: SizeClass): number {
  return heap.words[sizeClass.countersAt + counter.strays] as number;
}

export function setStrays(heap: Heap, sizeClass: SizeClass, strays: number): void {
  heap.words[sizeClass.countersAt + counter.strays] = strays;
}

function halves(low: number, carries: number): number {
  return carries + ((low >>> 31) ^ (carries & 1));
}

function total(low: number, carries: number): number {
  return Math.floor(halves(low, carries) / 2) * 2 ** 32 + (low >>> 0);
}

export function allocsOf(heap: Heap, sizeClass: SizeClass): number {
  const { words } = heap;
  const low = words[sizeClass.countersAt + counter.allocs] as number;
  return total(low, words[sizeClass.carriesAt + carry.allocs] as number);
}

export function freesOf(heap: Heap, sizeClass: SizeClass): number {
  const { words } = heap;
  const low = words[sizeClass.countersAt + counter.frees] as number;
  return total(low, words[sizeClass.carriesAt + carry.frees] as number);
}

/** Sets how many were freed in all; the low word first, so that the carry is one behind at most in between. */
export function setFrees(heap: Heap, sizeClass: SizeClass, frees: number): void {
  heap.words[sizeClass.countersAt + counter.frees] = frees | 0;
  heap.words[sizeClass.carriesAt + carry.frees] = Math.floor(frees / 2 ** 31);
}

/** Brings both carries up to their low words: at a crossing, and where an interruption came in between. */
export function mendCarries(heap: Heap, sizeClass: SizeClass): void {
  const { words } = heap;
  for (const [low, high] of [
    [counter.allocs, carry.allocs],
    [counter.frees, carry.frees],
  ] as const) {
    const at = sizeClass.carriesAt + high;
    const carries = words[at] as number;
    const due = halves(words[sizeClass.countersAt + low] as number, carries);
    if (due !== carries) words[at] = due;
  }
}

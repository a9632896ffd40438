// A worker's counters of one class. The gauge is the hot word: allocate and deallocate store it once each.
//
//   rounds in the magazine = limit + 1 − the gauge's room           cached = rounds + strays
//   allocs = the totals' allocs + the gauge's                       (64 bits each)
//   frees  = the totals' frees + the gauge's allocs + rounds − the totals' rounds
//
// Where rounds enter or leave the magazine otherwise, the totals are settled: the ones that do not hold are
// written, then one store of the gauge makes them hold, so no kill can come between two halves of a count.

import { AllocatorError } from "../base/errors.ts";
import { gauge, gaugeAllocShift } from "../memory/gauge.ts";
import type { Heap } from "../memory/heap.ts";
import { counter, totalsWords } from "../memory/layout.ts";
import type { SizeClass } from "./class-table.ts";

/** Allocations in a gauge from which on the next slow call settles the totals; the word holds 2^19. */
const settleFrom = 2 ** 17;

function gaugeOf(heap: Heap, sizeClass: SizeClass): number {
  return heap.words[sizeClass.gaugeAt] as number;
}

function totalsAt(sizeClass: SizeClass, word: number): number {
  return sizeClass.countersAt + ((word & gauge.totals) === 0 ? 0 : totalsWords);
}

function wide(heap: Heap, at: number): number {
  return (heap.words[at + 1] as number) * 2 ** 32 + ((heap.words[at] as number) >>> 0);
}

function setWide(heap: Heap, at: number, value: number): void {
  heap.words[at] = value | 0;
  heap.words[at + 1] = Math.floor(value / 2 ** 32);
}

function roundsOf(word: number, sizeClass: SizeClass): number {
  return word === 0 ? 0 : sizeClass.rounds + 1 - (word & gauge.room);
}

export function roundsIn(heap: Heap, sizeClass: SizeClass): number {
  return roundsOf(gaugeOf(heap, sizeClass), sizeClass);
}

/**
 * The count before a walk over the rounds or a store among them, which a damaged gauge would lead into other
 * books. One more than there is room for is a free that was cut short.
 * @throws ERR_CORRUPT_HEAP
 */
export function checkedRounds(heap: Heap, sizeClass: SizeClass): number {
  const rounds = roundsIn(heap, sizeClass);
  if (rounds >= 0) return rounds;
  const magazine = `a magazine for objects of ${sizeClass.objectBytes} bytes`;
  throw new AllocatorError("ERR_CORRUPT_HEAP", `${magazine} counts ${rounds} rounds of ${sizeClass.rounds}`);
}

/** Writes the totals that do not hold; returns the gauge that makes them hold. `freed` more were freed than now. */
export function prepareTotals(heap: Heap, sizeClass: SizeClass, rounds: number, freed: number): number {
  const { words } = heap;
  const word = gaugeOf(heap, sizeClass);
  const from = totalsAt(sizeClass, word);
  const to = totalsAt(sizeClass, ~word);
  const more = word >>> gaugeAllocShift;
  const came = roundsOf(word, sizeClass) - (words[from + counter.rounds] as number) + freed;
  setWide(heap, to + counter.allocs, wide(heap, from + counter.allocs) + more);
  setWide(heap, to + counter.frees, wide(heap, from + counter.frees) + more + came);
  words[to + counter.rounds] = rounds;
  return (~word & gauge.totals) | gauge.used | ((sizeClass.rounds + 1 - rounds) & gauge.room);
}

/** Sets the magazine's count and settles the totals; `freed` more were freed than they say. */
export function setRounds(heap: Heap, sizeClass: SizeClass, rounds: number, freed = 0): void {
  // A magazine that was never used stays so, and its memory untouched.
  if (gaugeOf(heap, sizeClass) === 0 && rounds === 0 && freed === 0) return;
  heap.words[sizeClass.gaugeAt] = prepareTotals(heap, sizeClass, rounds, freed);
}

/** Makes a magazine that was never used one with room, and keeps a gauge from running over. */
export function settleTotals(heap: Heap, sizeClass: SizeClass): void {
  const word = gaugeOf(heap, sizeClass);
  if (word !== 0 && word >>> gaugeAllocShift < settleFrom) return;
  heap.words[sizeClass.gaugeAt] = prepareTotals(heap, sizeClass, checkedRounds(heap, sizeClass), 0);
}

/** One object more was freed, and is in the magazine. Back: a free that is none after all. */
export function countFree(heap: Heap, sizeClass: SizeClass): void {
  heap.words[sizeClass.gaugeAt] = (gaugeOf(heap, sizeClass) - 1) | 0;
}
export function uncountFree(heap: Heap, sizeClass: SizeClass): void {
  heap.words[sizeClass.gaugeAt] = (gaugeOf(heap, sizeClass) + 1) | 0;
}

export function straysOf(heap: Heap, sizeClass: SizeClass): number {
  return heap.words[sizeClass.countersAt + counter.strays] as number;
}

export function setStrays(heap: Heap, sizeClass: SizeClass, strays: number): void {
  heap.words[sizeClass.countersAt + counter.strays] = strays;
}

export function allocsOf(heap: Heap, sizeClass: SizeClass): number {
  const word = gaugeOf(heap, sizeClass);
  return wide(heap, totalsAt(sizeClass, word) + counter.allocs) + (word >>> gaugeAllocShift);
}

export function freesOf(heap: Heap, sizeClass: SizeClass): number {
  const word = gaugeOf(heap, sizeClass);
  const at = totalsAt(sizeClass, word);
  const more = roundsIn(heap, sizeClass) - (heap.words[at + counter.rounds] as number);
  return wide(heap, at + counter.frees) + (word >>> gaugeAllocShift) + more;
}

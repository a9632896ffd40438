// A worker's counters of one class, as core/magazine/gauge.ts has them.
//
//   rounds in the magazine = the gauge's index − that of the empty one        cached = rounds + strays
//   allocs = the totals' allocs + the gauge's                       (64 bits each)
//   frees  = the totals' frees + the gauge's allocs + rounds − the totals' rounds

import { AllocatorError } from "../base/index.ts";
import { counter, gauge, gaugeAllocShift, type SizeClass, totalsWords } from "../layout/index.ts";
import { type Heap, readCount } from "../memory/index.ts";

function gaugeOf(heap: Heap, sizeClass: SizeClass): number {
  return heap.words[sizeClass.gaugeAt] as number;
}

function totalsAt(sizeClass: SizeClass, word: number): number {
  return sizeClass.countersAt + ((word & gauge.totals) === 0 ? 0 : totalsWords);
}

export function roundCountIn(heap: Heap, sizeClass: SizeClass): number {
  const word = gaugeOf(heap, sizeClass);
  return word === 0 ? 0 : (word & gauge.index) - sizeClass.emptyIndex;
}

/**
 * The count before a walk over the rounds or a store among them, which a damaged gauge would lead into other
 * books. One more than there is space for is a free that was cut short.
 * @throws ERR_CORRUPT_HEAP
 */
export function checkedRoundCount(heap: Heap, sizeClass: SizeClass): number {
  const roundCount = roundCountIn(heap, sizeClass);
  if (roundCount >= 0 && roundCount <= sizeClass.roundLimit + 1) return roundCount;
  throw corruptGauge(heap, sizeClass);
}

export function corruptGauge(heap: Heap, sizeClass: SizeClass): AllocatorError {
  const roundCount = roundCountIn(heap, sizeClass);
  const magazine = `a magazine for objects of ${sizeClass.objectBytes} bytes`;
  return new AllocatorError(
    "ERR_CORRUPT_HEAP",
    `${magazine} counts ${roundCount} rounds of ${sizeClass.roundLimit}`,
  );
}

/** Sets the magazine's count and folds the gauge into the totals; `freed` more were freed than they say. */
export function setRoundCount(heap: Heap, { worker, index }: SizeClass, roundCount: number, freed = 0): void {
  heap.core.setRoundCount(worker, index, roundCount, freed);
}

/** Makes a magazine that was never used one with space, and keeps a gauge from running over. */
export function foldGauge(heap: Heap, { worker, index }: SizeClass): void {
  heap.core.foldGauge(worker, index);
}

/** One object more was freed, and is in the magazine. */
export function countFree(heap: Heap, { worker, index }: SizeClass): void {
  heap.core.countFree(worker, index);
}

export function straysOf(heap: Heap, sizeClass: SizeClass): number {
  return heap.words[sizeClass.countersAt + counter.strays] as number;
}

export function setStrays(heap: Heap, sizeClass: SizeClass, strays: number): void {
  heap.words[sizeClass.countersAt + counter.strays] = strays;
}

export function allocsOf(heap: Heap, sizeClass: SizeClass): number {
  const word = gaugeOf(heap, sizeClass);
  return readCount(heap.words, totalsAt(sizeClass, word) + counter.allocs) + (word >>> gaugeAllocShift);
}

export function freesOf(heap: Heap, sizeClass: SizeClass): number {
  const word = gaugeOf(heap, sizeClass);
  const at = totalsAt(sizeClass, word);
  const more = roundCountIn(heap, sizeClass) - (heap.words[at + counter.roundCount] as number);
  return readCount(heap.words, at + counter.frees) + (word >>> gaugeAllocShift) + more;
}

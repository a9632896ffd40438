// The last part of a worker's record: what a drain notes for itself (core/magazine/drain.ts). How many chunks were met, and
// which; four words for each slab that is held; a byte a chunk. And a key that is looked for.

import { divideUp } from "../base/index.ts";

/** Slabs that a drain holds at a time. */
export function mostHeldOf(roundLimits: readonly number[]): number {
  return Math.min(64, Math.max(...roundLimits));
}

/** Chunks that a drain meets: two a round, and one more round. */
export function mostMetOf(roundLimits: readonly number[]): number {
  return 2 * (Math.max(...roundLimits) + 1);
}

/** Bytes of a key that always have space. */
const leastKeyBytes = 256;

/** Words of those notes, and of the marks of chunks behind them. */
export function noteWordsOf(roundLimits: readonly number[], chunkCount: number): number {
  return 1 + listWordsOf(roundLimits) + divideUp(chunkCount, 4);
}

function listWordsOf(roundLimits: readonly number[]): number {
  return mostMetOf(roundLimits) + 4 * mostHeldOf(roundLimits);
}

/**
 * Where a key stands that is looked for, between two calls, in words from the scratch's start: in the lists, which a drain leaves as
 * they are when it ends, or behind the marks, where the lists are too short.
 */
export function keyPlaceOf(
  roundLimits: readonly number[],
  chunkCount: number,
): { from: number; words: number } {
  const words = listWordsOf(roundLimits);
  const least = leastKeyBytes / 4;
  return words >= least ? { from: 1, words } : { from: noteWordsOf(roundLimits, chunkCount), words: least };
}

export function scratchWordsOf(roundLimits: readonly number[], chunkCount: number): number {
  const { from, words } = keyPlaceOf(roundLimits, chunkCount);
  return Math.max(noteWordsOf(roundLimits, chunkCount), from + words);
}

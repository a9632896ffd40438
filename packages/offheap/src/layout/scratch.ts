// The last part of a worker's record: what a drain notes for itself (core/magazine/drain.ts). How many chunks were met, and
// which; four words for each slab that is held; a byte a chunk.

import { divideUp } from "../base/index.ts";

/** Slabs that a drain holds at a time. */
export function mostHeldOf(roundCounts: readonly number[]): number {
  return Math.min(64, Math.max(...roundCounts));
}

/** Chunks that a drain meets: two a round, and one more round. */
export function mostMetOf(roundCounts: readonly number[]): number {
  return 2 * (Math.max(...roundCounts) + 1);
}

export function scratchWordsOf(roundCounts: readonly number[], chunkCount: number): number {
  return 1 + mostMetOf(roundCounts) + 4 * mostHeldOf(roundCounts) + divideUp(chunkCount, 4);
}

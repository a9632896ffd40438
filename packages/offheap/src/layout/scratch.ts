// The last part of a worker's record: what a drain notes for itself (core/magazine/drain.ts). How many chunks were met, and
// which; four words for each slab that is held; a byte a chunk.

import { divideUp } from "../base/index.ts";

/** Slabs that a drain holds at a time. */
export function mostHeldOf(roundLimits: readonly number[]): number {
  return Math.min(64, Math.max(...roundLimits));
}

/** Chunks that a drain meets: two a round, and one more round. */
export function mostMetOf(roundLimits: readonly number[]): number {
  return 2 * (Math.max(...roundLimits) + 1);
}

export function scratchWordsOf(roundLimits: readonly number[], chunkCount: number): number {
  return 1 + mostMetOf(roundLimits) + 4 * mostHeldOf(roundLimits) + divideUp(chunkCount, 4);
}

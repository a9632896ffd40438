// One walk over all chunks of a heap, for what is done seldom: by spans, or chunk by chunk with the claim word.

import type { ChunkIndex } from "../base/index.ts";
import type { Heap } from "../memory/index.ts";

/** `visit` returns how many chunks it has seen, from the one it is told on: at least one. */
export function forEachSpan(heap: Heap, visit: (chunk: ChunkIndex) => number): void {
  const { chunkCount } = heap.layout;
  for (let chunk = 0; chunk < chunkCount; ) chunk += visit(chunk as ChunkIndex);
}

/** The claim words are read plainly: a count that a worker changes meanwhile is a moment old. */
export function forEachClaim(heap: Heap, visit: (claim: number, chunk: ChunkIndex) => void): void {
  const { words, layout } = heap;
  forEachSpan(heap, (chunk) => {
    visit(words[layout.claimsAt + chunk] as number, chunk);
    return 1;
  });
}

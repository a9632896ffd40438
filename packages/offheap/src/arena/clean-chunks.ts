// Free chunks whose bytes are all zero, as core/arena/clean-chunks.ts has them.

import type { ChunkIndex } from "../base/index.ts";
import type { Heap } from "../memory/index.ts";

export class CleanChunks {
  private readonly heap: Heap;
  private readonly cleanAt: number;
  private readonly agedAt: number;

  constructor(heap: Heap) {
    this.heap = heap;
    this.cleanAt = heap.layout.cleanAt;
    this.agedAt = heap.layout.agedAt;
  }

  /** The bits of 32 chunks. */
  wordAt(index: number): number {
    return this.heap.words[this.cleanAt + index] as number;
  }

  agedAtWord(index: number): number {
    return this.heap.words[this.agedAt + index] as number;
  }

  has(chunk: number): boolean {
    return (this.wordAt(chunk >>> 5) & (1 << (chunk & 31))) !== 0;
  }

  /** By the holder of the chunks, before it lets them go. */
  add(head: ChunkIndex, length: number): void {
    this.heap.core.addClean(head, length);
  }

  /** Notes which of 32 chunks are free and not clean now. */
  age(index: number, bits: number): void {
    if (this.agedAtWord(index) !== bits) this.heap.atomics.store(this.heap.words, this.agedAt + index, bits);
  }
}

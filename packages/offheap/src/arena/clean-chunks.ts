// Free chunks whose bytes are all zero: never touched since the memory was reserved, or given back to the OS.
// A bit is written by whoever holds the chunk, so a set one is the truth; a kill can only lose one.
//
//   clean ⇒ the chunk is free, or being built by one that has not written to it; its bytes are zero
//   aged  ⇒ (hint) it was free and not clean at the last delayed decommit, and has been free since

import type { ChunkIndex } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { bitsOfRun } from "./chunk-set.ts";

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
    const { words, atomics } = this.heap;
    const end = head + length;
    for (let chunk: number = head; chunk < end; chunk = (chunk | 31) + 1)
      atomics.or(words, this.cleanAt + (chunk >>> 5), bitsOfRun(chunk, end));
  }

  /** By the holder of the chunks, before anything is written to them. Returns whether all were clean. */
  forget(head: ChunkIndex, length: number): boolean {
    const { words, atomics } = this.heap;
    const end = head + length;
    let all = true;
    for (let chunk: number = head; chunk < end; chunk = (chunk | 31) + 1) {
      const [word, bits] = [chunk >>> 5, bitsOfRun(chunk, end)];
      const before = this.wordAt(word) & bits;
      if (before !== bits) all = false;
      if (before !== 0) atomics.and(words, this.cleanAt + word, ~bits);
      if ((this.agedAtWord(word) & bits) !== 0) atomics.and(words, this.agedAt + word, ~bits);
    }
    return all;
  }

  /** Notes which of 32 chunks are free and not clean now. */
  age(index: number, bits: number): void {
    if (this.agedAtWord(index) !== bits) this.heap.atomics.store(this.heap.words, this.agedAt + index, bits);
  }
}

// A set of chunks: hints, as core/arena/chunk-set.ts has them.

import type { ChunkIndex } from "../base/index.ts";
import { chunkSetLevels } from "../layout/index.ts";
import type { Core, Heap } from "../memory/index.ts";

export const noChunk = -1 as ChunkIndex;

export class ChunkSet {
  private readonly heap: Heap;
  private readonly core: Core;
  /** Words of its upper levels. */
  private readonly middleAt: number;
  private readonly topAt: number;
  /** Where it is in the memory, in bytes: what the core knows it by. */
  private readonly set: number;
  private readonly levelWords: readonly [number, number, number];

  constructor(heap: Heap, at: number) {
    this.heap = heap;
    this.core = heap.core;
    this.set = (heap.offset + at * 4) | 0;
    this.levelWords = chunkSetLevels(heap.layout.chunkCount);
    this.middleAt = at + this.levelWords[0];
    this.topAt = this.middleAt + this.levelWords[1];
  }

  /** What the core knows it by. */
  get at(): number {
    return this.set;
  }

  /** False: there is no member, as far as the top level knows. */
  hasAny(): boolean {
    const { words } = this.heap;
    const { topAt } = this;
    return words[topAt] !== 0 || (this.levelWords[2] > 1 && words[topAt + 1] !== 0);
  }

  has(chunk: ChunkIndex): boolean {
    return Boolean(this.core.setHas(this.set, chunk));
  }

  /** Whether the upper levels say that the chunk's word is not empty: else no search from before finds it. */
  announces(chunk: ChunkIndex): boolean {
    const { words } = this.heap;
    const middle = (words[this.middleAt + (chunk >>> 10)] as number) & (1 << ((chunk >>> 5) & 31));
    const top = (words[this.topAt + (chunk >>> 15)] as number) & (1 << ((chunk >>> 10) & 31));
    return middle !== 0 && top !== 0;
  }

  /** The 32 members of a word of the lowest level, as bits. */
  wordAt(index: number): number {
    return this.core.setWord(this.set, index);
  }

  wordCount(): number {
    return this.levelWords[0];
  }

  add(chunk: ChunkIndex): void {
    this.core.setAdd(this.set, chunk);
  }

  remove(chunk: ChunkIndex): void {
    this.core.setRemove(this.set, chunk);
  }

  addRun(first: ChunkIndex, length: number): void {
    this.core.setAddRun(this.set, first, length);
  }

  removeRun(first: ChunkIndex, length: number): void {
    this.core.setRemoveRun(this.set, first, length);
  }

  /** The least member that is at least `from`, or `noChunk`. */
  next(from: number): ChunkIndex {
    return this.core.setNext(this.set, from) as ChunkIndex;
  }

  /** Sets each upper bit whose word is not empty, and clears the others. */
  repair(): void {
    this.core.setRepair(this.set);
  }
}

// A set of chunks as a bitmap of three levels, so that its least element is found in a bounded number of
// loads whatever the size of the heap. Sets are hints: every use checks the claim word, and a bit that is
// missing or left over costs a detour, never correctness. `repair` puts the upper levels right again.
//
//   a bit of level n+1 is set  ⇐  its word of level n is not zero      (except while a change is under way)

import { trailingZeros } from "../base/bits.ts";
import type { ChunkIndex } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { chunkSetLevels } from "../memory/layout.ts";

/** How often a search follows a summary bit whose word has become empty before it gives up. */
const staleTries = 8;

export const noChunk = -1 as ChunkIndex;

export class ChunkSet {
  private readonly heap: Heap;
  private readonly levelAt: readonly [number, number, number];
  private readonly levelWords: readonly [number, number, number];
  // The same, level by level: a search reads them without a look into an array.
  private readonly lowAt: number;
  private readonly middleAt: number;
  private readonly topAt: number;
  private readonly lowWords: number;
  private readonly middleWords: number;
  private readonly topWords: number;
  /** The bits of the lowest level's last word that stand for chunks; whatever the others are, they are no hint. */
  private readonly lastMask: number;

  constructor(heap: Heap, at: number) {
    const levels = chunkSetLevels(heap.layout.chunkCount);
    this.heap = heap;
    this.levelWords = levels;
    this.lastMask = (-1 >>> (-heap.layout.chunkCount & 31)) | 0;
    this.levelAt = [at, at + levels[0], at + levels[0] + levels[1]];
    [this.lowAt, this.middleAt, this.topAt] = this.levelAt;
    [this.lowWords, this.middleWords, this.topWords] = levels;
  }

  /** False: there is no member, as far as the top level knows. */
  hasAny(): boolean {
    const { words } = this.heap;
    const { topAt, topWords } = this;
    return words[topAt] !== 0 || (topWords > 1 && words[topAt + 1] !== 0);
  }

  has(chunk: ChunkIndex): boolean {
    return (this.wordAt(chunk >>> 5) & (1 << (chunk & 31))) !== 0;
  }

  /** Whether the upper levels say that the chunk's word is not empty: else no search from before finds it. */
  announces(chunk: ChunkIndex): boolean {
    const { words } = this.heap;
    const [, middleAt, topAt] = this.levelAt;
    const middle = (words[middleAt + (chunk >>> 10)] as number) & (1 << ((chunk >>> 5) & 31));
    const top = (words[topAt + (chunk >>> 15)] as number) & (1 << ((chunk >>> 10) & 31));
    return middle !== 0 && top !== 0;
  }

  /** The 32 members of a word of the lowest level, as bits. */
  wordAt(index: number): number {
    const bits = this.heap.words[(this.lowAt + index) | 0] as number;
    return index === this.lowWords - 1 ? bits & this.lastMask : bits;
  }

  wordCount(): number {
    return this.levelWords[0];
  }

  add(chunk: ChunkIndex): void {
    this.setBits(0, chunk >>> 5, 1 << (chunk & 31));
  }

  remove(chunk: ChunkIndex): void {
    this.clearBits(0, chunk >>> 5, 1 << (chunk & 31));
  }

  addRun(first: ChunkIndex, length: number): void {
    const end = first + length;
    for (let chunk: number = first; chunk < end; chunk = (chunk | 31) + 1)
      this.setBits(0, chunk >>> 5, bitsOfRun(chunk, end));
  }

  removeRun(first: ChunkIndex, length: number): void {
    const end = first + length;
    for (let chunk: number = first; chunk < end; chunk = (chunk | 31) + 1)
      this.clearBits(0, chunk >>> 5, bitsOfRun(chunk, end));
  }

  /** The least member that is at least `from`, or `noChunk`. */
  next(from: number): ChunkIndex {
    const low = from >>> 5;
    if (low >= this.lowWords) return noChunk;
    const bits = this.wordAt(low) & (-1 << (from & 31));
    return bits === 0 ? this.nextAfter(low) : (((low << 5) + trailingZeros(bits)) as ChunkIndex);
  }

  /** The first run of `want` members, at most 32, within one word, that begins at `from` or later. */
  nextWithin(from: number, want: number): ChunkIndex {
    for (let chunk = this.next(from); chunk !== noChunk; chunk = this.next(((chunk >>> 5) + 1) << 5)) {
      const within = this.runIn(chunk >>> 5, want, chunk & 31);
      if (within >= 0) return ((chunk & ~31) + within) as ChunkIndex;
    }
    return noChunk;
  }

  /** The first bit of the first run of `want` members within a word, from a bit on; −1 when there is none. */
  runIn(word: number, want: number, from = 0): number {
    if (want > 32) return -1;
    // A bit stays while the bits above it, as many as are wanted, are set, too.
    let runs = this.wordAt(word) & (-1 << from);
    for (let length = 1; length < want; ) {
      const step = Math.min(length, want - length);
      runs &= runs >>> step;
      length += step;
    }
    return runs === 0 ? -1 : trailingZeros(runs);
  }

  /** Members in a row from a chunk on, counted up to `most`. */
  runLength(from: number, most: number): number {
    let length = 0;
    for (let word = from >>> 5; word < this.levelWords[0] && length < most; word++) {
      const first = length === 0 ? from & 31 : 0;
      const run = Math.min(trailingZeros(~(this.wordAt(word) >>> first)), 32 - first);
      length += run;
      if (first + run < 32) break;
    }
    return Math.min(length, most);
  }

  /** Sets each upper bit whose word is not empty, and clears the others. */
  repair(): void {
    for (const level of [0, 1] as const) {
      for (let index = 0; index < this.levelWords[level]; index++) {
        const bit = 1 << (index & 31);
        const above = this.levelAt[level + 1] as number;
        const announced = ((this.heap.words[above + (index >>> 5)] as number) & bit) !== 0;
        const filled = this.heap.words[this.levelAt[level] + index] !== 0;
        if (filled && !announced) this.setBits(level + 1, index >>> 5, bit);
        if (!filled && announced) this.clearUpper(level, index);
      }
    }
  }

  /** The least member in the words after one of the lowest level. */
  private nextAfter(low: number): ChunkIndex {
    let word = low;
    for (let tries = 0; tries < staleTries; tries++) {
      word = this.nextWord((word + 1) | 0);
      if (word < 0 || word >= this.lowWords) return noChunk;
      const bits = this.wordAt(word);
      if (bits !== 0) return ((word << 5) + trailingZeros(bits)) as ChunkIndex;
    }
    return noChunk;
  }

  /** The first word of the lowest level, from `after` on, that has or may have a member; −1 when there is none. */
  private nextWord(after: number): number {
    const { words } = this.heap;
    const middle = after >>> 5;
    if (middle < this.middleWords) {
      const bits = (words[(this.middleAt + middle) | 0] as number) & (-1 << (after & 31));
      if (bits !== 0) return ((middle << 5) + trailingZeros(bits)) | 0;
    }
    const afterMiddle = middle + 1;
    for (let top = afterMiddle >>> 5; top < this.topWords; top++) {
      const mask = top === afterMiddle >>> 5 ? -1 << (afterMiddle & 31) : -1;
      const topBits = (words[(this.topAt + top) | 0] as number) & mask;
      if (topBits === 0) continue;
      const found = (top << 5) + trailingZeros(topBits);
      const bits = words[(this.middleAt + found) | 0] as number;
      // An upper bit that is left over leads to the word before what comes next.
      return bits === 0 ? ((found << 5) + 31) | 0 : ((found << 5) + trailingZeros(bits)) | 0;
    }
    return -1;
  }

  private setBits(level: number, index: number, bits: number): void {
    const before = this.heap.atomics.or(this.heap.words, (this.levelAt[level] as number) + index, bits);
    // Whoever makes a word non-empty announces it above; who finds it non-empty leaves that to the first.
    if (before === 0 && level < 2) this.setBits(level + 1, index >>> 5, 1 << (index & 31));
  }

  private clearBits(level: number, index: number, bits: number): void {
    const at = (this.levelAt[level] as number) + index;
    const before = this.heap.atomics.and(this.heap.words, at, ~bits);
    if ((before & ~bits) === 0 && level < 2) this.clearUpper(level, index);
  }

  /** Takes the upper bit of an empty word away, and puts it back if the word was filled meanwhile. */
  private clearUpper(level: number, index: number): void {
    const bit = 1 << (index & 31);
    this.clearBits(level + 1, index >>> 5, bit);
    const now = this.heap.atomics.load(this.heap.words, (this.levelAt[level] as number) + index);
    if (now !== 0) this.setBits(level + 1, index >>> 5, bit);
  }
}

/** Of the word that a chunk's bit is in, the bits from that on of a run that ends before `end`. */
export function bitsOfRun(chunk: number, end: number): number {
  const count = end - (chunk & ~31);
  return (-1 << (chunk & 31)) & (count >= 32 ? -1 : (1 << count) - 1);
}

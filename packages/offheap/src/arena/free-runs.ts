// Where runs of free chunks are: a binary tree over the words of the set of free chunks, so that the lowest run of a
// length is found in a step a level. Of each node: free chunks in a row at its start, at its end, and at most, each as
// what it lacks of all its chunks, so that zeros are a heap that is wholly free.
//
// A hint beside the set, by plain stores: two workers at one node may leave it wrong until the next change there.
// Whoever takes a run looks at the set and the claims; who finds none goes over the set itself.

import { trailingZeros } from "../base/bits.ts";
import type { ChunkIndex } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { runTreeLeaves, wordsPerRunNode } from "../memory/layout.ts";
import { type ChunkSet, noChunk } from "./chunk-set.ts";

const nodeShift = 2;
const endWord = 1;
const mostWord = 2;
/** Members of a word of the set of free chunks, and chunks of a huge page: one is the other (huge-pages.ts). */
const leafChunks = 32;
/** How often a search follows nodes that mislead, and mends them, before it gives up. */
const misledTries = 16;

export class FreeRuns {
  chosen = 0;
  private readonly heap: Heap;
  private readonly free: ChunkSet;
  private readonly at: number;
  /** A power of two; 0 where there is no tree: a search of the set does as well. */
  private readonly leaves: number;

  constructor(heap: Heap, free: ChunkSet) {
    this.heap = heap;
    this.free = free;
    this.at = heap.layout.freeRunsAt;
    this.leaves = runTreeLeaves(heap.layout, heap.layout.chunkCount);
  }

  /** Of a heap without spans, whose set says so. */
  format(): void {
    const { words } = this.heap;
    for (let i = 0; i < this.leaves << (nodeShift + 1); i++)
      if (words[this.at + i] !== 0) words[this.at + i] = 0;
    for (let leaf = this.free.wordCount(); leaf < this.leaves; leaf++)
      this.setNode(this.leaves + leaf, leafChunks, 0, 0, 0);
    if (this.leaves > 0) this.updateWords(this.free.wordCount() - 1, this.leaves - 1, true);
  }

  /** After chunks have left the set or come into it. */
  update(first: ChunkIndex, length: number): void {
    if (this.leaves > 0) this.updateWords(first >>> 5, (first + length - 1) >>> 5, false);
  }

  /** Makes every node true, after a death. */
  repair(): void {
    if (this.leaves > 0) this.updateWords(0, this.leaves - 1, true);
  }

  /** The lowest run of `want` chunks that tree and set know of; `noChunk` when the tree has none, or misled often. */
  find(want: number): ChunkIndex {
    const { free } = this;
    for (let tries = 0; tries < misledTries; tries++) {
      const head = this.leaves === 0 ? 0 : this.descend(want);
      if (head < 0 || head >= this.heap.layout.chunkCount) return noChunk;
      if (free.runLength(head, want) >= want) return head as ChunkIndex;
      const within = free.runIn(head >>> 5, want);
      if (within >= 0) return ((head & ~31) + within) as ChunkIndex;
      if (this.leaves === 0) return noChunk;
      const last = Math.min((head + want - 1) >>> 5, free.wordCount() - 1);
      this.updateWords(head >>> 5, last, true);
    }
    return noChunk;
  }

  /**
   * First fit: the first run of `want` free chunks, else the longest of at least `least`. Low addresses
   * first keep the heap dense. Sets `chosen`, its length.
   */
  choose(from: number, want: number, least: number): ChunkIndex {
    if (this.heap.layout.hugePad > 0 && want <= leafChunks) {
      const within = this.free.nextWithin(from, want);
      this.chosen = want;
      if (within !== noChunk) return within;
    }
    if (from === 0) {
      const known = this.find(want);
      this.chosen = want;
      if (known !== noChunk) return known;
    }
    const words = this.free.wordCount();
    let best: ChunkIndex = noChunk;
    let bestLength = least - 1;
    let start = 0;
    let length = 0;
    const first = this.free.next(from);
    if (first === noChunk) return noChunk;
    for (let word = first >>> 5; word < words && length < want; word++) {
      const floor = word === from >>> 5 ? -1 << (from & 31) : -1;
      let bits = this.free.wordAt(word) & floor;
      let position = 0;
      while (position < 32 && length < want) {
        const gap = Math.min(trailingZeros(bits), 32 - position);
        if (gap > 0) {
          length = 0;
          position += gap;
          bits = gap === 32 ? 0 : bits >>> gap;
          continue;
        }
        const run = Math.min(trailingZeros(~bits), 32 - position);
        if (length === 0) start = (word << 5) + position;
        length += run;
        position += run;
        bits = run === 32 ? 0 : bits >>> run;
        if (length > bestLength) {
          best = start as ChunkIndex;
          bestLength = length;
        }
      }
    }
    this.chosen = bestLength;
    return best;
  }

  /** Where the lowest run begins, or the first chunk of the word that it is in; −1 when there is none. */
  private descend(want: number): number {
    const { leaves } = this;
    let size = leaves * leafChunks;
    if (this.most(1, size) < want) return noChunk;
    let node = 1;
    let start = 0;
    while (node < leaves) {
      const left = node << 1;
      size >>>= 1;
      if (this.most(left, size) >= want) {
        node = left;
        continue;
      }
      const end = this.end(left, size);
      if (end + this.start(left + 1, size) >= want) return start + size - end;
      node = left + 1;
      start += size;
    }
    return start;
  }

  /** Upwards from some words, as far as something changes, or to the root. */
  private updateWords(firstWord: number, lastWord: number, isWhole: boolean): void {
    const { free, leaves } = this;
    let low = (leaves + firstWord) | 0;
    let high = (leaves + lastWord) | 0;
    const end = Math.min(lastWord, free.wordCount() - 1);
    for (let word = firstWord; word <= end; word = (word + 1) | 0)
      this.setLeaf((leaves + word) | 0, free.wordAt(word));
    for (let size = leafChunks; low > 1; size <<= 1) {
      low >>>= 1;
      high >>>= 1;
      let isChanged = false;
      for (let node = low; node <= high; node = (node + 1) | 0) if (this.join(node, size)) isChanged = true;
      if (!isChanged && !isWhole) return;
    }
  }

  private setLeaf(leaf: number, bits: number): void {
    let most = 0;
    // Each step takes one off every run.
    for (let runs = bits; runs !== 0 && most < leafChunks; runs &= runs << 1) most = (most + 1) | 0;
    this.setNode(leaf, leafChunks, trailingZeros(~bits), Math.clz32(~bits), most);
  }

  /** Makes a node true by its two halves, of `size` chunks each; whether that changed it. */
  private join(node: number, size: number): boolean {
    const { words } = this.heap;
    const left = (this.at + (node << (nodeShift + 1))) | 0;
    const right = (left + wordsPerRunNode) | 0;
    // What they lack: 0 of a half that is wholly free.
    const leftStart = words[left] as number;
    const leftEnd = words[(left + endWord) | 0] as number;
    const rightStart = words[right] as number;
    const rightEnd = words[(right + endWord) | 0] as number;
    const leftMost = words[(left + mostWord) | 0] as number;
    const rightMost = words[(right + mostWord) | 0] as number;
    const across = (leftEnd + rightStart - size) | 0;
    let lacks = leftMost < rightMost ? leftMost : rightMost;
    if (across < lacks) lacks = across;
    const whole = size << 1;
    return this.setNode(
      node,
      whole,
      leftStart === 0 ? (whole - rightStart) | 0 : (size - leftStart) | 0,
      rightEnd === 0 ? (whole - leftEnd) | 0 : (size - rightEnd) | 0,
      (size - lacks) | 0,
    );
  }

  private setNode(node: number, size: number, start: number, end: number, most: number): boolean {
    const { words } = this.heap;
    const at = (this.at + (node << nodeShift)) | 0;
    const lacksStart = (size - start) | 0;
    const lacksEnd = (size - end) | 0;
    const lacksMost = (size - most) | 0;
    if (
      words[at] === lacksStart &&
      words[(at + endWord) | 0] === lacksEnd &&
      words[(at + mostWord) | 0] === lacksMost
    )
      return false;
    words[at] = lacksStart;
    words[(at + endWord) | 0] = lacksEnd;
    words[(at + mostWord) | 0] = lacksMost;
    return true;
  }

  private start(node: number, size: number): number {
    return (size - (this.heap.words[(this.at + (node << nodeShift)) | 0] as number)) | 0;
  }

  private end(node: number, size: number): number {
    return (size - (this.heap.words[(this.at + (node << nodeShift) + endWord) | 0] as number)) | 0;
  }

  private most(node: number, size: number): number {
    return (size - (this.heap.words[(this.at + (node << nodeShift) + mostWord) | 0] as number)) | 0;
  }
}

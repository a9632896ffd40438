// The free pages of a span as bits, a word a chunk, written by whoever holds the span, and made anew from the state
// bytes by whoever inherits it. Best fit: of the free runs that are long enough the shortest, then the lowest.

import { trailingZeros } from "../base/bits.ts";

export const noPage = -1;
/** No run is as long. */
const unbounded = 1 << 20;

export class PageBits {
  // What the last scan found.
  /** Where a run of the length wanted may begin, or `noPage`; the free run that it is in. */
  best = noPage;
  bestStart = 0;
  bestLength = 0;
  /** Pages of the longest free run, of the second longest, and of all. */
  longest = 0;
  second = 0;
  free = 0;

  /**
   * Goes over the free runs; a run that serves begins at a multiple of `align` pages. Ends early where one fits
   * exactly that is shorter than `known`, the longest: then only `best` is told.
   */
  scan(words: Int32Array, at: number, wordCount: number, want: number, align: number, known: number): void {
    const exact = want < known ? want : 0;
    let best = noPage;
    let bestStart = 0;
    let bestLength = unbounded;
    let longest = 0;
    let second = 0;
    let free = 0;
    let word = 0;
    let position = 0;
    // What is left of the word, from the position on.
    let bits = words[at] as number;
    for (;;) {
      while (bits === 0) {
        word = (word + 1) | 0;
        if (word >= wordCount) break;
        bits = words[(at + word) | 0] as number;
        position = word << 5;
      }
      if (bits === 0) break;
      const gap = trailingZeros(bits);
      const start = (position + gap) | 0;
      bits >>>= gap;
      const run = trailingZeros(~bits);
      position = (start + run) | 0;
      bits = run === 32 ? 0 : bits >>> run;
      // A run that reaches the end of its word goes on in the next.
      while ((position & 31) === 0) {
        word = (word + 1) | 0;
        if (word >= wordCount) break;
        bits = words[(at + word) | 0] as number;
        const more = trailingZeros(~bits);
        position = (position + more) | 0;
        bits = more === 32 ? 0 : bits >>> more;
        if (more === 0) break;
      }
      const length = (position - start) | 0;
      free = (free + length) | 0;
      if (length > longest) {
        second = longest;
        longest = length;
      } else if (length > second) second = length;
      if (length < want || length >= bestLength) continue;
      const aligned = (start + align - 1) & -align;
      if (((aligned + want) | 0) > position) continue;
      best = aligned;
      bestStart = start;
      bestLength = length;
      if (length === exact) break;
    }
    this.best = best;
    this.bestStart = bestStart;
    this.bestLength = bestLength;
    this.longest = longest;
    this.second = second;
    this.free = free;
  }

  /** Pages of the longest free run when those found are taken from theirs. */
  longestWithout(pages: number): number {
    const front = (this.best - this.bestStart) | 0;
    const back = (this.bestLength - front - pages) | 0;
    const rest = front > back ? front : back;
    return rest > this.second ? rest : this.second;
  }
}

/** Marks pages as free, or as taken. */
export function markPages(
  words: Int32Array,
  at: number,
  first: number,
  count: number,
  isFree: boolean,
): void {
  const end = first + count;
  for (let page = first; page < end; ) {
    const bit = page & 31;
    const some = Math.min(32 - bit, end - page);
    const mask = (some === 32 ? -1 : (1 << some) - 1) << bit;
    const word = (at + (page >>> 5)) | 0;
    const before = words[word] as number;
    words[word] = isFree ? before | mask : before & ~mask;
    page = (page + some) | 0;
  }
}

/** Pages of the free run that `count` free pages from `page` on lie in. */
export function runAround(
  words: Int32Array,
  at: number,
  wordCount: number,
  page: number,
  count: number,
): number {
  return (freeBelow(words, at, page) + count + freeFrom(words, at, wordCount, page + count)) | 0;
}

function freeFrom(words: Int32Array, at: number, wordCount: number, page: number): number {
  let length = 0;
  let bit = page & 31;
  for (let word = page >>> 5; word < wordCount; word++) {
    const run = Math.min(trailingZeros(~((words[(at + word) | 0] as number) >>> bit)), 32 - bit);
    length = (length + run) | 0;
    if (bit + run < 32) break;
    bit = 0;
  }
  return length;
}

function freeBelow(words: Int32Array, at: number, page: number): number {
  let length = 0;
  let bit = page & 31;
  for (let word = page >>> 5; word >= 0; word--) {
    // The bits below, moved to the top.
    const run =
      bit === 0 ? 0 : Math.min(Math.clz32(~((words[(at + word) | 0] as number) << (32 - bit))), bit);
    length = (length + run) | 0;
    if (run < bit) break;
    bit = 32;
  }
  return length;
}

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
  private want = 0;
  private align = 1;

  /**
   * Goes over the free runs; a run that serves begins at a multiple of `align` pages. Ends early where one fits
   * exactly that is shorter than `known`, the longest: then only `best` is told.
   */
  scan(words: Int32Array, at: number, wordCount: number, want: number, align: number, known: number): void {
    this.best = noPage;
    this.bestLength = unbounded;
    this.longest = 0;
    this.second = 0;
    this.free = 0;
    this.want = want;
    this.align = align;
    const exact = want < known ? want : 0;
    let start = 0;
    let length = 0;
    for (let word = 0; word < wordCount; word = (word + 1) | 0) {
      const all = words[(at + word) | 0] as number;
      let position = word << 5;
      if (all === -1) {
        if (length === 0) start = position;
        length = (length + 32) | 0;
        continue;
      }
      for (let bits = all; bits !== 0; ) {
        const gap = trailingZeros(bits);
        if (gap > 0) {
          if (length > 0) {
            this.consider(start, length);
            if (length === exact && this.bestLength === exact) return;
            length = 0;
          }
          position = (position + gap) | 0;
          bits >>>= gap;
        }
        const run = trailingZeros(~bits);
        if (length === 0) start = position;
        length = (length + run) | 0;
        position = (position + run) | 0;
        bits >>>= run;
      }
      // The run goes on if the word's last page is free.
      if (all < 0 || length === 0) continue;
      this.consider(start, length);
      if (length === exact && this.bestLength === exact) return;
      length = 0;
    }
    if (length > 0) this.consider(start, length);
  }

  /** Pages of the longest free run when those found are taken from theirs. */
  longestWithout(pages: number): number {
    const front = this.best - this.bestStart;
    return Math.max(this.second, front, this.bestLength - front - pages);
  }

  private consider(start: number, length: number): void {
    this.free = (this.free + length) | 0;
    if (length > this.longest) {
      this.second = this.longest;
      this.longest = length;
    } else if (length > this.second) this.second = length;
    if (length < this.want || length >= this.bestLength) return;
    const aligned = (start + this.align - 1) & -this.align;
    if (aligned + this.want > start + length) return;
    this.best = aligned;
    this.bestStart = start;
    this.bestLength = length;
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

/** Pages of the free run that a free page lies in. */
export function runAround(words: Int32Array, at: number, wordCount: number, page: number): number {
  return freeBelow(words, at, page) + freeFrom(words, at, wordCount, page);
}

function freeFrom(words: Int32Array, at: number, wordCount: number, page: number): number {
  let length = 0;
  let bit = page & 31;
  for (let word = page >>> 5; word < wordCount; word++) {
    const run = Math.min(trailingZeros(~((words[(at + word) | 0] as number) >>> bit)), 32 - bit);
    length += run;
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
    length += run;
    if (run < bit) break;
    bit = 32;
  }
  return length;
}

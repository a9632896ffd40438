// The free pages of a span as bits, a word a chunk, written by whoever holds the span: a hint beside the state
// bytes, which each taking checks. Best fit: of the free runs that are long enough the shortest, then the lowest.

import { alignUp, trailingZeros } from "../base/bits.ts";

export const noPage = -1;

export class PageBits {
  /** What the last scan found: where a run of the length wanted may begin, or `noPage`. */
  best = noPage;
  /** Pages of the longest free run, and of all. */
  longest = 0;
  free = 0;
  private bestLength = 0;

  /** Goes over the free runs; a run that serves begins at a multiple of `align` pages. */
  scan(words: Int32Array, at: number, wordCount: number, want: number, align: number): void {
    this.best = noPage;
    this.bestLength = Number.POSITIVE_INFINITY;
    this.longest = 0;
    this.free = 0;
    let start = 0;
    let length = 0;
    for (let word = 0; word < wordCount; word++) {
      let bits = words[(at + word) | 0] as number;
      let position = 0;
      while (position < 32) {
        const gap = Math.min(trailingZeros(bits), 32 - position);
        if (gap > 0) {
          if (length > 0) this.consider(start, length, want, align);
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
      }
    }
    if (length > 0) this.consider(start, length, want, align);
  }

  private consider(start: number, length: number, want: number, align: number): void {
    this.free += length;
    if (length > this.longest) this.longest = length;
    if (length < want || length >= this.bestLength) return;
    const aligned = alignUp(start, align);
    if (aligned + want > start + length) return;
    this.best = aligned;
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
    const word = at + (page >>> 5);
    const before = words[word] as number;
    words[word] = isFree ? before | mask : before & ~mask;
    page += some;
  }
}

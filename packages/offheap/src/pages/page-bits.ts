// The free pages of a span as bits, a word a chunk, written by whoever holds the span, and made anew from the state
// bytes by whoever inherits it. They are searched by core/pages/bits.ts.

import { trailingZeros } from "../base/index.ts";

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

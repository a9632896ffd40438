// The free pages of a span as bits (bits.ts), changed, and looked at around a run that comes free. Who calls holds the span.
//
// Plain loads: the bits, under the claim.

import { infoFreePages } from "../layout/index.ts";
import { infoAt } from "../places/index.ts";
import { leadingZeros, least, load32, store32, trailingZeros } from "../target/index.ts";

/** Marks pages as free, or as taken. */
export function markPages(head: i32, first: i32, count: i32, isFree: bool): void {
  const at = (infoAt(head) + infoFreePages) | 0;
  const end = first + count;
  for (let page = first; page < end; ) {
    const bit = page & 31;
    const some = least(32 - bit, end - page);
    const mask = (some === 32 ? -1 : (1 << some) - 1) << bit;
    const word = (at + ((page >>> 5) << 2)) | 0;
    const before = load32(word);
    store32(word, isFree ? before | mask : before & ~mask);
    page += some;
  }
}

// What was found around: free pages before those, and behind.
export let freeBefore: i32 = 0;
export let freeBehind: i32 = 0;

/** Pages of the free run that `count` free pages from `page` on lie in, of a span of `chunks` chunks. */
export function runAround(head: i32, chunks: i32, page: i32, count: i32): i32 {
  const at = (infoAt(head) + infoFreePages) | 0;
  freeBefore = freeBelow(at, page);
  freeBehind = freeFrom(at, chunks, page + count);
  return freeBefore + count + freeBehind;
}

/** Free pages in a row from a page on; the bits are at `at`. */
export function freeFrom(at: i32, wordCount: i32, page: i32): i32 {
  let length = 0;
  let bit = page & 31;
  for (let word = page >>> 5; word < wordCount; word++) {
    const run = least(trailingZeros(~(load32((at + (word << 2)) | 0) >>> bit)), 32 - bit);
    length += run;
    if (bit + run < 32) break;
    bit = 0;
  }
  return length;
}

function freeBelow(at: i32, page: i32): i32 {
  let length = 0;
  let bit = page & 31;
  for (let word = page >>> 5; word >= 0; word--) {
    // The bits below, moved to the top.
    const run = bit === 0 ? 0 : least(leadingZeros(~(load32((at + (word << 2)) | 0) << (32 - bit))), bit);
    length += run;
    if (run < bit) break;
    bit = 32;
  }
  return length;
}

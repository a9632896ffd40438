// The free pages of a span as bits, a word a chunk, in the head's page info: written by whoever holds the span, and made
// anew from the state bytes by whoever inherits it. Best fit: of the free runs that are long enough the shortest, then
// the lowest. Who asks holds the span.
//
// Plain loads: the bits, under the claim.

import { infoFreePages, noPage } from "../layout/index.ts";
import { infoAt, isChunk } from "../places/index.ts";
import { assert, least, load32, most, trailingZeros } from "../target/index.ts";

/** No run is as long. */
const unboundedRun = 1 << 20;
/** Damaged books may name a longer span. */
const mostScanWords = 16;

// What the last scan found.
/** Where a run of the length wanted may begin, or `noPage`; the free run that it is in. */
let bestPage: i32 = noPage;
let bestFrom: i32 = 0;
let bestLength: i32 = 0;
/** Pages of the longest free run, where it begins; pages of the second longest, and of all. */
let longestRun: i32 = 0;
let longestRunAt: i32 = noPage;
let secondRun: i32 = 0;
let freePages: i32 = 0;
/** Whether all runs were gone over. */
let isAll: bool = true;

/**
 * Goes over the free runs of a span of `chunks` chunks; a run that serves begins at a multiple of `align` pages. Returns
 * where. Ends early where one fits exactly that is shorter than `known`, the longest: then only that is told.
 */
export function scanPages(head: i32, chunks: i32, want: i32, align: i32, known: i32): i32 {
  assert(isChunk(head) && chunks > 0);
  const bitsAt = (infoAt(head) + infoFreePages) | 0;
  const wordCount = least(chunks, mostScanWords);
  const exact = want < known ? want : 0;
  // Locals: a variable of the module is memory to V8.
  let best: i32 = noPage;
  let bestStart = 0;
  let bestRun = unboundedRun;
  let longest = 0;
  let longestStart: i32 = noPage;
  let second = 0;
  let free = 0;
  let isEarly = false;
  let word = 0;
  let position = 0;
  // What is left of the word, from the position on.
  let bits = load32(bitsAt);
  while (true) {
    while (bits === 0) {
      word++;
      if (word >= wordCount) break;
      bits = load32((bitsAt + (word << 2)) | 0);
      position = word << 5;
    }
    if (bits === 0) break;
    const gap = trailingZeros(bits);
    const start = position + gap;
    bits >>>= gap;
    const run = trailingZeros(~bits);
    position = start + run;
    bits = run === 32 ? 0 : bits >>> run;
    // A run that reaches the end of its word goes on in the next.
    while ((position & 31) === 0) {
      word++;
      if (word >= wordCount) break;
      bits = load32((bitsAt + (word << 2)) | 0);
      const more = trailingZeros(~bits);
      position += more;
      bits = more === 32 ? 0 : bits >>> more;
      if (more === 0) break;
    }
    const length = position - start;
    free += length;
    // Without branches, which nothing could foretell.
    second = most(second, least(longest, length));
    longestStart = length > longest ? start : longestStart;
    longest = most(longest, length);
    const aligned = (start + align - 1) & -align;
    const isBetter = length < bestRun && aligned + want <= position;
    best = isBetter ? aligned : best;
    bestStart = isBetter ? start : bestStart;
    bestRun = isBetter ? length : bestRun;
    isEarly = isBetter && length === exact;
    if (isEarly) break;
  }
  bestPage = best;
  bestFrom = bestStart;
  bestLength = bestRun;
  longestRun = longest;
  longestRunAt = longestStart;
  secondRun = second;
  freePages = free;
  isAll = !isEarly;
  return best;
}

/** Pages of the longest free run when those found are taken from theirs, of a longest of `known`. */
export function longestWithout(pages: i32, known: i32): i32 {
  if (bestLength < known) return known;
  const front = bestPage - bestFrom;
  return most(most(front, bestLength - front - pages), secondRun);
}

/** Where that begins, if all free runs were gone over; −1: not known. */
export function longestAtWithout(pages: i32, left: i32): i32 {
  if (bestLength < longestRun) return longestRunAt;
  return bestPage === bestFrom && bestLength - pages === left ? bestPage + pages : noPage;
}
/** And how long the second longest is. */
export function secondWithout(pages: i32, left: i32): i32 {
  if (bestLength < longestRun) return bestLength === secondRun ? -1 : secondRun;
  return bestPage === bestFrom && bestLength - pages === left ? secondRun : -1;
}

export function scannedAll(): bool {
  return isAll;
}
export function scannedAt(): i32 {
  return longestRunAt;
}
export function scannedSecond(): i32 {
  return secondRun;
}
export function scannedLongest(): i32 {
  return longestRun;
}
export function scannedFree(): i32 {
  return freePages;
}

// Refill's inner loop: free slots of a slab become rounds, in address order, four at a time while four are free. The
// lines of 64 slots that have a free one are found by their bits; a line whose bit was the last to be followed has
// none left.

import type { ChunkSet } from "../arena/chunk-set.ts";
import { classOf } from "../arena/claim.ts";
import { clamp } from "../base/bits.ts";
import type { ChunkIndex } from "../base/brands.ts";
import { chunkBytes, infoAt, slabInfo, slotsPerLine, wordsPerRound } from "../memory/layout.ts";
import { lineShift, lineWords, type Slabs } from "./slabs.ts";
import { slotFree } from "./slot-state.ts";
import { quadOf } from "./state-scan.ts";

// Folded into the loop, as a number imported is not (fast-path.ts).
const free = slotFree;
const linesWord = slabInfo.lines;
const shiftOfLine = lineShift;
const wordsOfLines = lineWords;
const perLine = slotsPerLine;
const roundWords = wordsPerRound;

/**
 * Under the claim: takes up to `want` free slots, marks them cached, and writes their rounds to the words at `at`,
 * highest address first, so that the top of the magazine is the lowest. Returns how many.
 */
export function takeSlots(slabs: Slabs, head: ChunkIndex, claim: number, at: number, want: number): number {
  const { words, roundStates: states, stateQuads: quads, layout, dataAt } = slabs.heap;
  const worker = slabs.worker | 0;
  const four = quadOf(worker);
  const info = infoAt(layout, head) | 0;
  const first = (slabs.firstSlot(head) + 1) | 0;
  const slots = slabs.slotCount(claim) | 0;
  const objectBytes = (layout.objectBytes[classOf(claim) - 1] as number) | 0;
  const headAt = (dataAt + head * chunkBytes) | 0;
  const freeBefore = words[info + slabInfo.freeCount] as number;
  const end = (at + clamp(freeBefore, 0, want) * roundWords) | 0;
  let round = end;
  for (let lineWord = 0; lineWord < wordsOfLines && round > at; lineWord = (lineWord + 1) | 0) {
    let bits = words[(info + linesWord + lineWord) | 0] as number;
    while (bits !== 0 && round > at) {
      const bit = bits & -bits;
      const from = ((lineWord << 5) + 31 - Math.clz32(bit)) << shiftOfLine;
      const last = Math.min(from + perLine, slots) | 0;
      let slot = from;
      let address = (headAt + Math.imul(slot, objectBytes)) | 0;
      for (; slot + 4 <= last && round - 4 * roundWords >= at; slot = (slot + 4) | 0) {
        const state = (first + slot) | 0;
        const quad = (state - 1) >> 2;
        if (quads[quad] !== free) break;
        quads[quad] = four;
        putRound(words, (round - roundWords) | 0, address, state);
        putRound(words, (round - 2 * roundWords) | 0, (address + objectBytes) | 0, (state + 1) | 0);
        putRound(words, (round - 3 * roundWords) | 0, (address + 2 * objectBytes) | 0, (state + 2) | 0);
        putRound(words, (round - 4 * roundWords) | 0, (address + 3 * objectBytes) | 0, (state + 3) | 0);
        address = (address + 4 * objectBytes) | 0;
        round = (round - 4 * roundWords) | 0;
      }
      for (; slot < last && round > at; slot = (slot + 1) | 0) {
        const state = (first + slot) | 0;
        if (states[state] === free) {
          states[state] = worker;
          round = (round - roundWords) | 0;
          putRound(words, round, address, state);
        }
        address = (address + objectBytes) | 0;
      }
      if (slot < last) break;
      bits ^= bit;
      words[(info + linesWord + lineWord) | 0] = bits;
    }
  }
  const taken = (end - round) / roundWords;
  // Only where the count of free slots was wrong.
  if (round > at) words.copyWithin(at, round, end);
  words[info + slabInfo.freeCount] = freeBefore - taken;
  if (freeBefore === slots) slabs.empty.remove(head);
  if (freeBefore === taken) (slabs.partial[classOf(claim)] as ChunkSet).remove(head);
  return taken;
}

function putRound(words: Int32Array, at: number, address: number, state: number): void {
  words[at] = address;
  words[(at + 1) | 0] = state;
}

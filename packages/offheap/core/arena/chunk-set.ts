// A set of chunks as a bitmap of three levels, so that its least element is found in a bounded number of loads. Sets are
// hints: every use checks the claim word, and a bit that is missing or left over costs a detour, never correctness.
//
//   a bit of level n+1 is set  ⇐  its word of level n is not zero      (except while a change is under way)
//
// A set is named by the address of its lowest level; the others follow.

import { noChunk } from "../layout/index.ts";
import { isChunk, isRun, lastMask, lowWords, middleWords, topWords } from "../places/index.ts";
import { and32, assert, atomicLoad32, glance32, least, or32, trailingZeros } from "../target/index.ts";

/** How often a search follows a summary bit whose word has become empty before it gives up. */
const staleTries = 8;

function middleOf(set: i32): i32 {
  return (set + (lowWords << 2)) | 0;
}
function topOf(set: i32): i32 {
  return (set + ((lowWords + middleWords) << 2)) | 0;
}

/** The 32 members of a word of the lowest level, as bits. */
export function setWord(set: i32, word: i32): i32 {
  const bits = glance32((set + (word << 2)) | 0);
  return word === lowWords - 1 ? bits & lastMask : bits;
}

export function setHas(set: i32, chunk: i32): bool {
  assert(isChunk(chunk));
  return (setWord(set, chunk >> 5) & (1 << (chunk & 31))) !== 0;
}

/** Whether some word is announced: a hint, as all of a set. */
export function setHasAny(set: i32): bool {
  const top = topOf(set);
  return glance32(top) !== 0 || (topWords > 1 && glance32((top + 4) | 0) !== 0);
}

export function setAdd(set: i32, chunk: i32): void {
  assert(isChunk(chunk));
  addBits(set, chunk >> 5, 1 << (chunk & 31));
}

export function setRemove(set: i32, chunk: i32): void {
  assert(isChunk(chunk));
  removeBits(set, chunk >> 5, 1 << (chunk & 31));
}

export function setAddRun(set: i32, first: i32, length: i32): void {
  assert(isRun(first, length));
  const end = first + length;
  for (let chunk = first; chunk < end; chunk = (chunk | 31) + 1)
    addBits(set, chunk >> 5, bitsOfRun(chunk, end));
}

export function setRemoveRun(set: i32, first: i32, length: i32): void {
  assert(isRun(first, length));
  const end = first + length;
  for (let chunk = first; chunk < end; chunk = (chunk | 31) + 1)
    removeBits(set, chunk >> 5, bitsOfRun(chunk, end));
}

/** Of the word that a chunk's bit is in, the bits from that on of a run that ends before `end`. */
export function bitsOfRun(chunk: i32, end: i32): i32 {
  const count = end - (chunk & ~31);
  return (-1 << (chunk & 31)) & (count >= 32 ? -1 : (1 << count) - 1);
}

/** The least member that is at least `from`, which is no less than 0; −1 when there is none. */
export function setNext(set: i32, from: i32): i32 {
  assert(from >= 0);
  let word = from >> 5;
  if (word >= lowWords) return noChunk;
  let bits = setWord(set, word) & (-1 << (from & 31));
  for (let tries = 0; tries < staleTries && bits === 0; tries++) {
    word = nextWord(set, word + 1);
    if (word < 0 || word >= lowWords) return noChunk;
    bits = setWord(set, word);
  }
  return bits === 0 ? noChunk : (word << 5) + trailingZeros(bits);
}

/** The first run of `want` members, at most 32, within one word, that begins at `from` or later. */
export function setNextWithin(set: i32, from: i32, want: i32): i32 {
  for (let chunk = setNext(set, from); chunk !== noChunk; chunk = setNext(set, ((chunk >> 5) + 1) << 5)) {
    const within = setRunIn(set, chunk >> 5, want, chunk & 31);
    if (within >= 0) return (chunk & ~31) + within;
  }
  return noChunk;
}

/** The first bit of the first run of `want` members within a word, from a bit on; −1 when there is none. */
export function setRunIn(set: i32, word: i32, want: i32, from: i32): i32 {
  if (want > 32) return -1;
  // A bit stays while the bits above it, as many as are wanted, are set, too.
  let runs = setWord(set, word) & (-1 << from);
  let length = 1;
  while (length < want) {
    const step = least(length, want - length);
    runs &= runs >>> step;
    length += step;
  }
  return runs === 0 ? -1 : trailingZeros(runs);
}

/** Members in a row from a chunk on, counted up to `limit`. */
export function setRunLength(set: i32, from: i32, limit: i32): i32 {
  assert(from >= 0);
  let length = 0;
  for (let word = from >> 5; word < lowWords && length < limit; word++) {
    const first = length === 0 ? from & 31 : 0;
    const run = least(trailingZeros(~(setWord(set, word) >>> first)), 32 - first);
    length += run;
    if (first + run < 32) break;
  }
  return least(length, limit);
}

/** Sets each upper bit whose word is not empty, and clears the others. */
export function setRepair(set: i32): void {
  repairLevel(set, middleOf(set), lowWords, 0);
  repairLevel(middleOf(set), topOf(set), middleWords, 1);
}

function repairLevel(level: i32, above: i32, wordCount: i32, depth: i32): void {
  for (let word = 0; word < wordCount; word++) {
    const bit = 1 << (word & 31);
    const announced = (glance32((above + ((word >> 5) << 2)) | 0) & bit) !== 0;
    const filled = glance32((level + (word << 2)) | 0) !== 0;
    if (filled && !announced) addAbove(above, word, depth);
    if (!filled && announced) removeAbove(level, above, word, depth);
  }
}

function addBits(set: i32, word: i32, bits: i32): void {
  // Whoever fills an empty word announces it; who adds to one that is not empty leaves that to the first.
  if (or32((set + (word << 2)) | 0, bits) === 0) addAbove(middleOf(set), word, 0);
}

/** Announces a word in the level above its own. Above the words of depth 1 stands the top level. */
function addAbove(above: i32, word: i32, depth: i32): void {
  const before = or32((above + ((word >> 5) << 2)) | 0, 1 << (word & 31));
  if (before === 0 && depth === 0) addAbove((above + (middleWords << 2)) | 0, word >> 5, 1);
}

function removeBits(set: i32, word: i32, bits: i32): void {
  const before = and32((set + (word << 2)) | 0, ~bits);
  if ((before & ~bits) === 0) removeAbove(set, middleOf(set), word, 0);
}

/** Takes the upper bit of an empty word away, and puts it back if the word was filled meanwhile. */
function removeAbove(level: i32, above: i32, word: i32, depth: i32): void {
  const bit = 1 << (word & 31);
  const before = and32((above + ((word >> 5) << 2)) | 0, ~bit);
  if ((before & ~bit) === 0 && depth === 0)
    removeAbove(above, (above + (middleWords << 2)) | 0, word >> 5, 1);
  if (atomicLoad32((level + (word << 2)) | 0) !== 0) addAbove(above, word, depth);
}

/** The first word of the lowest level, from `after` on, that has or may have a member; −1 when there is none. */
function nextWord(set: i32, after: i32): i32 {
  const middle = after >> 5;
  if (middle < middleWords) {
    const bits = glance32((middleOf(set) + (middle << 2)) | 0) & (-1 << (after & 31));
    if (bits !== 0) return (middle << 5) + trailingZeros(bits);
  }
  const afterMiddle = middle + 1;
  const firstTop = afterMiddle >> 5;
  for (let top = firstTop; top < topWords; top++) {
    const mask = top === firstTop ? -1 << (afterMiddle & 31) : -1;
    const topBits = glance32((topOf(set) + (top << 2)) | 0) & mask;
    if (topBits === 0) continue;
    const found = (top << 5) + trailingZeros(topBits);
    if (found >= middleWords) return noChunk;
    const bits = glance32((middleOf(set) + (found << 2)) | 0);
    // An upper bit that is left over leads to the word before what comes next.
    return bits === 0 ? (found << 5) + 31 : (found << 5) + trailingZeros(bits);
  }
  return noChunk;
}

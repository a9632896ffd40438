// Where runs of free chunks are: a binary tree over the words of the set of free chunks, so that the lowest run of a
// length is found in a step a level. Of each node: free chunks in a row at its start, at its end, and at most, each as
// what it lacks of all its chunks, so that zeros are a heap that is wholly free.
//
// A hint beside the set, by plain stores: two workers at one node may leave it wrong until the next change there.
// Whoever takes a run looks at the set and the claims; who finds none goes over the set itself.

import { chunksPerHugePage, noChunk } from "../layout/index.ts";
import {
  chunkCount,
  freeRunsAt,
  freeRunsLeaves,
  freeSet,
  hugePad,
  isRun,
  lowWords,
} from "../places/index.ts";
import { assert, glance32, leadingZeros, least, store32, trailingZeros } from "../target/index.ts";
import { setNext, setNextWithin, setRunIn, setRunLength, setWord } from "./chunk-set.ts";

const nodeShift = 4;
const endOffset = 4;
const mostOffset = 8;
/** Chunks of a leaf: members of a word of the set. */
const leafChunks = chunksPerHugePage;
/** How often a search follows nodes that mislead, and repairs them, before it gives up. */
const misledTries = 16;

/** Length of the run that the last `chooseRun` returned. */
export let chosenLength: i32 = 0;

/** Of a heap without spans, whose set says so. */
export function formatRuns(): void {
  const words = (freeRunsLeaves << (nodeShift + 1)) >> 2;
  for (let i = 0; i < words; i++) {
    const at = (freeRunsAt + (i << 2)) | 0;
    if (glance32(at) !== 0) store32(at, 0);
  }
  for (let leaf = lowWords; leaf < freeRunsLeaves; leaf++)
    setNode(freeRunsLeaves + leaf, leafChunks, 0, 0, 0);
  if (freeRunsLeaves > 0) updateWords(lowWords - 1, freeRunsLeaves - 1, true);
}

/** After chunks have left the set or come into it. */
export function updateRuns(first: i32, length: i32): void {
  assert(isRun(first, length));
  if (freeRunsLeaves > 0) updateWords(first >> 5, (first + length - 1) >> 5, false);
}

/** Makes every node true, after a death. */
export function repairRuns(): void {
  if (freeRunsLeaves > 0) updateWords(0, freeRunsLeaves - 1, true);
}

/** The lowest run of `want` chunks that tree and set know of; −1 when the tree has none, or misled often. */
export function findRun(want: i32): i32 {
  assert(want > 0);
  for (let tries = 0; tries < misledTries; tries++) {
    const head = freeRunsLeaves === 0 ? 0 : runByTree(want);
    if (head < 0 || head >= chunkCount) return noChunk;
    if (setRunLength(freeSet, head, want) >= want) return head;
    const within = setRunIn(freeSet, head >> 5, want, 0);
    if (within >= 0) return (head & ~31) + within;
    if (freeRunsLeaves === 0) return noChunk;
    updateWords(head >> 5, least((head + want - 1) >> 5, lowWords - 1), true);
  }
  return noChunk;
}

/**
 * First fit: the first run of `want` free chunks, else the longest of at least `fewest`. Low addresses first keep the heap
 * dense. Sets `chosenLength`.
 */
export function chooseRun(from: i32, want: i32, fewest: i32): i32 {
  assert(from >= 0 && fewest > 0 && want >= fewest);
  chosenLength = want;
  if (hugePad > 0 && want <= leafChunks) {
    const within = setNextWithin(freeSet, from, want);
    if (within !== noChunk) return within;
  }
  if (from === 0) {
    const known = findRun(want);
    if (known !== noChunk) return known;
  }
  return longestFrom(from, want, fewest);
}

/** Goes over the set itself. */
function longestFrom(from: i32, want: i32, fewest: i32): i32 {
  let best = noChunk;
  let bestLength = fewest - 1;
  let start = 0;
  let length = 0;
  const first = setNext(freeSet, from);
  for (let word = first >> 5; first >= 0 && word < lowWords && length < want; word++) {
    let bits = setWord(freeSet, word) & (word === from >> 5 ? -1 << (from & 31) : -1);
    let position = 0;
    while (position < 32 && length < want) {
      const gap = least(trailingZeros(bits), 32 - position);
      if (gap > 0) {
        length = 0;
        position += gap;
        bits = gap === 32 ? 0 : bits >>> gap;
        continue;
      }
      const run = least(trailingZeros(~bits), 32 - position);
      if (length === 0) start = (word << 5) + position;
      length += run;
      position += run;
      bits = run === 32 ? 0 : bits >>> run;
      if (length > bestLength) {
        best = start;
        bestLength = length;
      }
    }
  }
  chosenLength = bestLength;
  return best;
}

/** Where the lowest run begins as the tree tells, or the first chunk of the word that it is in; −1 when there is none. */
export function runByTree(want: i32): i32 {
  let size = freeRunsLeaves * leafChunks;
  if (mostIn(1, size) < want) return noChunk;
  let node = 1;
  let start = 0;
  while (node < freeRunsLeaves) {
    const left = node << 1;
    size >>= 1;
    if (mostIn(left, size) >= want) {
      node = left;
      continue;
    }
    const end = endOf(left, size);
    if (end + startOf(left + 1, size) >= want) return start + size - end;
    node = left + 1;
    start += size;
  }
  return start;
}

/** Upwards from some words, as far as something changes, or to the root. */
function updateWords(firstWord: i32, lastWord: i32, isWhole: bool): void {
  let low = freeRunsLeaves + firstWord;
  let high = freeRunsLeaves + lastWord;
  const end = least(lastWord, lowWords - 1);
  for (let word = firstWord; word <= end; word++) setLeaf(freeRunsLeaves + word, setWord(freeSet, word));
  let size = leafChunks;
  while (low > 1) {
    low >>= 1;
    high >>= 1;
    let isChanged = false;
    for (let node = low; node <= high; node++) if (join(node, size)) isChanged = true;
    if (!isChanged && !isWhole) return;
    size <<= 1;
  }
}

function setLeaf(leaf: i32, bits: i32): void {
  setNode(leaf, leafChunks, trailingZeros(~bits), leadingZeros(~bits), longestIn(bits));
}

/** The longest run of ones in a word (Warren, Hacker's Delight, section 6-3). */
function longestIn(bits: i32): i32 {
  if (bits === 0) return 0;
  if (bits === -1) return leafChunks;
  // Where runs of at least 2, 4, 8 and 16 end.
  const two = bits & (bits << 1);
  const four = two & (two << 2);
  const eight = four & (four << 4);
  const sixteen = eight & (eight << 8);
  let length = sixteen !== 0 ? 16 : eight !== 0 ? 8 : four !== 0 ? 4 : two !== 0 ? 2 : 1;
  let ends = sixteen !== 0 ? sixteen : eight !== 0 ? eight : four !== 0 ? four : two !== 0 ? two : bits;
  // And before those, runs of half the length, and so on.
  for (let part = 8; part > 0; part >>= 1) {
    const runs = part === 8 ? eight : part === 4 ? four : part === 2 ? two : bits;
    const longer = ends & (runs << length);
    if (longer === 0) continue;
    length += part;
    ends = longer;
  }
  return length;
}

/** Makes a node true by its two halves, of `size` chunks each; whether that changed it. */
function join(node: i32, size: i32): bool {
  const left = (freeRunsAt + (node << (nodeShift + 1))) | 0;
  const right = (left + (1 << nodeShift)) | 0;
  // What they lack: 0 of a half that is wholly free.
  const leftStart = glance32(left);
  const leftEnd = glance32((left + endOffset) | 0);
  const rightStart = glance32(right);
  const rightEnd = glance32((right + endOffset) | 0);
  const leftMost = glance32((left + mostOffset) | 0);
  const rightMost = glance32((right + mostOffset) | 0);
  const across = leftEnd + rightStart - size;
  let lacks = least(leftMost, rightMost);
  if (across < lacks) lacks = across;
  const whole = size << 1;
  return setNode(
    node,
    whole,
    leftStart === 0 ? whole - rightStart : size - leftStart,
    rightEnd === 0 ? whole - leftEnd : size - rightEnd,
    size - lacks,
  );
}

function setNode(node: i32, size: i32, start: i32, end: i32, longest: i32): bool {
  const at = (freeRunsAt + (node << nodeShift)) | 0;
  const lacksStart = size - start;
  const lacksEnd = size - end;
  const lacksMost = size - longest;
  if (
    glance32(at) === lacksStart &&
    glance32((at + endOffset) | 0) === lacksEnd &&
    glance32((at + mostOffset) | 0) === lacksMost
  )
    return false;
  store32(at, lacksStart);
  store32((at + endOffset) | 0, lacksEnd);
  store32((at + mostOffset) | 0, lacksMost);
  return true;
}

function startOf(node: i32, size: i32): i32 {
  return size - glance32((freeRunsAt + (node << nodeShift)) | 0);
}
function endOf(node: i32, size: i32): i32 {
  return size - glance32((freeRunsAt + (node << nodeShift) + endOffset) | 0);
}
function mostIn(node: i32, size: i32): i32 {
  return size - glance32((freeRunsAt + (node << nodeShift) + mostOffset) | 0);
}

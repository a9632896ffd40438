// What structures need of the books: what each worker is about (core/structure), and those that have a name.

import {
  hazardCount,
  intentHazards,
  intentKind,
  intentLength,
  intentOld,
  intentRetired,
  intentTag,
  retiredAtOnce,
  ringCapacity,
  ringClosed,
  ringListBytes,
  ringListCount,
  ringMagic,
  ringMark,
  ringReceivers,
  ringReceiversAcross,
  ringSenders,
  ringSendersAcross,
} from "../../core/layout/index.ts";
import { alignUp } from "../base/index.ts";

const wordShift = 2;
export const wordsPerCacheLine = 16;
export const toLine = (words: number) => alignUp(words, wordsPerCacheLine);

/** What a worker is about: its intent, its hazards, what it has retired; in words. */
export const intent = {
  kind: intentKind >> wordShift,
  hazards: intentHazards >> wordShift,
  retired: intentRetired >> wordShift,
  /** Of a message that was received: its address; from there on its length and tag. */
  message: intentOld >> wordShift,
  lengthFrom: (intentLength - intentOld) >> wordShift,
  tagFrom: (intentTag - intentOld) >> wordShift,
} as const;

/** Objects that a worker has retired at most: one for each hazard of all workers, and some to wait for the next look. */
export const mostRetiredOf = (maxWorkers: number) => maxWorkers * hazardCount + retiredAtOnce;

/** Structures that have a name. */
export const rootCount = 64;
/** Bytes of a name, and of what it is the name of, at most; at least one each. */
export const mostNameBytes = 64;
export const mostKindBytes = 16;
export const wordsPerCell = 2;

/** The regions of structures, from a word on. */
export function structureRegions(maxWorkers: number, chunkCount: number, from: number) {
  const intentWords = toLine(intent.retired + mostRetiredOf(maxWorkers));
  const notesAt = from + maxWorkers * intentWords;
  const noteWords = toLine(maxWorkers + 1);
  const rootsAt = notesAt + maxWorkers * noteWords;
  const generationsAt = rootsAt + rootCount * wordsPerCell;
  const end = generationsAt + toLine(chunkCount);
  return { intentsAt: from, intentWords, notesAt, noteWords, rootsAt, generationsAt, end };
}

/** What the shell reads of a ring: bytes from its start. What begins with the mark is one. */
export const ringWords = {
  magic: ringMagic,
  capacity: ringCapacity,
  receivers: ringReceivers,
  senders: ringSenders,
  receiversAcross: ringReceiversAcross,
  sendersAcross: ringSendersAcross,
  closed: ringClosed,
} as const;
/** A message in a list: its address, its length and its tag, a word each; and how many a list has at most. */
export const ringList = { words: ringListBytes >> wordShift, count: ringListCount } as const;
export { ringMark };

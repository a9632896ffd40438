// Where everything stands in a heap: the one place with the numbers, from which all offsets come.
//
//   heap = books | data          books = header, classes, workers, records, claims, map, slab info,
//   data = chunkCount × 64 KiB           chunk sets, state bytes
//
// Every region starts on a cache-line boundary. Sizes of regions follow from the configuration, which the
// header holds, so whoever attaches computes the same layout from the header alone. Powers of two are shifts: V8 keeps
// a number that `**` made, and all that is computed from it, as floating point (docs/measurements.md).

import * as shared from "../../core/layout/index.ts";
import { alignDown, alignUp, clamp, divideUp } from "../base/index.ts";
import { pageBytes, poolSetCount, statesPerPage } from "./pages.ts";
import { scratchWordsOf } from "./scratch.ts";
import { structureRegions, toLine, wordsPerCacheLine } from "./structures.ts";

// Of what the core knows, too, the number stands there: in bytes, where here it is words.
export const { chunkBytes, chunkShift, classesWord, granuleShift, lineShift, mapWord, maxSlotsPerSlab } =
  shared;
export const { maxObjectBytes, mostSlabChunks, placeNumbers, slotsPerLine, wideBytes } = shared;
export const { workerLive, workerStateMask } = shared;
const wordShift = 2;

export const layoutVersion = 13;
export const maxCapacityBytes = 2 ** 32;
export const maxWorkerPlaces = shared.mostPlaces;
export const maxClassCount = shared.mapClassMask;

/** Header, in words from the heap's start. */
export const header = {
  magic: 0,
  version: 1,
  status: shared.statusWord,
  checksum: 3,
  /** The configuration: eight words. */
  config: 4,
  /** Hint, kept with atomic adds: chunks in spans now, and the most there ever were at once. */
  spanChunks: shared.spanChunksWord,
  spanChunksPeak: shared.spanChunksPeakWord,
  /** When the next delayed decommit is due: milliseconds, the low 32 bits. */
  decommitDue: 14,
  /** How often a pool was reset: what was allocated under another number is gone. */
  resets: 20,
  /** The highest generation that a record ever had, or more; and what it was at the last reset (generations). */
  generations: 21,
  generationsFrom: 22,
  /** Where the table of all Records is: an address, or 0. */
  registry: 23,
  turns: shared.turnsWord,
} as const;

/** Size classes follow the header; then comes the map. Both begin at the same word whatever the configuration. */
export const wordsPerClassEntry = 1 << (shared.classEntryShift - wordShift);
export const classEntry = {
  bytes: 0,
  roundLimit: shared.classRoundLimit >> 2,
  inverse: shared.classInverse >> 2,
} as const;

/**
 * A worker's record: one line of its own words, then the gauges of its magazines, the magazines, the counters of each class,
 * what it keeps, its scratch.
 */
export const record = {
  journal: shared.recordJournal >> wordShift,
  /** What a large operation in flight is about: a page or a chunk, a length, a count of two words. */
  target: shared.recordTarget >> wordShift,
  limit: shared.recordLimit >> wordShift,
  count: shared.recordCount >> wordShift,
  /** Large objects allocated and freed, two words each. */
  largeAllocs: shared.recordLargeAllocs >> wordShift,
  largeFrees: shared.recordLargeFrees >> wordShift,
  /** The object of a move that is to end if the worker does (large/doomed.ts). */
  doomed: shared.recordDoomed >> wordShift,
  /** Of the Web Lock of the worker's thread: twice the incarnation, + 1 once it was granted; its number (worker/locks.ts). */
  locked: 10,
  /** The record whose end is under way: its address, + 1 once its slot is to be given back (generations/ending.ts). */
  ending: 11,
  /** Kept objects that became live again, two words. */
  reused: shared.recordReused >> wordShift,
} as const;
export const recordHeadWords = shared.recordGauges >> wordShift;
export const magazinesIn = shared.recordMagazines >> wordShift;
/** Where the inverse of no class would be: a 0. */
export const inverseOfNone = 62;

/** Counters of one class: totals (allocations and frees of two words each, rounds) twice, and strays. */
export const counter = {
  allocs: shared.totalsAllocs >> wordShift,
  frees: shared.totalsFrees >> wordShift,
  roundCount: shared.totalsRoundCount >> wordShift,
  strays: shared.straysAt >> wordShift,
} as const;
/** Words from one of the two totals to the other. */
export const totalsWords = shared.totalsBytes >> wordShift;
/** Words of the two tables of what a worker keeps. */
export const keptWords = 2 << (shared.keptCountShift + shared.keptShift - wordShift);
export const wordsPerCounter = 1 << (shared.countersShift - wordShift);
/** The words of a round: the object's address, and where its state byte is in `Heap.bytes`. Zeroed memory holds no round. */
export const wordsPerRound = 1 << (shared.roundShift - wordShift);

/** Slab info, kept at the head chunk: free slots, and one bit for each line of 64 slots with a free one. */
export const slabInfo = {
  freeCount: shared.infoFreeCount >> wordShift,
  lines: shared.infoLines >> wordShift,
} as const;
export const wordsPerSlabInfo = 1 << (shared.infoShift - wordShift);

/** Threads that others watch: one 64-bit entry each. */
export const trackCount = 256;

const bytesPerWord = 4;
const wordsPerWorker = 2;
export const wordsPerRunNode = 4;
const largestStatesUnit = 4096;

/** What a heap is made from; the header holds it, and nothing else is needed to attach. */
export interface HeapConfig {
  readonly capacityBytes: number;
  readonly objectBytes: readonly number[];
  readonly roundLimits: readonly number[];
  readonly maxWorkers: number;
  readonly cleanupInterval: number;
  /** Most chunks of one slab. */
  readonly slabChunks: number;
  /** Most slots of one slab. */
  readonly slotsPerSlab: number;
  /** 0, or with huge pages 1 + the chunks left out before the data, so that it begins where a huge page does. */
  readonly hugePad: number;
  /** Most chunks of a span of pages; 0: a heap of slabs alone, which serves no large objects. */
  readonly pageSpanChunks: number;
}

export interface Layout extends HeapConfig {
  readonly chunkCount: number;
  readonly bookBytes: number;
  /** log2 of the state bytes reserved for a chunk. */
  readonly stateShift: number;
  /**
   * Byte offset of the state bytes from the heap's start; right before them is the table of requests, of so many bytes.
   * Before that a pool has another, of malloc's requests.
   */
  readonly statesAt: number;
  readonly tableBytes: number;
  // Word offsets from the heap's start.
  readonly classesAt: number;
  readonly mapAt: number;
  readonly workersAt: number;
  readonly tracksAt: number;
  readonly recordsAt: number;
  readonly recordWords: number;
  /** log2 of the rounds from one class's magazine to the next. */
  readonly magazineShift: number;
  readonly claimsAt: number;
  readonly infoAt: number;
  readonly chunkSetsAt: number;
  readonly chunkSetWords: number;
  /** Bitmaps of chunks: free and known to be zero; free and not zero at the last delayed decommit. */
  readonly cleanAt: number;
  readonly agedAt: number;
  /** The tree over the set of free chunks: four words a node. */
  readonly freeRunsAt: number;
  /** What each worker is about in structures, and which exchanges others saw of it (core/structure). */
  readonly intentsAt: number;
  readonly intentWords: number;
  readonly notesAt: number;
  readonly noteWords: number;
  /** Cells of the structures that have a name: two words each. */
  readonly rootsAt: number;
  /** For each chunk where the generations of the records in it are: an address, or 0. */
  readonly generationsAt: number;
}

/** Words of a set of chunks: three levels, each bit of the upper two says "the word below is not zero". */
export function chunkSetLevels(chunkCount: number): readonly [number, number, number] {
  const lowest = divideUp(chunkCount, 32);
  const middle = divideUp(lowest, 32);
  return [lowest, middle, divideUp(middle, 32)];
}

/**
 * Leaves of the tree over the words of the set of free chunks, a power of two; 0 for one word, and for a heap of slabs
 * alone, which takes few spans and short ones.
 */
export function runTreeLeaves({ pageSpanChunks }: HeapConfig, chunkCount: number): number {
  const [lowest] = chunkSetLevels(chunkCount);
  return lowest <= 1 || pageSpanChunks === 0 ? 0 : 1 << Math.ceil(Math.log2(lowest));
}

/** The table of requests: one byte for each granule of the largest, and of none. */
const tableBytesOf = (objectBytes: readonly number[]) =>
  alignUp((Math.max(...objectBytes) >> granuleShift) + 1, wordsPerCacheLine * bytesPerWord);

// One literal, without a spread: the layouts of all heaps are of one hidden class then. With a spread each had its own, and
// the second heap of a program undid what V8 had made of the slow halves for the first.
function layoutOf(config: HeapConfig, chunkCount: number, givenBookBytes?: number): Layout {
  const classCount = config.objectBytes.length;
  const smallestBytes = config.objectBytes[0] as number;
  const isPool = config.pageSpanChunks > 0;
  const unitBytes = isPool ? Math.min(smallestBytes, pageBytes / statesPerPage) : smallestBytes;
  const stateShift = Math.ceil(Math.log2(chunkBytes / unitBytes));
  const workersAt = toLine(mapWord + chunkCount);
  const tracksAt = toLine(workersAt + placeNumbers * wordsPerWorker);
  const recordsAt = tracksAt + trackCount * wordsPerWorker;
  // Below the first round of a magazine stands one that is none, above the last there is space for one more.
  const magazineShift = Math.ceil(Math.log2(Math.max(...config.roundLimits) + 2));
  const recordWords = toLine(
    scratchIn(classCount, magazineShift) + scratchWordsOf(config.roundLimits, chunkCount),
  );
  const { maxWorkers } = config;
  const structures = structureRegions(maxWorkers, chunkCount, recordsAt + maxWorkers * recordWords);
  const claimsAt = structures.end;
  const infoAt = toLine(claimsAt + chunkCount);
  // Right before the set that it is about, so that few pages are touched.
  const freeRunsAt = infoAt + chunkCount * wordsPerSlabInfo;
  const chunkSetsAt = freeRunsAt + toLine(2 * runTreeLeaves(config, chunkCount) * wordsPerRunNode);
  const [lowest, middle, top] = chunkSetLevels(chunkCount);
  const chunkSetWords = toLine(lowest + middle + top);
  const setCount = classCount + 2 + (isPool ? poolSetCount : 0);
  const cleanAt = chunkSetsAt + setCount * chunkSetWords;
  const agedAt = cleanAt + toLine(lowest);
  const tableBytes = tableBytesOf(config.objectBytes);
  // On a page, so that the state bytes of a run of chunks can be given back with it.
  const statesUnit = clamp(1 << stateShift, wordsPerCacheLine * bytesPerWord, largestStatesUnit);
  const tablesAt = (agedAt + toLine(lowest)) * bytesPerWord;
  const statesAt = alignUp(tablesAt + tableBytes * (isPool ? 2 : 1), statesUnit);
  const padBytes = Math.max(config.hugePad - 1, 0) * chunkBytes;
  const bookBytes = givenBookBytes ?? alignUp(statesAt + (chunkCount << stateShift), chunkBytes) + padBytes;
  return {
    capacityBytes: config.capacityBytes,
    objectBytes: config.objectBytes,
    roundLimits: config.roundLimits,
    maxWorkers,
    cleanupInterval: config.cleanupInterval,
    slabChunks: config.slabChunks,
    slotsPerSlab: config.slotsPerSlab,
    hugePad: config.hugePad,
    pageSpanChunks: config.pageSpanChunks,
    chunkCount,
    bookBytes,
    stateShift,
    statesAt,
    tableBytes,
    classesAt: classesWord,
    mapAt: mapWord,
    workersAt,
    tracksAt,
    recordsAt,
    recordWords,
    magazineShift,
    claimsAt,
    infoAt,
    chunkSetsAt,
    chunkSetWords,
    cleanAt,
    agedAt,
    freeRunsAt,
    intentsAt: structures.intentsAt,
    intentWords: structures.intentWords,
    notesAt: structures.notesAt,
    noteWords: structures.noteWords,
    rootsAt: structures.rootsAt,
    generationsAt: structures.generationsAt,
  };
}

/**
 * The layout with the most data chunks that fit; `chunkCount` is 0 when not even one does. Where one more would
 * need a chunk more for the books, the books have that chunk.
 */
export function computeLayout(config: HeapConfig): Layout {
  const most = Math.floor(config.capacityBytes / chunkBytes);
  let chunkCount = 0;
  for (let step = 1 << Math.ceil(Math.log2(most + 1)); step >= 1; step >>= 1) {
    const more = chunkCount + step;
    if (more <= most && layoutOf(config, more).bookBytes + more * chunkBytes <= config.capacityBytes)
      chunkCount = more;
  }
  return layoutOf(config, chunkCount, alignDown(config.capacityBytes, chunkBytes) - chunkCount * chunkBytes);
}

/** Words from a record's start to the counters of the first class, and to the scratch behind them. */
export const countersIn = (classCount: number, magazineShift: number) =>
  toLine(magazinesIn + ((classCount << magazineShift) + 2) * wordsPerRound);
const keptIn = (classCount: number, magazineShift: number) =>
  countersIn(classCount, magazineShift) + classCount * wordsPerCounter;
export const scratchIn = (classCount: number, magazineShift: number) =>
  keptIn(classCount, magazineShift) + keptWords;

// Where everything stands in a heap, and what its words and bytes mean. Numbers only: nothing here touches a memory.
// Those numbers that the core needs, too, come from its layout.

// From a heap's configuration to every offset.
export {
  chunkBytes,
  chunkShift,
  classesWord,
  granuleShift,
  lineShift,
  mapWord,
  maxSlotsPerSlab,
  wideBytes,
  layoutVersion,
  maxCapacityBytes,
  maxWorkerPlaces,
  maxClassCount,
  maxObjectBytes,
  mostSlabChunks,
  placeNumbers,
  workerLive,
  workerStateMask,
  header,
  wordsPerClassEntry,
  classEntry,
  record,
  inverseOfNone,
  counter,
  totalsWords,
  wordsPerRound,
  slabInfo,
  wordsPerSlabInfo,
  trackCount,
  type HeapConfig,
  type Layout,
  chunkSetLevels,
  runTreeLeaves,
  computeLayout,
  countersIn,
  scratchIn,
} from "./layout.ts";

// Where a worker has what, and where what is about a chunk stands.
export { recordAt, gaugesAt, intentAt, keptIn, infoAt, chunkSetAt, poolSetAt } from "./offsets.ts";

// What a pool alone has: pages, and where they are noted.
export {
  binCount,
  pageBytes,
  statesPerPage,
  maxRunBytes,
  pageInfo,
} from "./pages.ts";

// What fits into a span of so many chunks, and how many a slab asks for.
export { pageCountOf, slotCountOf, slabChunksOf } from "./span-lengths.ts";

// The constants of each size class.
export { SizeClass, classByGranule, classByMalloc, mallocAlign, sizeClassesOf } from "./class-table.ts";

// The state byte of a slot: the truth about it.
export { slotFree, slotLive, liveBy } from "./slot-state.ts";

// The word in which a magazine counts.
export { gaugeAllocShift, gauge, spaceMaskOf } from "./gauge.ts";

// What a worker is about in structures, and the structures that have a name.
export {
  intent,
  mostRetiredOf,
  retiredAtOnce,
  mostKindBytes,
  mostNameBytes,
  ringList,
  ringMark,
  ringWords,
  bucketsPerPiece,
  cacheCounts,
  cacheMark,
  cacheWords,
  cellFlags,
  draftFlag,
  expiry,
  entryWords,
  gone,
  mapEnding,
  mapMark,
  mapWords,
  pack,
  packedWords,
  mostBucketsLog,
  mostKeyBytes,
  rootCount,
  stampShift,
  wordsPerCell,
} from "./structures.ts";

// What several processes have beside their heap.
export {
  byteOrderMark,
  entryStatus,
  fileHeader,
  fileHeaderAt,
  fileHeaderWords,
  fileMark,
  fileStatus,
  fileVersion,
  formatLock,
  ownPage,
  ownPageMarks,
  ownStatus,
  processCount,
  processEntry,
  processEntryAt,
  sharedHeapAt,
} from "./process-file.ts";

// What a drain notes for itself.
export { keyPlaceOf, mostHeldOf, mostMetOf, noteWordsOf } from "./scratch.ts";

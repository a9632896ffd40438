// Numbers of the layout that the core and the shell share. Without types, so that each target takes them as literals.

export const chunkShift = 16;
export const chunkBytes = 65536;
/** What C's calls align to from 9 bytes on. */
export const mallocAlign = 16;
/** Requests are told apart in steps of 8 bytes. */
export const granuleShift = 3;

/** Header, in words from the heap's start; the rest of it is the shell's alone. */
export const statusWord = 2;
export const spanChunksWord = 12;
export const spanChunksPeakWord = 13;
/** How often a worker's stamps have gone a quarter of their round. */
export const turnsWord = 24;
export const statusReady = 2;

/** Size classes: four words each, from this word on. Bytes of an object, rounds of a magazine, what divides (slab/divide). */
export const classesWord = 64;
export const classEntryShift = 4;
export const classRoundLimit = 4;
export const classInverse = 8;
/** The map, from this word on, behind 63 classes: a word a chunk. */
export const mapWord = 320;
/** The largest objects of a class: 16 of them fill the largest slab. */
export const maxObjectBytes = 65536;
/** Bytes that a slab aims at, slots that it has at least, chunks that it has at most. */
export const slabBytes = 1048576;
export const fewestSlots = 16;
export const mostSlabChunks = 16;
/** Chunks of a huge page, and of a word of the set of free chunks: a huge page is a word. */
export const chunksPerHugePage = 32;
/** Classes of larger objects are wide: they have shorter slabs, and a pool serves them by page runs, too. */
export const wideBytes = 8192;

/** Slab info, 64 bytes a chunk, at the head: free slots, whose home it is, one bit for each line of 64 slots with a free one. */
export const infoShift = 6;
export const infoFreeCount = 0;
export const infoHome = 4;
export const infoLines = 8;
/**
 * Page info, in its place at the head of a span of pages: free pages, those of the longest free run, where that begins and how
 * long the second longest is, −1 where that is not known; then a bit for each page.
 */
export const infoLongest = 4;
export const infoLongestAt = 8;
export const infoSecond = 12;
export const infoFreePages = 16;
export const pagesPerChunkShift = 5;
export const pageShift = 11;
/** Two state bytes a page, of which the first says what the run is that begins there (core/pages/state.ts). */
export const pageStatesShift = 1;
export const pageFree = 0;
export const pageKept = 127;
export const pageFreed = 255;
/** Larger objects than page runs get a span of their own: from here on its last chunk wastes less than an eighth. */
export const maxRunBytes = 458752;
/** Sets of page spans: by floor(log2(longest free run of pages)), then those with frees to collect, and the empty. */
export const binCount = 10;
export const noPage = -1;
export const lineWords = 8;
export const lineShift = 6;
export const slotsPerLine = 64;
export const maxSlotsPerSlab = 16384;

/** Map entry of a chunk: size class 6 | kind 2 | divisor's shift 5 | distance to the head 16. */
export const mapClassMask = 63;
/** Kinds of spans that are no slabs, with class 0. */
export const mapPages = 64;
export const mapLarge = 128;
export const mapDivisorShift = 8;
export const mapDistanceShift = 13;

/** A worker's place is below it: 1 to 126; 0 is nobody, and 127 nobody's yet. */
export const placeNumbers = 128;
export const mostPlaces = 126;
/** The lowest bits of a worker word. */
export const workerStateMask = 3;
export const workerLive = 1;

/** Claim word: tag 3 | worker 7 | length − 1, or distance, 16 | size class 6. */
export const tagMask = 7;
export const tagFree = 0;
export const tagBody = 1;
export const tagBuilding = 2;
export const tagUnclaimed = 3;
export const tagClaimed = 4;
export const tagLarge = 5;
export const tagPages = 6;
export const tagPagesHeld = 7;
export const claimWorkerShift = 3;
export const claimWorkerMask = 127;
export const claimLengthShift = 10;
export const claimClassShift = 26;
export const claimLengthMask = 0xffff;
/** BUILDING with this bit: freed, and kept by the worker for its next object of that length. */
export const claimKeptBit = 1 << 26;

/** A worker's record, in bytes from its start. */
export const recordJournal = 0;
/** Of a large operation in flight: a page or a chunk, a length, a count; large objects allocated and freed; a move. */
export const recordTarget = 4;
export const recordLimit = 8;
export const recordCount = 12;
export const recordLargeAllocs = 20;
export const recordLargeFrees = 28;
export const recordDoomed = 36;
/** Kept objects that became live again: each is a free and an allocation that neither of their counts has. */
export const recordReused = 48;
export const recordGauges = 64;
/** The magazines, behind 64 gauges. */
export const recordMagazines = 320;
/** What a worker keeps, right before its scratch: 16 page runs, then 16 spans, each with the length that was asked for last. */
export const keptShift = 3;
export const keptCountShift = 4;
export const keptWanted = 4;
/** Counters of a class, in bytes: totals twice (allocations, frees, rounds), and strays. */
export const countersShift = 6;
export const totalsBytes = 32;
export const totalsAllocs = 0;
export const totalsFrees = 8;
export const totalsRoundCount = 16;
export const straysAt = 20;
/** Chunks, not of the totals: the last home, and where the next search for one begins. Hints. */
export const lastHomeAt = 24;
export const homeSearchAt = 28;
/** A round: the object's address, and where its state byte is: bytes from the table of requests on. Zeros are no round. */
export const roundShift = 3;
export const roundSlot = 4;

/**
 * Gauge: index of the magazine's top round 16 | which totals hold 1 | allocations since it was folded 15. 0: never
 * used. A magazine of class c ends at round c << magazineShift of its worker's, and its lowest rounds are left out as it has
 * fewer: so the low bits of the index tell that it is full, and one round that is none lies below the lowest.
 */
export const gaugeIndex = 0xffff;
export const gaugeTotals = 0x10000;
export const gaugeAllocShift = 17;
/** Rounds of the largest magazine: with the round that is none, and one more than there is space for, 1,024. */
export const mostRounds = 1022;

/** Journal: what a worker is in the middle of. */
export const journalIdle = 0;
export const journalMoving = 1;
export const journalFreeing = 2;
export const journalAllocatingRun = 3;
export const journalFreeingRun = 4;
export const journalAllocatingSpan = 5;
export const journalFreeingSpan = 6;
export const journalResizingSpan = 7;
export const journalResetting = 8;
export const journalTakingRun = 9;
export const journalTakingSpan = 10;

/** State byte of a slot: 0 free; 1–126 cached by that worker; 128 live and nobody's; 128 + w live, allocated by w. */
export const slotFree = 0;
export const slotLive = 128;

/** No chunk. */
export const noChunk = -1;

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

/** A worker's record, in bytes from its start. */
export const recordJournal = 0;
/** Of a large operation in flight: a page or a chunk, a length, a count; large objects allocated and freed; a move. */
export const recordTarget = 4;
export const recordLimit = 8;
export const recordCount = 12;
export const recordLargeAllocs = 20;
export const recordLargeFrees = 28;
export const recordDoomed = 36;
export const recordGauges = 64;
/** The magazines, behind 64 gauges. */
export const recordMagazines = 320;
/** Page runs that a worker keeps, right before its scratch: 16 of them, each with what was asked for last. */
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

/** State byte of a slot: 0 free; 1–126 cached by that worker; 128 live and nobody's; 128 + w live, allocated by w. */
export const slotFree = 0;
export const slotLive = 128;

/** No chunk. */
export const noChunk = -1;

/**
 * What a worker is about in structures, in bytes: the kind of its intent; the object that goes in and the one that goes out,
 * the cell, the stamp of the exchange; how many stamps it made; its hazards; of a message the ring, its length and its tag; the
 * same of the message that it holds; the stamp of who gives a message back; the objects it has retired.
 */
export const intentKind = 0;
export const intentFresh = 4;
export const intentOld = 8;
export const intentCell = 12;
export const intentStamp = 16;
export const intentCount = 20;
export const intentHazards = 24;
export const hazardCount = 2;
export const intentRing = 32;
export const intentLength = 36;
export const intentTag = 40;
export const heldObject = 44;
export const heldRing = 48;
export const heldLength = 52;
export const heldTag = 56;
export const intentBackStamp = 60;
export const intentRetired = 64;
export const retiredAtOnce = 16;
export const intentNone = 0;
/** An exchange; a message being sent, or received; one that a dead worker had received, or held, being given back. */
export const intentExchange = 1;
export const intentSend = 2;
export const intentReceive = 3;
export const intentGiveBack = 4;
/** A cell: an address or another value, then the stamp of who exchanged it last: worker 7 | count 25. */
export const stampShift = 25;
export const stampCount = 0x1ffffff;
export const turnCount = 0x7fffff;

/**
 * A ring, in bytes from its start: what it is, the most messages, one less than its cells, where those are; whether receivers, or
 * senders, may be asleep; whether it is closed; a number that no other ring of the heap has. Then, each on a line: positions up to which
 * all messages are gone, and up to which all are sent; how
 * often messages were given back, and up to which of these all have been taken. Then for each place a cell with the address of its
 * messages' lengths and tags, and behind these one for a message that was given back, with its length and tag.
 */
export const ringMagic = 0;
export const ringCapacity = 4;
export const ringMask = 8;
export const ringCells = 12;
export const ringReceivers = 16;
export const ringSenders = 20;
export const ringClosed = 24;
export const ringId = 28;
/** The same of those who sleep where other processes can wake them, which the shell sees to. */
export const ringReceiversAcross = 32;
export const ringSendersAcross = 36;
export const ringHead = 64;
export const ringTail = 128;
export const ringGivenBack = 192;
export const ringTakenUpTo = 196;
export const ringTables = 256;
/** Messages that go to the core, or come from it, in one call: behind a place's lengths and tags, an address, a length, a tag each. */
export const ringListCount = 32;
export const ringListBytes = 12;
export const ringMark = 0x676e6972;

/**
 * A map, in bytes from its start: what it is; the kinds of its keys and values; the seed of its hash; the buckets in use, as a
 * power of two; whether it is frozen; a word for who builds on it; how many lost counts have been made good; a cell with the bucket
 * that is closed next, 0: none. Then cells that lead to
 * the heads of buckets, and a row for each place: entries and bytes that its worker has put in, less those it took out; whether it was
 * about to count; and how often a count may have been lost with a worker before it.
 */
export const hashMagic = 0;
export const hashKinds = 4;
export const hashSeed = 8;
export const hashLog = 16;
export const hashFrozen = 20;
export const hashOwner = 24;
export const hashMadeGood = 28;
export const hashClosing = 32;
export const hashRoot = 64;
export const hashRootCells = 130;
export const hashRows = 1152;
export const hashRowShift = 4;
export const hashRowBytes = 4;
export const hashRowTurn = 8;
export const hashRowLost = 12;
export const hashMark = 0x7370616d;
/** Heads of buckets stand in pieces of so many cells; beyond the first piece those are found by tables of as many cells. */
export const pieceShift = 9;
export const mostBucketsLog = 25;

/** An entry: its cell; its order in the list; bytes of key and value; a word for who builds on it; the key; the value, at 8 bytes. */
export const entryOrder = 8;
export const entryKeyBytes = 12;
export const entryValueBytes = 16;
export const entryWord = 20;
export const entryKey = 24;
export const mostKeyBytes = 0xffff;
/** In its word, of a cache: uses up to the most that count; on probation; its value begins with when it expires; it has gone out. */
export const usesMask = 3;
export const onProbation = 4;
export const expires = 8;
export const goneOut = 16;
export const expiryBytes = 8;

/**
 * The books of a cache, in bytes: what they are; the map; hashes of what was evicted from probation, and how many of them, less 1;
 * whether memory has run out; the map of claims. Then, each on a line, the next bucket of either hand, and a row for each place:
 * counts of 64 bits, in the order of `cacheCounts`, and how many it has put on probation less those that have left it.
 */
export const cacheMagic = 0;
export const cacheMap = 4;
export const cacheGhosts = 8;
export const cacheGhostMask = 12;
export const cacheFull = 16;
export const cacheClaims = 20;
export const cacheTtl = 24;
export const cacheFast = 64;
export const cacheSlow = 128;
export const cacheSlabs = 132;
export const cacheRows = 192;
export const cacheRowShift = 7;
export const cacheHits = 0;
export const cacheMisses = 8;
export const cacheSets = 16;
export const cacheProbationOut = 24;
export const cacheMainOut = 32;
export const cacheExpiredOut = 40;
export const cacheSlabOut = 48;
export const cacheProbation = 56;
export const cacheMark = 0x68636163;

/** Flags of a cell: its entry, or its piece, has gone out; it leads to a bucket's head; a head that stands in no list yet. */
export const cellMarked = 1;
export const cellToHead = 2;
export const cellApart = 4;

// The numbers of structures: what a worker is about in them; rings, maps and caches. In bytes from the start of each.

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
 * that is closed next, 0: none; a cell that leads to the index of a map whose entries are packed, with `cellApart` until they
 * are; a cell with the incarnation of the worker that packs them. Then cells that lead to
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
export const hashPacked = 40;
export const hashPacker = 48;
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

/** An entry: its cell; its order in the list; a word for who builds on it; bytes of key and value; the key; the value, at 8 bytes. */
export const entryOrder = 8;
export const entryWord = 12;
export const entryKeyBytes = 16;
export const entryValueBytes = 20;
export const entryKey = 24;
export const mostKeyBytes = 0xffff;

/**
 * The index of packed entries, in bytes from its start: how many there are, and their bytes ÷ 8; of how many bits a bucket is, and
 * how many of these are its place in its piece; a cell that leads to the first pack; cells that lead to the pieces. A piece: of each
 * bucket, a word with the address of its first entry. A pack: a cell that leads to the next one; entries without what a list needs;
 * `packEnd`, and the address of the next pack's first entry.
 */
export const packedSize = 0;
export const packedEights = 4;
export const packedLog = 8;
export const packedShift = 12;
export const packedFirst = 16;
export const packedPieces = 24;
export const packEntries = 8;
export const packEnd = -1;
/** With the bytes of a key: the next entry is of the same bucket. */
export const packedMore = 1 << 31;
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

// A map that all workers share: a list in the order of the keys' hashes, with a head for each bucket in it.

// Made.
export { formatFirst, formatMap, freezeMap } from "./make.ts";
export { formatPiece, mapBytes, pieceBytes, pieceOfBucket, tableOfBucket } from "./heads.ts";

// Read: what is found does not end before `letGoEntry`.
export { orderOf } from "./hash.ts";
export { letGoEntry } from "./walk.ts";
export { bucketToOpen, entryFrom, findEntry, keepHeld, openBucket, stampFound } from "./find.ts";

export { isStanding, noteWay } from "./recall.ts";

// How many there are.
export { entryCount, rowOf } from "./counts.ts";

// Changed.
export { growMap, placeEntry, removeEntry, unlinkAll, writeOrder } from "./edit.ts";

// Of a cache: what it counts, and who goes.
export { countUp, rowOfCache } from "./standing.ts";
export { evictSome } from "./hands.ts";
export { cacheBytes, countExpired, findHit, formatCache, hasEntry } from "./cache.ts";

// A map that all workers share: a list in the order of the keys' hashes, with a head for each bucket in it.

// Read: what is found does not end before `letGoEntry`.
export { letGoEntry } from "./steps.ts";
export { bucketToOpen, entryFrom, findEntry, keepHeld, openBucket, stampFound } from "./find.ts";

export { isStanding, noteWay } from "./ways.ts";

// How many there are.
export { entryCount, rowOf } from "./counts.ts";

// Changed.
export { evictFound, placeEntry, removeEntry, unlinkAll, unlinkUpTo, writeOrder } from "./edit.ts";
export { growMap, halveMap, shrinkSome } from "./resize.ts";
export { sealMap } from "./seal.ts";

// Of a cache: what it counts, and who goes.
export { countUp, rowOfCache } from "./standing.ts";
export { evictSome } from "./hands.ts";
export { cacheBytes, countExpired, findHit, formatCache, hasEntry } from "./cache.ts";

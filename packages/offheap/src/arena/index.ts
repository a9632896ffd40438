// Chunks of 64 KiB, and the spans that are made of them. The claim word is the truth about a span; sets are hints.

// The claim word: what a chunk is, and who holds it.
export {
  tag,
  claimFree,
  ownerBits,
  claimBuilding,
  claimKept,
  claimLarge,
  tagOf,
  workerOf,
  lengthOf,
  distanceOf,
  classOf,
  isBody,
  isKept,
  isPages,
  isSlab,
} from "./claim.ts";

// From a chunk to its span's head and class, in one load.
export {
  mapClassMask,
  mapDistanceShift,
  mapDivisorShift,
  mapPages,
  mapLarge,
  mapEntry,
  mapOther,
} from "./span-map.ts";

// All of them, one by one.
export { forEachClaim, forEachSpan } from "./walk.ts";

// Spans taken and given back.
export { Spans } from "./spans.ts";

// Sets of chunks.
export { noChunk, ChunkSet } from "./chunk-set.ts";

// Free chunks known to be zero.
export { CleanChunks } from "./clean-chunks.ts";

// Free chunks back to the OS.
export { Decommitter } from "./decommit.ts";

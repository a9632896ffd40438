// Numbers of the layout that are a pool's alone: pages, which large objects are made of, and where they are noted.

import * as shared from "../../core/layout/index.ts";

// Of what the core knows, too, the number stands there: in bytes, where here it is words.
export const { maxRunBytes, binCount } = shared;
const wordShift = 2;

/** Unit of the large objects that share a span. */
export const pagesPerChunk = 1 << shared.pagesPerChunkShift;
export const pageBytes = 1 << shared.pageShift;
/** Bytes of the state bytes for each page: one for the run that begins there, one for its length. */
export const statesPerPage = 1 << shared.pageStatesShift;
/**
 * Page info, at the words of slab info: free pages, those of the longest free run, where that begins and pages of the second
 * longest, −1 where that is not known, then a bit for each free page, a word a chunk; from the 13th chunk on those lie at the
 * second chunk's place.
 */
export const pageInfo = {
  freeCount: shared.infoFreeCount >> wordShift,
  longest: shared.infoLongest >> wordShift,
  longestAt: shared.infoLongestAt >> wordShift,
  second: shared.infoSecond >> wordShift,
  free: shared.infoFreePages >> wordShift,
} as const;
/** Sets of page spans: by bin, then those with frees to collect, and the empty. */
export const poolSetCount = binCount + 2;

// Numbers of the layout that are a pool's alone: pages, which large objects are made of, and where they are noted.

import { chunkBytes } from "../../core/layout/numbers.ts";

/** Unit of the large objects that share a span. */
export const pageBytes = 2048;
export const pagesPerChunk = chunkBytes / pageBytes;
/** Bytes of the state bytes for each page: one for the run that begins there, one for its length. */
export const statesPerPage = 2;
/** Larger objects get a span of their own: from here on its last chunk wastes less than an eighth. */
export const maxRunBytes = 7 * chunkBytes;
/**
 * Page info, at the words of slab info: free pages, those of the longest free run, then a bit for each free
 * page, a word a chunk; from the 13th chunk on those lie at the second chunk's place.
 */
export const pageInfo = { freeCount: 0, longest: 1, free: 4 } as const;
/** Sets of page spans: by floor(log2(longest free run of pages)), then those with frees to collect, and the empty. */
export const roomCount = 10;
export const poolSetCount = roomCount + 2;

// A span emptied of a cache's entries, so that its chunks can serve objects of another size: else the sizes that came first would
// have the memory for ever.

import { mapClassMask, mapDistanceShift, mapLarge, mapPages } from "../arena/index.ts";
import {
  cacheCounts,
  cacheWords,
  chunkBytes,
  mapWord,
  pageBytes,
  slotLive,
  wordsPerSlabInfo,
} from "../layout/index.ts";
import type { Entries } from "../map/index.ts";

/** Spans that are compared. */
const mostMet = 16;
type AllEntries = Entries<unknown, unknown>;
const kindMask = mapPages | mapLarge;

/** A span, where its objects may begin, and how much of it is free. */
interface Span {
  readonly from: number;
  readonly bytes: number;
  readonly step: number;
  readonly free: number;
}

/**
 * Evicts all entries in a span of other objects than those of a class, of which less than a part is free; how many they were, and
 * what part of it was free. Undefined where there is no such span.
 */
export function emptySpan(
  entries: AllEntries,
  books: number,
  classIndex: number,
  lessThan: number,
): { readonly evicted: number; readonly free: number } | undefined {
  const span = nextSpan(entries, books, classIndex, lessThan);
  if (span === undefined) return undefined;
  const { core } = entries;
  let evicted = 0;
  for (let at = span.from; at + span.step <= span.from + span.bytes; at += span.step) {
    if (core.ownerIn(core.ownerAt(at)) !== slotLive || !core.hasEntry(entries.at, at)) continue;
    if (!entries.evictHeld()) continue;
    core.countUp(books, cacheCounts.slab);
    evicted++;
  }
  core.letGoEntry();
  entries.countDown(evicted);
  return { evicted, free: span.free };
}

/**
 * Of the next few spans the one with most free slots; for what wants chunks in a row the next one. The hand over them goes round: so
 * it meets objects of a size the more often the more memory they have.
 */
function nextSpan(
  entries: AllEntries,
  books: number,
  classIndex: number,
  lessThan: number,
): Span | undefined {
  const { core, kit } = entries;
  const { chunkCount } = kit.heap.layout;
  const begin = (core.getWord(books + cacheWords.slabs) >>> 0) % chunkCount;
  let best: Span | undefined;
  let i = 0;
  for (let met = 0; i < chunkCount && met < (classIndex === 0 ? 1 : mostMet); i++) {
    const span = spanAt(entries, (begin + i) % chunkCount, classIndex);
    if (span === undefined || span.free >= lessThan) continue;
    met++;
    if (best === undefined || span.free > best.free) best = span;
  }
  core.putWord(books + cacheWords.slabs, begin + i);
  return best;
}

function spanAt({ kit }: AllEntries, chunk: number, classIndex: number): Span | undefined {
  const { words, layout, offset } = kit.heap;
  const { chunkCount, objectBytes, bookBytes, infoAt } = layout;
  const entry = words[mapWord + chunk] as number;
  const its = entry & mapClassMask;
  const kind = entry & kindMask;
  if (entry === 0 || entry >>> mapDistanceShift !== 0 || (its === classIndex && its !== 0)) return undefined;
  let chunks = 1;
  while (
    chunk + chunks < chunkCount &&
    (words[mapWord + chunk + chunks] as number) >>> mapDistanceShift === chunks
  )
    chunks++;
  const from = offset + bookBytes + chunk * chunkBytes;
  const bytes = chunks * chunkBytes;
  if (its === 0) return { from, bytes, step: kind === mapPages ? pageBytes : bytes, free: 0 };
  const step = objectBytes[its - 1] as number;
  const freeCount = words[infoAt + chunk * wordsPerSlabInfo] as number;
  return { from, bytes, step, free: (freeCount * step) / bytes };
}

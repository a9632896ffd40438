// A span emptied of a cache's entries, so that its chunks can serve objects of another size: else the sizes that came first would
// have the memory for ever.

import { mapClassMask, mapDistanceShift, mapLarge, mapPages } from "../arena/index.ts";
import {
  cacheCounts,
  cacheWords,
  chunkBytes,
  mapWord,
  pageBytes,
  pageCountOf,
  slotLive,
  statesPerPage,
  wordsPerSlabInfo,
} from "../layout/index.ts";
import type { Entries } from "../map/index.ts";
import type { Heap } from "../memory/index.ts";
import { isLivePage, pageFree, runPages } from "../pages/index.ts";

/** Spans that are compared. */
const mostMet = 16;
/** A span with at least that part free is worth more than its entries; chunks that are looked at for one. */
const mostlyFree = 3 / 4;
const mostLooked = 64;
/** … where at least that part of those is free. */
const halfFree = 1 / 2;
/** Times that nobody looks, behind a look that found none: looked for each time, sets of a steady mix took a sixth longer. */
const rest = 15;
type AllEntries = Entries<unknown, unknown>;
const kindMask = mapPages | mapLarge;

/**
 * What a worker knows of spans that are mostly free: the chunk to go on at (the hand that all share must not pass by any), and the
 * spans in which no entry was met, with what was free then: something else keeps them. Times that it does not look.
 */
export interface Unused {
  next: number;
  rests: number;
  readonly inVain: Map<number, number>;
}

/** A span, where its objects may begin, and how much of it is free. */
interface Span {
  readonly chunk: number;
  /** The class of its objects; 0: pages, or one large object. */
  readonly its: number;
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
  return span === undefined ? undefined : { evicted: evictAll(entries, books, span), free: span.free };
}

/**
 * The same of a span that is mostly free, if one is among the next few; whether there was one. Else the free slots of a size that is
 * not set any more would stay: the hands find an entry of the wanted size soon enough, however few there are.
 */
export function emptyUnused(entries: AllEntries, books: number, classIndex: number, unused: Unused): boolean {
  if (unused.rests-- > 0) return false;
  const span = nextUnused(entries, classIndex, unused);
  unused.rests = span === undefined ? rest : 0;
  if (span === undefined) return false;
  const evicted = evictAll(entries, books, span);
  if (evicted === 0) unused.inVain.set(span.chunk, span.free);
  return true;
}

/** Evicts all entries in a span; how many they were. */
function evictAll(entries: AllEntries, books: number, span: Span): number {
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
  return evicted;
}

/** Looks at all spans of the next few chunks, also those of the class: a new one is mostly free in a cache that is full, too. */
function nextUnused(entries: AllEntries, classIndex: number, unused: Unused): Span | undefined {
  const { next, inVain } = unused;
  const { chunkCount } = entries.kit.heap.layout;
  const most = Math.min(mostLooked, chunkCount);
  let best: Span | undefined;
  let [bytes, free] = [0, 0];
  for (let i = 0; i < most; i++) {
    const span = spanAt(entries, (next + i) % chunkCount, -1);
    if (span === undefined) continue;
    bytes += span.bytes;
    free += span.bytes * span.free;
    if (span.free < mostlyFree || span.its === classIndex || inVain.get(span.chunk) === span.free) continue;
    if (best === undefined || span.free * span.bytes > best.free * best.bytes) best = span;
  }
  unused.next = (next + most) % chunkCount;
  return free > bytes * halfFree ? best : undefined;
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
  if (its === 0 && kind === mapPages)
    return { chunk, its, from, bytes, step: pageBytes, free: freePartOfPages(kit.heap, chunk, chunks) };
  if (its === 0) return { chunk, its, from, bytes, step: bytes, free: 0 };
  const step = objectBytes[its - 1] as number;
  const freeCount = words[infoAt + chunk * wordsPerSlabInfo] as number;
  return { chunk, its, from, bytes, step, free: (freeCount * step) / bytes };
}

/** Runs that were freed, and nobody has collected, are free. */
function freePartOfPages({ states, layout }: Heap, head: number, chunks: number): number {
  const first = head * 2 ** layout.stateShift;
  const end = first + pageCountOf(layout, chunks) * statesPerPage;
  let live = 0;
  for (let slot = first; slot < end; ) {
    const state = states[slot] as number;
    const slots = state === pageFree ? statesPerPage : runPages(states, slot, end) * statesPerPage;
    if (isLivePage(state)) live += slots;
    slot += slots;
  }
  return 1 - live / (end - first);
}

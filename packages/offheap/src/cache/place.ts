// Where a cache is made, and where one is found: a pool of its own, in which a name leads to its books.

import { type Address, AllocatorError, show } from "../base/index.ts";
import { SizeClasses } from "../format/index.ts";
import { cacheMark, cacheWords, chunkBytes } from "../layout/index.ts";
import {
  createMap,
  Entries,
  endMap,
  type KeyName,
  mapOrRefusal,
  type Place,
  SharedMap,
} from "../map/index.ts";
import type { MemoryPool } from "../pool/index.ts";
import { type Kit, kitOf, type StructureHandle } from "../structure/index.ts";
import { type CacheOptions, usualWorkers } from "./options.ts";

export interface CachePlace {
  readonly pool: MemoryPool;
  readonly map: Place;
  readonly books: number;
  readonly claims: SharedMap<KeyName>;
}

const booksName = "cache.books";
/** One hash is remembered for so many bytes of the cache. */
const bytesPerGhost = 256;
const forEver = Number.POSITIVE_INFINITY;

/** The heap of a new cache: all it has lies within `maxBytes`. */
export function heapOptions({ maxBytes, maxWorkers = usualWorkers, engine, os }: CacheOptions) {
  return {
    capacity: maxBytes - (maxBytes % chunkBytes),
    maxWorkers,
    sizeClasses: SizeClasses.fine,
    ...(engine && { engine }),
    ...(os && { os }),
  };
}

/**
 * A new cache in a pool that is its alone; the one of another process that was faster, or why it cannot be had.
 * @throws ERR_INVALID_OPTION, ERR_OUT_OF_MEMORY
 */
export function createCache(pool: MemoryPool, options: CacheOptions): CachePlace | AllocatorError {
  const { keys, values, ttl = forEver } = options;
  const kit = kitOf(pool);
  const map = createMap(kit, { keys, values });
  const claims = new SharedMap<KeyName>(pool, keys === undefined ? {} : { keys });
  const ghostCount = 2 ** Math.floor(Math.log2(pool.stats().capacity / bytesPerGhost));
  const ghosts = kit.allocate(ghostCount * 4);
  kit.keep();
  const books = kit.allocate(kit.core.cacheBytes());
  kit.core.formatCache(books, map.at, ghosts, ghostCount);
  writeTtl(kit, books, ttl);
  kit.core.putWord(books + cacheWords.claims, claims.handle.address);
  kit.keep();
  if (pool.roots.setIfAbsent(booksName, { kind: "cache", address: books }))
    return { pool, map, books, claims };
  // Another process was faster: what was made here ends.
  endMap(new Entries(kit, map.at, map.keys, map.values));
  claims.destroy();
  kit.end(ghosts);
  kit.end(books);
  return findCache(pool, options) as CachePlace | AllocatorError;
}

/** The cache in a pool, or why it cannot be had; undefined where it has none yet. @throws ERR_INVALID_OPTION, ERR_DETACHED */
export function findCache(
  pool: MemoryPool,
  { keys, values }: Pick<CacheOptions, "keys" | "values">,
): CachePlace | AllocatorError | undefined {
  const books = pool.roots.get(booksName)?.address;
  if (books === undefined) return undefined;
  const kit = kitOf(pool);
  if (!kit.holds(books, kit.core.cacheBytes()) || kit.core.getWord(books + cacheWords.magic) !== cacheMark)
    return new AllocatorError("ERR_INCOMPATIBLE_HEAP", `no cache has its books at ${show(books)}`);
  const named: StructureHandle = { kind: "map", address: addressIn(kit, books + cacheWords.map) };
  const map = mapOrRefusal(kit, named, { keys, values });
  if (map instanceof AllocatorError) return map;
  const claims = SharedMap.attach<KeyName>(pool, {
    kind: "map",
    address: addressIn(kit, books + cacheWords.claims),
  });
  return { pool, map, books, claims };
}

function addressIn(kit: Kit, at: number): Address {
  return (kit.core.getWord(at) >>> 0) as Address;
}

/** Milliseconds to live, as a float of 64 bits. */
function writeTtl(kit: Kit, books: number, ttl: number): void {
  const words = new Int32Array(new Float64Array([ttl]).buffer);
  kit.core.putWord(books + cacheWords.ttl, words[0] as number);
  kit.core.putWord(books + cacheWords.ttl + 4, words[1] as number);
}

export function readTtl(kit: Kit, books: number): number {
  const words = new Int32Array(2);
  words[0] = kit.core.getWord(books + cacheWords.ttl);
  words[1] = kit.core.getWord(books + cacheWords.ttl + 4);
  return new Float64Array(words.buffer)[0] as number;
}

/** The map and the cache of this library: made, joined in another worker, or shared by processes. */
import { join } from "node:path";
import { type HeapHandle, MemoryPool } from "offheap";
import { type CacheHandle, SharedCache } from "offheap/cache";
import { type MapHandle, SharedMap } from "offheap/map";
import { closeHeap, openHeap } from "offheap/process";
import { keyBytes } from "./content.ts";
import type { Store, StoreSpec } from "./store.ts";

const MIB = 2 ** 20;
const HEAD_BYTES = 24; // of an entry
const MOST_BYTES = 2 ** 32 - MIB;

/** More than they take, so that all entries fit. */
function bytesFor({ count, valueBytes }: StoreSpec): number {
  const entry = HEAD_BYTES + Math.ceil(keyBytes / 8) * 8 + Math.ceil(valueBytes / 8) * 8;
  const wanted = 32 * MIB + count * (entry * 1.3 + 24);
  return Math.min(MOST_BYTES, Math.ceil(wanted / MIB) * MIB);
}

interface MapPlace {
  readonly pool: HeapHandle;
  readonly map: MapHandle;
}

function mapIn(spec: StoreSpec): { map: SharedMap; pool: MemoryPool } {
  const { folder, place } = spec;
  if (place !== undefined) {
    const there = place as MapPlace;
    const pool = MemoryPool.attach(there.pool);
    return { pool, map: SharedMap.attach(pool, there.map) };
  }
  const options = { capacity: bytesFor(spec) };
  if (folder === undefined) {
    const pool = new MemoryPool(options);
    return { pool, map: new SharedMap(pool) };
  }
  const pool = openHeap(join(folder, "heap"), options);
  const handle = pool.roots.get("map") as MapHandle | undefined;
  if (handle !== undefined) return { pool, map: SharedMap.attach(pool, handle) };
  const map = new SharedMap(pool);
  pool.roots.set("map", map.handle);
  return { pool, map };
}

/** One more than the byte, so that 0 is none. */
const firstByte = (view: Uint8Array, address: number): number => (view[address] as number) + 1;

function openMap(spec: StoreSpec, isFrozen: boolean): Store {
  // Packed entries stand beside the others until all are.
  const { map, pool } = mapIn(isFrozen ? { ...spec, count: spec.count * 2 } : spec);
  const isFile = spec.folder !== undefined;
  return {
    ...(isFrozen && { freeze: () => map.freeze() }),
    get: (key) => map.get(key),
    has: (key) => map.has(key),
    set: (key, value) => map.set(key, value),
    delete: (key) => map.delete(key),
    read: (key) => map.read(key, firstByte) ?? 0,
    getInto: (key, bytes) => map.getInto(key, bytes) ?? 0,
    ...(isFile ? {} : { place: { pool: pool.handle, map: map.handle } satisfies MapPlace }),
    close: () => (isFile ? closeHeap(pool) : pool.detach()),
  };
}

function cacheIn(spec: StoreSpec): SharedCache {
  const { folder, place } = spec;
  if (place !== undefined) return SharedCache.attach(place as CacheHandle);
  const options = { maxBytes: bytesFor(spec) };
  return folder === undefined ? new SharedCache(options) : SharedCache.open(join(folder, "cache"), options);
}

function openCache(spec: StoreSpec): Store {
  const cache = cacheIn(spec);
  const evicted = (): number => {
    const { evictions } = cache.stats();
    return Object.values(evictions).reduce((sum, each) => sum + each, 0);
  };
  return {
    get: (key) => cache.get(key),
    has: (key) => cache.has(key),
    set: (key, value) => cache.set(key, value),
    delete: (key) => cache.delete(key),
    isFull: () => evicted() > 0,
    ...(spec.folder === undefined ? { place: cache.handle } : {}),
    close: () => cache[Symbol.dispose](),
  };
}

export const openOurs =
  (kind: "map" | "frozen" | "cache") =>
  async (spec: StoreSpec): Promise<Store> =>
    kind === "cache" ? openCache(spec) : openMap(spec, kind === "frozen");

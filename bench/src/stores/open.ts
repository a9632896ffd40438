/** Opens a store of each kind. What npm offers is loaded only where it is measured. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { openOurs } from "./ours.ts";
import type { StorePeer } from "./protocol.ts";
import type { Store, StoreSpec } from "./store.ts";

type Open = (spec: StoreSpec) => Promise<Store>;

/** What has the calls of a Map. */
interface MapLike {
  get(key: string): string | undefined;
  has(key: string): boolean;
  set(key: string, value: string): unknown;
  delete(key: string): boolean;
  clear(): void;
}

const overMap = (map: MapLike): Store => ({
  get: (key) => map.get(key),
  has: (key) => map.has(key),
  set: (key, value) => map.set(key, value),
  delete: (key) => map.delete(key),
  close: () => map.clear(),
});

const openMap: Open = async () => overMap(new Map<string, string>());

const openLru: Open = async ({ count }) => {
  const { LRUCache } = await import("lru-cache");
  const cache = new LRUCache<string, string>({ max: count });
  return { ...overMap(cache), isFull: () => cache.size === count };
};

/** It holds up to twice as many as it is told. */
const openQuick: Open = async ({ count }) => {
  const { default: QuickLRU } = await import("quick-lru");
  const cache = new QuickLRU<string, string>({ maxSize: count });
  return { ...overMap(cache), isFull: () => cache.size === count };
};

const openCacheable: Open = async ({ count }) => {
  const { CacheableMemory } = await import("@cacheable/memory");
  const cache = new CacheableMemory({ lruSize: count, useClone: false });
  return {
    get: (key) => cache.get<string>(key),
    has: (key) => cache.has(key),
    set: (key, value) => cache.set(key, value),
    delete: (key) => cache.delete(key),
    isFull: () => cache.size >= count,
    close: () => cache.clear(),
  };
};

/** In memory, and nothing is synced. A put is there for readers after the next turn of the event loop. */
const openLmdb: Open = async ({ count, valueBytes, folder = "" }) => {
  const { open } = await import("lmdb");
  const path = join(folder, "lmdb");
  const mapSize = 2 ** 26 + count * (valueBytes + 100) * 3;
  const db = open<string, string>({ path, noSync: true, noSubdir: true, mapSize, encoding: "string" });
  return {
    get: (key) => db.get(key),
    has: (key) => db.doesExist(key),
    set: (key, value) => db.put(key, value),
    delete: (key) => db.remove(key),
    committed: () => db.committed,
    fileBytes: () => statSync(path).size,
    close: () => db.close(),
  };
};

const opens: Readonly<Record<StorePeer, Open>> = {
  ...{ map: openMap, "lru-cache": openLru, "quick-lru": openQuick, cacheable: openCacheable },
  ...{
    lmdb: openLmdb,
    "shared-map": openOurs("map"),
    "frozen-map": openOurs("frozen"),
    "shared-cache": openOurs("cache"),
  },
};

/** @throws where a package cannot be loaded on this machine */
export async function openStore(peer: StorePeer, spec: StoreSpec): Promise<Store> {
  try {
    return await opens[peer](spec);
  } catch (error) {
    throw new Error(`cannot be opened: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
  }
}

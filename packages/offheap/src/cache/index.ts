// offheap/cache: a map with a limit in bytes.

export type { AnyValues, CacheOptions, GetOrSetOptions, SetOptions } from "./options.ts";
export type { CacheStats } from "./stats.ts";
export { type CacheHandle, SharedCache } from "./cache.ts";

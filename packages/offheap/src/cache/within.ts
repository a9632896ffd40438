// A cache in a pool that is given: its own heap, which no cache shares, lies in one object of that pool.

import { type Address, AllocatorError, show } from "../base/index.ts";
import { bufferOf } from "../memory/index.ts";
import { MemoryPool } from "../pool/index.ts";
import { kitOf } from "../structure/index.ts";
import type { CacheOptions } from "./options.ts";
import { heapOptions } from "./place.ts";

/** @throws ERR_INVALID_OPTION */
export function checkPool(pool: unknown): void {
  if (!(pool instanceof MemoryPool))
    throw new AllocatorError("ERR_INVALID_OPTION", `pool is a MemoryPool, got ${show(pool)}`);
  if (kitOf(pool).heap.ownPage !== undefined)
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      "pool shows a file: SharedCache.open is a cache for processes",
    );
}

/**
 * The pool of a new cache, in an object that ends if this worker dies before `made`.
 * @throws ERR_OUT_OF_MEMORY where the pool has not so many bytes in a row; ERR_INVALID_SIZE, ERR_INVALID_OPTION, ERR_DETACHED
 */
export function poolWithin(
  around: MemoryPool,
  options: CacheOptions,
): { pool: MemoryPool; made: () => void } {
  const kit = kitOf(around);
  const given = heapOptions(options);
  const offset = kit.allocate(given.capacity);
  const pool = new MemoryPool({ ...given, memory: kit.heap.source, offset }, { isWithin: true });
  return { pool, made: () => kit.keep() };
}

/** What ends the object around the heap of a cache, once that has ended; or why it is none of this pool. @throws ERR_DETACHED */
export function giverBack(around: MemoryPool, pool: MemoryPool): (() => void) | AllocatorError {
  const { source, offset, layout } = kitOf(pool).heap;
  const kit = kitOf(around);
  const address = offset as Address;
  const isIn = bufferOf(kit.heap.source) === bufferOf(source) && kit.isLive(address);
  if (isIn && around.sizeOf(address) === layout.capacityBytes) return () => around.deallocate(address);
  return new AllocatorError("ERR_INVALID_OPTION", "the cache does not lie in this pool");
}

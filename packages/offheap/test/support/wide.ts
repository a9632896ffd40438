// Pools whose wide classes get slabs at once, and which kind an object is.

import assert from "node:assert/strict";
import { MemoryPool } from "offheap";
import type { HeapOptions } from "#src/format/options.js";

/** Requests of a wide class that page runs serve first. */
export const seldom = 64;

/** A pool whose worker asks for each wide class so often that it always builds slabs for them. */
export function wellUsed(options: HeapOptions): MemoryPool {
  return usedWell(new MemoryPool(options));
}

/** From now on its worker asks for each wide class so often. */
export function usedWell(pool: MemoryPool): MemoryPool {
  pool["wide"]["isSeldom"] = () => false;
  return pool;
}

/** Whether an object is a slot, by what the books count when it is freed. */
export function isSlot(pool: MemoryPool, size: number, address: number): boolean {
  const { large, sizeClasses } = pool.stats();
  const index = sizeClasses.findIndex(({ objectSize }) => objectSize >= size);
  pool.deallocate(address);
  const after = pool.stats();
  const isGone = after.large.objects === large.objects - 1;
  assert.notEqual(isGone, after.sizeClasses[index]?.allocated === (sizeClasses[index]?.allocated ?? 0) - 1);
  return !isGone;
}

// The end of a cache in tests: emptied, it is whole, and has nothing but what it was made of.

import assert from "node:assert/strict";
import type { MemoryPool } from "offheap";

export interface Ended extends Iterable<unknown> {
  readonly pool: MemoryPool;
  clear(): void;
  destroy(): void;
}

/** Objects that live when a cache has no entries. Its size may be off by those who died in a change (docs/GAPS.md). */
export function emptied(cache: Ended): number {
  cache.clear();
  assert.deepEqual([...cache], []);
  cache.pool.cleanup({ all: true });
  assert.deepEqual(cache.pool.check(), []);
  return cache.pool.stats().liveObjects;
}

/** Ends a cache, which is whole, and has nothing but its own objects once it is empty. */
export function end(cache: Ended, own: number): void {
  assert.equal(emptied(cache), own);
  cache.destroy();
}

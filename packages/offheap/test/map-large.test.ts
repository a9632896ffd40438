// A shared map with many entries, with large ones, and with keys that were made to meet.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool } from "offheap";
import { SharedMap } from "offheap/map";
import { kitOf } from "./support/kits.ts";
import { Random, runSeed } from "./support/random.ts";

const seed = runSeed();
const bucketBits = 10;

/** Entries of the fullest of 2^10 buckets that keys of 8 bytes, two words each, have in a map. */
function fullestOf(
  pool: MemoryPool,
  map: SharedMap<"bytes">,
  keys: readonly (readonly [number, number])[],
): number {
  const at = pool.allocate(8);
  const { core } = kitOf(pool);
  const counts = new Array<number>(2 ** bucketBits).fill(0);
  for (const [low, high] of keys) {
    pool.i32[at / 4] = low;
    pool.i32[at / 4 + 1] = high;
    const bucket = core.orderOf(map.handle.address, at, 8) >>> (32 - bucketBits);
    counts[bucket] = (counts[bucket] as number) + 1;
  }
  pool.deallocate(at);
  return Math.max(...counts);
}

/** Keys that all meet in the first of 2^10 buckets of a map whose seed is known. */
function keysThatMeet(pool: MemoryPool, map: SharedMap<"bytes">, count: number): [number, number][] {
  const random = new Random(seed);
  const at = pool.allocate(8);
  const { core } = kitOf(pool);
  const keys: [number, number][] = [];
  for (let i = 0; keys.length < count; i++) {
    const high = random.below(2 ** 31);
    pool.i32[at / 4] = i;
    pool.i32[at / 4 + 1] = high;
    if (core.orderOf(map.handle.address, at, 8) >>> (32 - bucketBits) === 0) keys.push([i, high]);
  }
  pool.deallocate(at);
  return keys;
}

describe(`SharedMap in a pool, OFFHEAP_SEED=${seed}`, () => {
  it("spreads keys that meet in another map", () => {
    const pool = new MemoryPool({ capacity: 16 << 20 });
    const [known, other] = [new SharedMap(pool, { keys: "bytes" }), new SharedMap(pool, { keys: "bytes" })];
    const keys = keysThatMeet(pool, known, 1000);
    assert.equal(fullestOf(pool, known, keys), keys.length);
    // As balls into bins: that one of 1,024 has more than 14 of 1,000 happens once in 10^8 maps.
    assert.ok(fullestOf(pool, other, keys) <= 14, `${fullestOf(pool, other, keys)} in one bucket`);
    known.destroy();
    other.destroy();
  });

  it("takes keys and values beyond the classes, and grows", () => {
    const pool = new MemoryPool({ capacity: 64 << 20 });
    const map = new SharedMap(pool, { values: "bytes" });
    const [long, value] = ["k".repeat(65_535), new Uint8Array(1 << 20).fill(7)];
    map.set(long, value);
    assert.deepEqual(map.get(long), value);
    for (let i = 0; i < 20_000; i++) map.set(`key ${i}`, Uint8Array.of(i, i >> 8));
    for (let i = 0; i < 20_000; i++) assert.deepEqual(map.get(`key ${i}`), Uint8Array.of(i, i >> 8));
    assert.equal(map.size, 20_001);
    assert.equal(map.delete(long), true);
    pool.roots.set("map", map.handle);
    assert.deepEqual(pool.check(), []);
    map.destroy();
    pool.roots.delete("map");
    pool.cleanup();
    assert.equal(pool.stats().liveObjects, 0);
    assert.deepEqual(pool.check(), []);
  });
});

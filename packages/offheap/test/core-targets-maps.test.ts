// Maps and caches on both targets of the core: the same calls of several workers, of which some leave or die, come to the same
// and leave the same bytes. A cache is full most of the time, so that its hands are at work.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { MemoryPool, SlabAllocator } from "offheap";
import { SharedCache } from "offheap/cache";
import { SharedMap } from "offheap/map";
import { bufferOf } from "#src/memory/kind.js";
import { heapOf } from "./support/heaps.ts";
import { Random, runSeed } from "./support/random.ts";
import { memoryOf, Twins } from "./support/twins.ts";

const seed = runSeed();
const steps = 12_000;
const compareEvery = 1000;
const mapSeedAt = 8;
const booksMapAt = 4;
const booksClaimsAt = 20;
const { now } = Date;
/** Both sides have the same time. */
const clock = { now: 1_700_000_000_000 };

/** The seed of an empty map's hash, which is random. */
function seedMap(heap: SlabAllocator, map: number): void {
  heapOf(heap).whole.set([seed, ~seed], (map + mapSeedAt) / 4);
}

function textFor(random: Random): string {
  const length = random.chance(10) ? random.pick([700, 5000, 30_000]) : random.below(60);
  return random.pick(["a", "é", "€", "𝄞", "\ud800"]).repeat(length);
}

type Collection = SharedMap | SharedCache;

/** One call, the same on both sides. */
function callFor(random: Random, keys: readonly string[]): (on: Collection) => unknown {
  const [key, value, expected] = [random.pick(keys), textFor(random), textFor(random)];
  const [dice, ttl] = [random.below(100), 1 + random.below(2000)];
  return (on) => {
    if (dice < 30) return on.get(key);
    if (dice < 35) return on.has(key);
    if (dice < 60) return void on.set(key, value);
    if (dice < 68) return on.insert(key, value);
    if (dice < 80) return on.delete(key);
    if (dice < 85) return on.update(key, (old) => (old === undefined ? value : old.slice(0, 9)));
    if (dice < 88) return on.read(key, (view, at, length) => Buffer.from(view.slice(at, at + length)));
    if (dice === 88) return on.size;
    if (dice === 89) return [...on].length;
    if (on instanceof SharedMap) return dice < 99 ? on.replace(key, expected, value) : on.bytes;
    if (dice < 95) return void on.set(key, value, { ttl });
    if (dice < 98) return on.touch(key, { ttl });
    return dice < 99 ? on.peek(key) : on.stats();
  };
}

/** The workers' maps, or caches, by their heap. */
function playOn(twins: Twins, random: Random, collectionOf: (heap: SlabAllocator) => Collection): void {
  const keys = Array.from({ length: 900 }, (_, i) => `${i} ${"k".repeat(i % 40)}`);
  for (let step = 0; step < steps; step++) {
    const worker = random.below(twins.sides[0]?.workers.length as number);
    const call = callFor(random, keys);
    clock.now++;
    if (random.chance(2)) twins.both(worker, (heap) => heap.cleanup().slabs);
    else twins.both(worker, (heap) => call(collectionOf(heap)));
    if (step % compareEvery === compareEvery - 1) twins.expectSameBytes();
  }
}

function dropLong(map: SharedMap): void {
  for (const [key, value] of [...map]) if (value.length > 600) map.delete(key);
}

/** All but the first: one leaves, one is dead. */
function leave(twins: Twins): void {
  twins.both(2, (heap) => heap.detach());
  const ids = twins.sides.map(({ workers }) => workers[1]?.workerId as number);
  twins.both(0, (heap) => heap.reap(ids[0] as number, { live: true }));
  for (const { workers } of twins.sides) workers.length = 1;
}

describe(`maps and caches on both targets (seed ${seed})`, () => {
  beforeEach(() => {
    Date.now = () => clock.now;
  });
  afterEach(() => {
    Date.now = now;
  });

  for (const isPool of [true, false])
    it(`leave the same bytes: a map in ${isPool ? "a pool" : "slabs"}`, () => {
      const random = new Random(seed + 10);
      const twins = Twins.of(memoryOf(4 << 20), { maxWorkers: 4 }, isPool, 3);
      const maps = new WeakMap<SlabAllocator, SharedMap>();
      for (const { workers } of twins.sides) {
        const [first, ...others] = workers as [SlabAllocator];
        const map = new SharedMap(first);
        seedMap(first, map.handle.address);
        first.roots.set("map", map.handle);
        maps.set(first, map);
        for (const other of others) maps.set(other, SharedMap.attach(other, map.handle));
      }
      const mapOf = (heap: SlabAllocator) => maps.get(heap) as SharedMap;
      playOn(twins, random, mapOf);
      leave(twins);
      playOn(twins, random, mapOf);
      twins.end();
      assert.ok(twins.both(0, (heap) => mapOf(heap).size));
      // So that there is space for what is packed, beside what it is packed from.
      twins.both(0, (heap) => void dropLong(mapOf(heap)));
      twins.both(0, (heap) => void mapOf(heap).freeze());
      twins.expectSameBytes();
      assert.ok(twins.both(0, (heap) => heapOf(heap).core.packedOf(mapOf(heap).handle.address)));
      playOn(twins, random, mapOf);
      twins.both(0, (heap) => mapOf(heap).destroy());
      twins.both(0, (heap) => heap.cleanup({ all: true }).slabs);
      twins.expectSameBytes();
      twins.end();
    });

  it("leave the same bytes: a cache that is full", () => {
    const caches = new WeakMap<SlabAllocator, SharedCache>();
    const random = new Random(seed + 11);
    const twins = new Twins((engine) => {
      const cache = new SharedCache({ maxBytes: 4 << 20, maxWorkers: 4, engine });
      const books = cache.pool.roots.get("cache.books")?.address as number;
      const { whole, source } = heapOf(cache.pool);
      for (const at of [booksMapAt, booksClaimsAt]) seedMap(cache.pool, whole[(books + at) / 4] as number);
      assert.equal(bufferOf(source).byteLength, 4 << 20);
      const others = [0, 1].map(() => SharedCache.attach(cache.handle));
      return [cache, ...others].map((each) => {
        caches.set(each.pool, each);
        return each.pool as MemoryPool as SlabAllocator;
      });
    });
    const cacheOf = (heap: SlabAllocator) => caches.get(heap) as SharedCache;
    playOn(twins, random, cacheOf);
    leave(twins);
    playOn(twins, random, cacheOf);
    const { unused, old, expired } = cacheOf(twins.sides[0]?.workers[0] as SlabAllocator).stats().evictions;
    assert.ok(unused > 0 && old + expired > 0, "it was never full");
    twins.both(0, (heap) => cacheOf(heap).clear());
    twins.expectSameBytes();
    twins.end();
  });
});

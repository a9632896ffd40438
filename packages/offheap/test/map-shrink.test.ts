// A map, or a cache, that had many entries and has few: its buckets are closed a step at a time, and their memory is given back.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SlabAllocator } from "offheap";
import { SharedCache } from "offheap/cache";
import { SharedMap } from "offheap/map";
import { bucketsPerPiece, cellFlags, mapWords } from "#src/layout/index.js";
import { kitOf, variants } from "./support/kits.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertZeroResidue } from "./support/residue.ts";

const seed = runSeed();
const most = 5000;
/** The map, its name, its first piece, and the one table of pieces, which stays. */
const leastObjects = 4;

const wordOf = (slab: SlabAllocator, map: SharedMap<"integer", "i32">, word: number): number =>
  kitOf(slab).core.getWord(map.handle.address + word);
const logOf = (slab: SlabAllocator, map: SharedMap<"integer", "i32">) => wordOf(slab, map, mapWords.log);
const closingOf = (slab: SlabAllocator, map: SharedMap<"integer", "i32">) =>
  wordOf(slab, map, mapWords.closing);

function filled(slab: SlabAllocator, count = most): SharedMap<"integer", "i32"> {
  const map = new SharedMap<"integer", "i32">(slab, { keys: "integer", values: "i32" });
  slab.roots.set("map", map.handle);
  for (let key = 0; key < count; key++) map.set(key, ~key);
  return map;
}

function shuffled(random: Random, keys: readonly number[]): Int32Array {
  const all = Int32Array.from(keys);
  random.shuffle(all);
  return all;
}

function liveObjects(slab: SlabAllocator): number {
  slab.cleanup();
  return slab.stats().liveObjects;
}

/** Changes of one key, so that steps of the closing are made; they have an end. */
function change(map: SharedMap<"integer", "i32">, times = 32 * 200): void {
  for (let i = 0; i < times; i++) {
    map.set(most, 1);
    map.delete(most);
  }
}

for (const { name, make, join } of variants)
  describe(`a map that shrinks: ${name}, OFFHEAP_SEED=${seed}`, () => {
    it("is the same for all workers while it does, and holds no more than before in the end", () => {
      const random = new Random(seed);
      const slab = make();
      const map = filled(slab);
      const second = join(slab);
      const there = SharedMap.attach<"integer", "i32">(second, map.handle);
      assert.equal(logOf(slab, map), 13);
      const model = new Set(Array.from({ length: most }, (_, key) => key));
      for (const key of shuffled(random, [...model])) {
        const [by, other] = random.chance(50) ? [map, there] : [there, map];
        assert.equal(by.delete(key), true);
        model.delete(key);
        assert.equal(other.get(key), undefined);
        const its = random.below(most);
        assert.equal(other.get(its), model.has(its) ? ~its : undefined);
        if (random.chance(1)) assert.deepEqual(slab.check(), []);
        if (model.size === 10) break;
      }
      assert.deepEqual(new Set(there.keys()), model);
      change(map);
      assert.equal(logOf(slab, map), 9);
      assert.equal(closingOf(slab, map), 0);
      assert.deepEqual(slab.check(), []);
      second.cleanup();
      assert.equal(liveObjects(slab), leastObjects + model.size);
      for (let key = 0; key < most; key++) map.set(key, key);
      for (let key = 0; key < most; key++) assert.equal(there.get(key), key);
      assert.deepEqual(slab.check(), []);
      map.destroy();
      slab.roots.delete("map");
      second.cleanup();
      assertZeroResidue(slab);
    });

    it("does so at once in clear and freeze", () => {
      const slab = make();
      const map = filled(slab);
      map.clear();
      assert.equal(liveObjects(slab), leastObjects);
      for (let key = 0; key < most; key++) map.set(key, key);
      for (let key = 100; key < most; key++) map.delete(key);
      map.freeze();
      // The entries stand in one pack, with an index and one piece of it.
      assert.equal(liveObjects(slab), leastObjects + 3);
      for (let key = 0; key < most; key++) assert.equal(map.get(key), key < 100 ? key : undefined);
      assert.deepEqual(slab.check(), []);
    });

    it("is cleared in one pass", () => {
      const slab = make();
      const map = filled(slab);
      const { core } = kitOf(slab);
      const { entryFrom } = core;
      let [calls, last] = [0, 0];
      core.entryFrom = (at, order, passed) => {
        calls++;
        assert.ok(order >>> 0 >= last, "it began anew");
        last = order >>> 0;
        return entryFrom(at, order, passed);
      };
      map.clear();
      core.entryFrom = entryFrom;
      assert.equal(calls, most + 1);
    });

    it("grows again in the middle of it", () => {
      const random = new Random(seed);
      const slab = make();
      const map = filled(slab);
      const model = new Map(Array.from({ length: most }, (_, key) => [key, ~key]));
      let closed = 0;
      for (let turn = 0; turn < 8; turn++) {
        const [least, upTo] = [random.below(400), most - random.below(2000)];
        for (const key of shuffled(random, [...model.keys()]).slice(least)) {
          map.delete(key);
          model.delete(key);
          if (closingOf(slab, map) !== 0) closed++;
          // Not to the end.
          if (model.size < 1200 && random.chance(1)) break;
        }
        for (let key = 0; key < upTo; key++) {
          map.set(key, turn);
          model.set(key, turn);
        }
        assert.deepEqual(new Map(map), model);
        assert.deepEqual(slab.check(), []);
      }
      assert.ok(closed > 0, "it was never in the middle of a closing");
      map.destroy();
      slab.roots.delete("map");
      assertZeroResidue(slab);
    });

    it("closes no piece in which somebody opens a bucket, and every other", () => {
      const slab = make();
      const map = filled(slab);
      const there = kitOf(join(slab));
      const table = wordOf(slab, map, mapWords.root + 8);
      // The second piece, by its cell in the table of pieces.
      const cell = table + 8;
      const piece = there.core.protect(0, cell);
      map.clear();
      change(map);
      assert.equal(there.core.getWord(cell), piece | cellFlags.marked);
      assert.equal(closingOf(slab, map), bucketsPerPiece);
      assert.deepEqual(slab.check(), []);
      there.core.unprotect(0);
      change(map);
      assert.equal(there.core.getWord(cell), 0);
      assert.equal(closingOf(slab, map), 0);
      assert.equal(liveObjects(slab), leastObjects);
    });

    it("closes buckets of which nobody knows that they are in the list, and holds nothing behind a step", () => {
      const slab = make();
      const [{ core }, there] = [kitOf(slab), kitOf(join(slab))];
      let map = filled(slab);
      let [at, first, opened] = [0, 0, 0];
      // Hashes have a random seed: of a map now and then no bucket of the step is open.
      for (let tries = 0; opened === 0; tries++) {
        assert.ok(tries < 20, "no bucket of the step was open");
        if (tries > 0) map.destroy();
        if (tries > 0) map = filled(slab);
        at = map.handle.address;
        core.halveMap(at, logOf(slab, map));
        first = closingOf(slab, map);
        const piece = core.getWord(core.pieceOfBucket(at, first));
        // As a death right behind the exchange that puts a head into the list has left it.
        for (let head = piece; head < piece + 64 * 8; head += 8) {
          const value = core.getWord(head);
          if ((value & cellFlags.apart) !== 0) continue;
          core.putWord(head, value | cellFlags.apart);
          opened++;
        }
      }
      there.core.shrinkSome(at);
      assert.equal(closingOf(slab, map), first);
      there.core.shrinkSome(at);
      assert.equal(closingOf(slab, map), first + 64);
      change(map);
      assert.equal(closingOf(slab, map), 0);
      assert.deepEqual(new Set(map.keys()), new Set(Array.from({ length: most }, (_, key) => key)));
      assert.deepEqual(slab.check(), []);
    });

    it("makes at most one step a call, of 64 heads or of 64 pieces that are not there", () => {
      const slab = make();
      const map = filled(slab);
      const { core } = kitOf(slab);
      const { shrinkSome } = core;
      let steps = 0;
      core.shrinkSome = (at) => {
        steps++;
        const before = closingOf(slab, map);
        const came = shrinkSome(at);
        const after = closingOf(slab, map);
        const isInPiece = before !== 0 && after !== 0 && Math.floor(after / 512) === Math.floor(before / 512);
        if (isInPiece) assert.ok(after - before <= 64, `${before} to ${after}`);
        return came;
      };
      let all = 0;
      for (let key = 0; key < most; key++) {
        map.delete(key);
        assert.ok(steps <= 1, `${steps} steps in a call`);
        all += steps;
        steps = 0;
      }
      core.shrinkSome = shrinkSome;
      assert.ok(all > 100, `${all} steps in all`);
    });
  });

describe("a cache that shrinks", () => {
  it("gives the memory of its buckets to entries", () => {
    const cache = new SharedCache<"integer", "text">({ maxBytes: 8 << 20, keys: "integer" });
    for (let key = 0; key < 100_000; key++) cache.set(key, "a short one");
    const { core } = kitOf(cache.pool);
    const { at: map } = cache["entries"];
    const small = core.getWord(map + mapWords.log);
    for (let key = 0; key < 20_000; key++) cache.set(key, `${key} ${"x".repeat(4000)}`);
    assert.ok(core.getWord(map + mapWords.log) < small - 2);
    assert.deepEqual(cache.pool.check(), []);
    cache.clear();
    assert.equal(core.getWord(map + mapWords.log), 9);
    assert.equal(cache.size, 0);
    assert.deepEqual(cache.pool.check(), []);
    cache.destroy();
  });
});

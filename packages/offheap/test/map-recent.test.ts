// Values that a worker has read are given again while their entries stand, and only then.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { SharedCache } from "offheap/cache";
import { SharedMap } from "offheap/map";
import { header, intentAt } from "#src/layout/index.js";
import { noSlot, Recent } from "#src/map/recent.js";
import { heapOf } from "./support/heaps.ts";
import { kitOf, variants } from "./support/kits.ts";
import { Random, runSeed } from "./support/random.ts";

const stampCountWord = 5;
const quarterTurn = 2 ** 23;
const someWay = new Int32Array(8);

function keep(recent: Recent, key: unknown, value: unknown, until = 0): void {
  const slot = recent.take(key);
  if (slot !== noSlot) recent.put(slot, someWay, 0, value, until);
}

describe("what a worker has read", () => {
  it("is told by its key, within a turn of stamps", () => {
    const recent = new Recent();
    assert.equal(recent.slotOf("a", 0), noSlot);
    keep(recent, "a", "1");
    keep(recent, 7, 2);
    assert.equal(recent.hit(recent.slotOf("a", 0)), "1");
    assert.equal(recent.hit(recent.slotOf(7, 0)), 2);
    assert.equal(recent.slotOf("7", 0), noSlot);
    assert.equal(recent.slotOf("a", 1), noSlot, "a stamp may have come again");
    assert.equal(recent.slotOf("a", 1), noSlot);
  });

  it("has expired when its time has come", () => {
    const recent = new Recent();
    keep(recent, "a", "1");
    keep(recent, "b", "2", Date.now() + 1e6);
    keep(recent, "c", "3", Date.now() - 1);
    const expired = ["a", "b", "c"].map((key) => recent.hasExpired(recent.slotOf(key, 0)));
    assert.deepEqual(expired, [false, false, true]);
  });

  it("has as many slots as come again, up to 16,384, and none where nothing does", () => {
    const recent = new Recent();
    const read = (from: number, keys: number, rounds: number) => {
      let hits = 0;
      for (let round = 0; round < rounds; round++)
        for (let key = from; key < from + keys; key++) {
          const slot = recent.slotOf(key, 0);
          if (slot === noSlot) {
            if (recent.wants(key)) keep(recent, key, key);
          } else {
            assert.equal(recent.hit(slot), key);
            hits++;
          }
        }
      return hits / (keys * rounds);
    };
    read(0, 5000, 1);
    assert.equal(read(0, 5000, 4), 1);
    // Keys that come later take the slots of others.
    read(5000, 16_384, 8);
    assert.ok(read(5000, 16_384, 1) > 0.5);
    read(100_000, 1_000_000, 1);
    assert.equal(read(2_000_000, 100, 2), 0, "nothing is kept");
  });

  it("keeps no text alive that a key is a part of", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    for (const { make } of variants) {
      const map = new SharedMap(make());
      const bytes = 2 ** 20;
      const parts = (i: number) => `${i}`.padStart(bytes, "x").slice(-20);
      for (let i = 0; i < 50; i++) map.set(parts(i), "value");
      for (let i = 0; i < 100; i++) assert.equal(map.get(parts(i % 50)), "value");
      collect();
      const before = process.memoryUsage().heapUsed;
      map.destroy();
      assert.ok(before < 40 * bytes, `${before} bytes are held`);
    }
  });

  it("keeps no long key, of which V8 has the same hash for each of one length", () => {
    for (const { make } of variants) {
      const map = new SharedMap(make());
      const keys = Array.from({ length: 40 }, (_, i) => `${i}`.padStart(i % 2 === 0 ? 2000 : 20, "x"));
      for (const key of keys) map.set(key, "value");
      for (const key of [...keys, ...keys, ...keys]) assert.equal(map.get(key), "value");
      const kept = (map["entries"]["recent"]?.["keys"] ?? []) as string[];
      assert.deepEqual(new Set(kept.map((key) => key.length)), new Set([20]));
      map.destroy();
    }
  });

  it("counts as a hit of a cache, expires in time, and goes with its entry", () => {
    const cache = new SharedCache({ maxBytes: 2 ** 23, ttl: 50_000 });
    cache.set("a", "1").set("b", "2", { ttl: 30 }).set("c", "3");
    for (let i = 0; i < 10; i++) assert.deepEqual([cache.get("a"), cache.get("b") ?? "2"], ["1", "2"]);
    assert.equal(cache.stats().hits + cache.stats().misses, 20);
    const until = Date.now() + 40;
    while (Date.now() < until);
    assert.equal(cache.get("b"), undefined);
    cache.delete("a");
    assert.equal(cache.get("a"), undefined);
    assert.equal(cache.get("c"), "3");
    for (let i = 0; i < 200; i++) cache.get("c");
    const { hits } = cache.stats();
    cache.get("c");
    assert.equal(cache.stats().hits, hits + 1);
    cache[Symbol.dispose]();
    assert.throws(() => cache.get("c"), { code: "ERR_DETACHED" });
  });

  for (const { name, make, join } of variants)
    it(`are those of the map, whoever changes it: ${name}`, () => {
      const seed = runSeed();
      const random = new Random(seed);
      const slab = make();
      const other = join(slab);
      const map = new SharedMap(slab);
      const there = SharedMap.attach(other, map.handle);
      const model = new Map<string, string>();
      for (let i = 0; i < 20_000; i++) {
        const key = `key ${random.below(100)}`;
        if (random.chance(90)) assert.equal(map.get(key), model.get(key), `OFFHEAP_SEED=${seed}, step ${i}`);
        else if (random.chance(30)) {
          there.delete(key);
          model.delete(key);
        } else {
          const value = `value ${random.below(3)}`;
          (random.chance(50) ? there : map).set(key, value);
          model.set(key, value);
        }
      }
      other.detach();
      map.destroy();
    });

  it("are forgotten each quarter of a turn of any worker's stamps, which the heap counts", () => {
    for (const { make, join } of variants) {
      const slab = make();
      const other = join(slab);
      const map = new SharedMap(slab);
      const there = SharedMap.attach(other, map.handle);
      map.set("a", "1");
      assert.deepEqual([map.get("a"), map.get("a")], ["1", "1"]);
      const { words, layout } = heapOf(slab);
      const turns = () => words[header.turns];
      assert.equal(turns(), 0);
      words[intentAt(layout, kitOf(other).place) + stampCountWord] = quarterTurn - 3;
      for (let i = 0; i < 6; i++) there.set("b", String(i));
      assert.equal(turns(), 1);
      assert.deepEqual([map.get("a"), map.get("b")], ["1", "5"]);
      other.detach();
      map.destroy();
    }
  });
});

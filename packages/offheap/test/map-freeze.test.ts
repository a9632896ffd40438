// A map that is frozen: its entries are packed, back to back. All that is asked of it is answered as before, by all workers; what it
// holds, and what a look writes, are counted.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, type SlabAllocator } from "offheap";
import { SharedMap } from "offheap/map";
import { intent, intentAt, packedWords } from "#src/layout/index.js";
import { expectCode, heapOf } from "./support/heaps.ts";
import { kitOf, variants } from "./support/kits.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertZeroResidue, fillUp } from "./support/residue.ts";

const seed = runSeed();

function isPacked(slab: SlabAllocator, map: { handle: { address: number } }): boolean {
  return kitOf(slab).core.packedOf(map.handle.address) !== 0;
}

function end(slab: SlabAllocator, map: SharedMap): void {
  map.destroy();
  slab.roots.delete("map");
  assertZeroResidue(slab);
}

/** Keys and values of many lengths, also none; texts with half a surrogate pair among them. */
function texts(random: Random, count: number, mostUnits: number): Map<string, string> {
  const all = new Map([["", ""]]);
  for (let i = 0; i < count; i++) {
    const key = `${i} ${"k".repeat(random.below(40))}`;
    all.set(key, `${random.chance(5) ? "\ud800" : "é"}${"v".repeat(random.below(mostUnits))}`);
  }
  return all;
}

for (const { name, make, join, isPool } of variants)
  describe(`a map that is frozen: ${name}, OFFHEAP_SEED=${seed}`, () => {
    it("has what it had, for all workers, in fewer objects and bytes", () => {
      const random = new Random(seed);
      const slab = make({ capacity: 4 << 20 });
      const map = new SharedMap(slab);
      slab.roots.set("map", map.handle);
      const model = texts(random, 2000, 300);
      for (const [key, value] of model) map.set(key, value);
      for (const key of [...model.keys()].slice(0, 500)) {
        map.delete(key);
        model.delete(key);
      }
      const other = join(slab);
      const there = SharedMap.attach(other, map.handle);
      const before = { objects: slab.stats().liveObjects, bytes: map.bytes };
      map.freeze();
      slab.cleanup();
      assert.ok(isPacked(slab, map));
      for (const each of [map, there]) {
        assert.equal(each.size, model.size);
        assert.equal(each.bytes, before.bytes - model.size * 16);
        assert.deepEqual(new Map(each), model);
        for (const [key, value] of model) {
          assert.equal(each.get(key), value);
          assert.equal(each.get(`${key}!`), undefined);
        }
        assert.deepEqual([each.has(""), each.has("none")], [model.has(""), false]);
      }
      assert.ok(slab.stats().liveObjects < before.objects / (isPool ? 20 : 5));
      assert.deepEqual(slab.check(), []);
      other.detach();
      end(slab, map);
    });

    it("shows values in place, and copies them", () => {
      const slab = make();
      const map = new SharedMap(slab);
      slab.roots.set("map", map.handle);
      for (let i = 0; i < 100; i++) map.set(`key ${i}`, `value ${i}`);
      map.freeze();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes.slice());
      const bytes = new Uint8Array(20);
      for (let i = 0; i < 100; i++) {
        assert.equal(
          map.read(`key ${i}`, (view, at, length) => {
            const inner = map.read(`key ${(i + 1) % 100}`, (its, from, count) =>
              text(its.subarray(from, from + count)),
            );
            assert.equal(inner, `value ${(i + 1) % 100}`);
            return text(view.subarray(at, at + length));
          }),
          `value ${i}`,
        );
        assert.equal(text(bytes.subarray(0, map.getInto(`key ${i}`, bytes))), `value ${i}`);
      }
      end(slab, map);
    });

    it("stays as it is for want of memory, and is packed by the next freeze", () => {
      const slab = make();
      const map = new SharedMap(slab);
      slab.roots.set("map", map.handle);
      const model = texts(new Random(seed), 1500, 40);
      for (const [key, value] of model) map.set(key, value);
      const full = [64, 1024, 8192].flatMap((size) => fillUp(slab, size));
      const objects = slab.stats().liveObjects;
      map.freeze();
      assert.equal(isPacked(slab, map), false);
      assert.equal(slab.stats().liveObjects, objects);
      assert.deepEqual(slab.check(), []);
      assert.deepEqual(new Map(map), model);
      expectCode("ERR_INVALID_OPTION", () => map.set("new", ""));
      for (const address of full) slab.deallocate(address);
      slab.cleanup();
      map.freeze();
      assert.ok(isPacked(slab, map));
      assert.deepEqual(new Map(map), model);
      assert.deepEqual(slab.check(), []);
      end(slab, map);
    });

    it("refuses the change of a call that had begun before", () => {
      const slab = make();
      const map = new SharedMap<"text", "i32">(slab, { values: "i32" });
      slab.roots.set("map", map.handle);
      map.set("a", 1).set("b", 2);
      const there = SharedMap.attach<"text", "i32">(join(slab), map.handle);
      const late = (old: number | undefined) => {
        map.freeze();
        return (old ?? 0) + 1;
      };
      expectCode("ERR_INVALID_OPTION", () => there.update("a", late));
      assert.deepEqual([map.get("a"), there.get("a")], [1, 1]);
      expectCode("ERR_INVALID_OPTION", () => there.update("c", late));
      assert.deepEqual([...map].sort(), [
        ["a", 1],
        ["b", 2],
      ]);
      assert.deepEqual(slab.check(), []);
    });

    it("goes on in an iteration that began in the list", () => {
      const slab = make();
      const map = new SharedMap(slab);
      slab.roots.set("map", map.handle);
      for (let i = 0; i < 300; i++) map.set(`${i}`, `${i}`);
      const keys = map.keys();
      const met: string[] = [];
      for (let i = 0; i < 100; i++) met.push(keys.next().value as string);
      map.freeze();
      met.push(...keys);
      assert.equal(met.length, 300);
      assert.equal(new Set(met).size, 300);
      end(slab, map);
    });

    it("ends whole: packed, half packed, and empty", () => {
      const slab = make();
      for (const count of [0, 1, 700]) {
        const map = new SharedMap(slab);
        slab.roots.set("map", map.handle);
        for (let i = 0; i < count; i++) map.set(`${i}`, "");
        map.freeze().freeze();
        assert.deepEqual([map.size, [...map].length, map.get("none")], [count, count, undefined]);
        end(slab, map);
      }
    });

    it("keeps what was read lately until it is destroyed", () => {
      const slab = make();
      const map = new SharedMap(slab);
      slab.roots.set("map", map.handle);
      map.set("a", "value").freeze();
      const first = map.get("a");
      const { core } = kitOf(slab);
      const { findEntry } = core;
      let looks = 0;
      core.findEntry = (at, key, bytes) => {
        looks++;
        return findEntry(at, key, bytes);
      };
      for (let i = 0; i < 10; i++) assert.equal(map.get("a"), first);
      core.findEntry = findEntry;
      assert.ok(looks <= 1, `${looks} looks`);
      end(slab, map);
      expectCode("ERR_DETACHED", () => map.get("a"));
    });
  });

describe("what a frozen map holds", () => {
  it("numbers, bytes and what a codec makes, each at its place", () => {
    const pool = new MemoryPool({ capacity: 16 << 20 });
    const numbers = new SharedMap<"integer", "f64">(pool, { keys: "integer", values: "f64" });
    const words = new SharedMap<"integer", "i32">(pool, { keys: "integer", values: "i32" });
    const bytes = new SharedMap<"bytes", "bytes">(pool, { keys: "bytes", values: "bytes" });
    const json = new SharedMap<"text", "json">(pool, { values: "json" });
    const keyOf = (i: number) => Uint8Array.from({ length: i % 30 }, (_, k) => (i * 7 + k) & 255);
    for (let i = 0; i < 1000; i++) {
      numbers.set(i - 500, i / 3);
      words.set(i * 2 ** 30, ~i);
      bytes.set(keyOf(i), new Uint8Array(i % 200).fill(i));
      json.set(`${i}`, { i, list: [i] });
    }
    const asItWas = new Map([...bytes].map(([key, value]) => [key.join(), value]));
    for (const map of [numbers, words, bytes, json]) map.freeze();
    for (let i = 0; i < 1000; i++) {
      assert.equal(numbers.get(i - 500), i / 3);
      assert.equal(words.get(i * 2 ** 30), ~i);
      assert.deepEqual(bytes.get(keyOf(i)), asItWas.get(keyOf(i).join()));
      assert.deepEqual(json.get(`${i}`), { i, list: [i] });
    }
    assert.deepEqual(pool.check(), []);
  });

  it("values longer than a pack, and one as long as the largest slot", () => {
    const pool = new MemoryPool({ capacity: 16 << 20 });
    const map = new SharedMap(pool);
    pool.roots.set("map", map.handle);
    const lengths = [10, 8168, 31_000, 32_768, 400_000, 700_000];
    for (const length of lengths) map.set(`${length}`, "v".repeat(length));
    map.freeze();
    assert.ok(isPacked(pool, map));
    for (const length of lengths) assert.equal(map.get(`${length}`), "v".repeat(length));
    assert.deepEqual(pool.check(), []);
    for (const { make } of variants.filter(({ isPool }) => !isPool)) {
      const slab = make();
      const largest = new SharedMap(slab);
      slab.roots.set("map", largest.handle);
      const value = "v".repeat(8192 - 24 - 8);
      largest.set("a", value).set("b", value).freeze();
      assert.ok(isPacked(slab, largest));
      assert.deepEqual([largest.get("a"), largest.get("b")], [value, value]);
      assert.deepEqual(slab.check(), []);
      end(slab, largest);
    }
  });

  it("many entries, in an index of many pieces, with little beside them", () => {
    const pool = new MemoryPool({ capacity: 64 << 20 });
    const map = new SharedMap<"integer", "i32">(pool, { keys: "integer", values: "i32" });
    const count = 100_000;
    for (let i = 0; i < count; i++) map.set(i, ~i);
    map.freeze();
    pool.cleanup();
    const index = kitOf(pool).core.packedOf(map.handle.address);
    assert.equal(heapOf(pool).whole[(index + packedWords.log) / 4], 17);
    for (let i = 0; i < count; i++) assert.equal(map.get(i), ~i);
    // 24 bytes an entry, 4 for each of 131,072 buckets; a pack, a piece and a slab may not be full.
    const least = count * 24 + 131_072 * 4;
    assert.ok(pool.stats().liveBytes < least * 1.02 + (1 << 15), `${pool.stats().liveBytes} of ${least}`);
  });

  it("is found without a word being written: no look names an entry", () => {
    const pool = new MemoryPool({ capacity: 4 << 20, engine: "js" });
    const map = new SharedMap<"bytes", "bytes">(pool, { keys: "bytes", values: "bytes" });
    const key = new Uint8Array(8);
    map.set(key, key).freeze();
    const { core, heap, place } = kitOf(pool);
    const at = intentAt(heap.layout, place) + intent.hazards;
    const { letGoEntry } = core;
    const named: number[] = [];
    core.letGoEntry = () => {
      named.push(heap.words[at] as number);
      letGoEntry();
    };
    assert.ok(map.has(key));
    assert.deepEqual(map.get(key), key);
    core.letGoEntry = letGoEntry;
    assert.deepEqual(new Set(named), new Set([0]));
  });
});

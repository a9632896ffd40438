// `update` of a map and of a cache, when the function that it is given calls the same map.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { AllocatorError } from "offheap";
import { SharedCache } from "offheap/cache";
import { SharedMap } from "offheap/map";
import { variants } from "./support/kits.ts";
import { assertZeroResidue } from "./support/residue.ts";

const keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
const mostCalls = 8;

interface Updated {
  get(key: string): number | undefined;
  set(key: string, value: number): unknown;
  update(key: string, change: (old: number | undefined) => number | undefined): number | undefined;
}

/** Updates each key, by a function that sets all others each time; how often it was called at most. */
function updateAll(map: Updated): number {
  let most = 0;
  for (const key of keys) map.set(key, 1);
  for (const key of keys) {
    let calls = 0;
    const sum = map.update(key, (old = 0) => {
      assert.ok(++calls < mostCalls, `${key} is never done`);
      for (const other of keys) if (other !== key) map.set(other, map.get(other) as number);
      return old + 1;
    });
    assert.deepEqual([sum, map.get(key)], [2, 2]);
    most = Math.max(most, calls);
  }
  return most;
}

for (const { name, make } of variants)
  describe(`SharedMap.update: ${name}`, () => {
    it("is done, whatever else its function sets", () => {
      const slab = make();
      const map = new SharedMap(slab, { values: "f64" });
      assert.ok(updateAll(map) <= 2);
      for (const key of keys)
        map.update(key, () => {
          for (const other of keys) if (other !== key) map.set(other, 3);
          return undefined;
        });
      assert.deepEqual([...map.keys()].sort(), keys.slice(0, -1));
      map.destroy();
      assertZeroResidue(slab);
    });

    it("is of the newer value, where its function changes the key itself", () => {
      const slab = make();
      const map = new SharedMap(slab, { values: "json" });
      const changes = [() => map.set("a", 10), () => map.delete("a"), () => map.clear()];
      const results = changes.map((change) => {
        map.set("a", 1);
        let calls = 0;
        return map.update("a", (old) => {
          if (calls++ < 3) change();
          return [old ?? "none"];
        });
      });
      assert.deepEqual(results, [[10], ["none"], ["none"]]);
      map.destroy();
      assertZeroResidue(slab);
    });
  });

for (const engine of ["wasm", "js"] as const)
  describe(`SharedCache.update: ${engine}`, () => {
    it("is done, whatever else its function sets, and keeps a time to live", () => {
      const cache = new SharedCache({ maxBytes: 2 ** 21, values: "f64", engine });
      assert.ok(updateAll(cache) <= 2);
      cache.set("a", 1, { ttl: 60_000 });
      let calls = 0;
      cache.update("a", (old = 0) => {
        if (calls++ < 2) cache.touch("a", { ttl: 90_000 + calls });
        return old + 1;
      });
      assert.deepEqual([cache.get("a"), calls], [2, 3]);
      assert.ok((cache.expiresAt("a") as number) > Date.now() + 80_000);
      assert.throws(() => cache.increment("b", "1" as never), AllocatorError);
      assert.deepEqual(cache.pool.check(), []);
      cache.destroy();
    });

    it("inserts in place of what has expired, whatever else its codec sets", async () => {
      let isInside = false;
      let calls = 0;
      const values = {
        encode(value: string): Uint8Array {
          assert.ok(++calls < mostCalls * keys.length ** 2, "it is never done");
          if (!isInside) {
            isInside = true;
            for (const other of keys) if (other !== value) cache.set(other, other, { ttl: 1 });
            isInside = false;
          }
          return new Uint8Array(Buffer.from(value));
        },
        decode: (bytes: Uint8Array): string => `${Buffer.from(bytes)}`,
      };
      const cache = new SharedCache<"text", typeof values>({ maxBytes: 2 ** 21, values, engine });
      for (const key of keys) {
        cache.set(key, key, { ttl: 1 });
        await sleep(3);
        assert.equal(cache.insert(key, key), true);
        assert.equal(cache.get(key), key);
      }
      assert.deepEqual(cache.pool.check(), []);
      cache.destroy();
    });
  });

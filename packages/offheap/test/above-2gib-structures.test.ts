// Structures whose objects lie above 2 GiB, on both engines: what the shell hands to the core is an integer of 32 bits there, and negative.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemoryPool } from "offheap";
import { SharedCache } from "offheap/cache";
import { SharedMap } from "offheap/map";
import { Records, struct, u32, utf8 } from "offheap/records";
import { Ring } from "offheap/ring";
import { attachPoolTo, heapOf } from "./support/heaps.ts";
import { type Place, places, poolAt } from "./support/high.ts";
import { kitOf } from "./support/kits.ts";

const MiB = 2 ** 20;
const engines = ["wasm", "js"] as const;
const high = places.filter(({ offset }) => offset > 2 ** 31);

function twoWorkers(place: Place, engine: "wasm" | "js"): [MemoryPool, MemoryPool] {
  const pool = poolAt(place, { engine });
  return [pool, attachPoolTo(heapOf(pool), undefined, engine) as MemoryPool];
}

function assertEnded(pool: MemoryPool, other: MemoryPool): void {
  other.detach();
  pool.cleanup({ all: true });
  assert.equal(pool.stats().liveObjects, 0);
  assert.deepEqual(pool.check(), []);
}

for (const place of high)
  for (const engine of engines)
    describe(`structures ${place.name}, ${engine}`, () => {
      it("a map, also frozen", () => {
        const [pool, other] = twoWorkers(place, engine);
        const map = new SharedMap(pool);
        const there = SharedMap.attach(other, map.handle);
        const model = new Map<string, string>();
        for (let i = 0; i < 3000; i++) {
          const [key, value] = [`key ${i % 1000}`, `${i} ${"v".repeat(i % 70)}`];
          (i % 2 === 0 ? map : there).set(key, value);
          model.set(key, value);
        }
        assert.equal(map.insert("key 1", ""), false);
        assert.equal(there.replace("key 2", model.get("key 2") as string, "two"), true);
        assert.equal(
          map.update("key 3", (old) => `${old}!`),
          `${model.get("key 3")}!`,
        );
        model.set("key 2", "two").set("key 3", `${model.get("key 3")}!`);
        for (let i = 500; i < 1000; i++) {
          assert.equal(there.delete(`key ${i}`), model.delete(`key ${i}`));
        }
        for (const isFrozen of [false, true]) {
          if (isFrozen) map.freeze();
          assert.equal(kitOf(pool).core.packedOf(map.handle.address) !== 0, isFrozen);
          for (const each of [map, there, map]) {
            for (const [key, value] of model) assert.equal(each.get(key), value);
            assert.equal(each.get("key 700"), undefined);
          }
          assert.deepEqual(new Map(there), model);
          assert.equal(there.size, model.size);
          assert.equal(
            map.read("key 2", (view, at, length) => at > 2 ** 31 && view[at + length - 1]),
            111,
          );
        }
        map.destroy();
        assertEnded(pool, other);
      });

      it("a cache in a pool, that evicts", () => {
        const [pool, other] = twoWorkers(place, engine);
        const cache = new SharedCache({ maxBytes: 4 * MiB, pool, engine });
        for (let i = 0; i < 6000; i++) {
          cache.set(`key ${i}`, `${i}`.repeat(300));
          const back = Math.max(0, i - 20);
          assert.equal(cache.get(`key ${back}`) ?? `${back}`.repeat(300), `${back}`.repeat(300));
        }
        assert.equal(cache.get("key 5999"), "5999".repeat(300));
        assert.ok(cache.stats().evictions.unused > 0);
        assert.deepEqual(cache.pool.check(), []);
        cache.destroy();
        assertEnded(pool, other);
      });

      it("a ring, and records", () => {
        const [pool, other] = twoWorkers(place, engine);
        const ring = new Ring(pool, { capacity: 64 });
        const there = Ring.attach(other, ring.handle);
        for (let i = 0; i < 500; i++) {
          const address = pool.allocate(40);
          pool.i32[address / 4] = i;
          assert.ok(ring.send(address, 40, i));
          assert.ok(ring.write(`text ${i}`));
          const message = there.receive();
          assert.deepEqual([message?.address, message?.length, message?.tag], [address, 40, i]);
          assert.equal(other.i32[address / 4], i);
          other.deallocate(address);
          let text = "";
          assert.ok(there.read((bytes) => (text = Buffer.from(bytes).toString())));
          assert.equal(text, `text ${i}`);
        }
        const records = new Records(pool, struct({ number: u32, name: utf8(20) }));
        const handles = Array.from({ length: 500 }, (_, number) =>
          records.create({ number, name: `${number}` }),
        );
        for (const [i, handle] of handles.entries()) assert.equal(records.at(handle).name, `${i}`);
        for (const handle of handles) records.free(handle);
        records.destroy();
        there.close();
        ring.destroy();
        other.detach();
        // What tells records from stale ones stays.
        assert.ok(pool.stats().liveObjects <= 2);
        assert.deepEqual(pool.check(), []);
      });
    });

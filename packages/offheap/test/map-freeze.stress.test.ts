// Real workers that freeze maps which others read and change, terminated at any instruction: no key is lost, no text torn or older than
// one that was seen before, no set takes place that was refused; in the end nothing has leaked.
//
//   OFFHEAP_KILLS=5000     so many kills of each heap, in place of 30

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SlabAllocator } from "offheap";
import { SharedMap } from "offheap/map";
import type { FreezeOrders } from "./support/freeze-worker.ts";
import { runKilled } from "./support/killed-workers.ts";
import { kitOf } from "./support/kits.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertZeroResidue } from "./support/residue.ts";
import { sharedWords } from "./support/structure-threads.ts";
import { Reader, textOf } from "./support/told-text.ts";

const seed = (runSeed() % 1000) + 1;
const kills = Number(process.env["OFFHEAP_KILLS"] ?? 30);
const seats = 3;
const keyCount = 600;
/** As the workers go from map to map. */
const mapCount = Math.ceil(kills / 2) + 3;
const url = new URL("./support/freeze-worker.js", import.meta.url);

for (const isPool of [false, true])
  describe(`maps that are frozen by workers which are killed, ${isPool ? "pool" : "slabs"}, OFFHEAP_SEED=${seed}`, () => {
    it(`${kills} of them`, async (test) => {
      const capacity = (16 << 20) + mapCount * keyCount * 320;
      const heap: SlabAllocator = isPool
        ? new MemoryPool({ capacity, maxWorkers: seats + 1 })
        : new SlabAllocator({ capacity, sizeClasses: [64, 256, 4096], maxWorkers: seats + 1 });
      const maps = Array.from({ length: mapCount }, () => new SharedMap(heap));
      for (const map of maps)
        for (let i = 0; i < keyCount; i++) map.set(`key ${i}`, textOf(`key ${i}`, 0, i));
      const control = sharedWords(1);
      const ordersOf = (life: number): FreezeOrders => ({
        ...{ handle: heap.handle, isPool, seed: seed + life, life: life + 1, keyCount, control },
        maps: maps.map(({ handle }) => handle),
      });
      await runKilled({
        ...{ url, seats, kills, mostMs: 25, random: new Random(seed), ordersOf },
        reap: (workerId) => heap.reap(workerId, { live: true }),
        stop: () => Atomics.store(control, 0, 1),
      });
      const wasFrozen = maps.filter(({ isFrozen }) => isFrozen).length;
      const names = maps.slice(0, 40).map((map, i) => [map, `map ${i}`] as const);
      for (const [map, name] of names) heap.roots.set(name, map.handle);
      assert.deepEqual(heap.check(), []);
      test.diagnostic(`${wasFrozen} of ${mapCount} maps were frozen meanwhile`);
      for (const map of maps) {
        const before = new Map(map);
        map.freeze();
        assert.notEqual(kitOf(heap).core.packedOf(map.handle.address), 0);
        assert.deepEqual(new Map(map), before);
        assert.deepEqual([map.size, before.size], [keyCount, keyCount]);
        const reader = new Reader();
        for (const [key, text] of before) {
          reader.see(key, text);
          assert.equal(map.get(key), text);
        }
      }
      assert.deepEqual(heap.check(), []);
      for (const map of maps) map.destroy();
      for (const [, name] of names) heap.roots.delete(name);
      if (!isPool) assertZeroResidue(heap);
      heap.cleanup();
      assert.equal(heap.stats().liveObjects, 0);
      assert.deepEqual(heap.check(), []);
    });
  });

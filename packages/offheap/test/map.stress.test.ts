// Real workers on shared maps, terminated at any instruction: no text is torn, or older than one that was seen before; each sum
// has what was added, and of each kill at most one more; in the end nothing has leaked.
//
//   OFFHEAP_KILLS=5000     so many kills of each heap, in place of 30

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SlabAllocator } from "offheap";
import { SharedMap } from "offheap/map";
import { mostLives, runKilled } from "./support/killed-workers.ts";
import type { MapOrders } from "./support/map-worker.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertZeroResidue } from "./support/residue.ts";
import { sharedWords } from "./support/structure-threads.ts";
import { Reader } from "./support/told-text.ts";

const seed = (runSeed() % 1000) + 1;
const kills = Number(process.env["OFFHEAP_KILLS"] ?? 30);
const seats = 3;
const sumCount = 4;
const url = new URL("./support/map-worker.js", import.meta.url);

for (const isPool of [false, true])
  describe(`shared maps whose workers are killed, ${isPool ? "pool" : "slabs"}, OFFHEAP_SEED=${seed}`, () => {
    it(`${kills} of them`, async (test) => {
      const heap: SlabAllocator = isPool
        ? new MemoryPool({ capacity: 16 << 20, maxWorkers: seats + 1 })
        : new SlabAllocator({ capacity: 8 << 20, sizeClasses: [64, 256, 4096], maxWorkers: seats + 1 });
      const texts = new SharedMap(heap);
      const sums = new SharedMap<"integer", "f64">(heap, { keys: "integer", values: "f64" });
      const control = sharedWords(1);
      const added = sharedWords(mostLives({ seats, kills }) * sumCount);
      const ordersOf = (life: number): MapOrders => ({
        ...{ handle: heap.handle, isPool, seed: seed + life, life, keyCount: 400 },
        ...{ texts: texts.handle, sums: sums.handle, control, added },
      });
      const lives = await runKilled({
        ...{ url, seats, kills, mostMs: 25, random: new Random(seed), ordersOf },
        reap: (workerId) => heap.reap(workerId, { live: true }),
        stop: () => Atomics.store(control, 0, 1),
      });
      // With names, so that check() looks into them.
      heap.roots.set("texts", texts.handle);
      heap.roots.set("sums", sums.handle);
      assert.deepEqual(heap.check(), []);
      const all = [...texts];
      const reader = new Reader();
      for (const [key, text] of all) reader.see(key, text);
      assert.equal(texts.size, all.length);
      assert.equal(new Set(all.map(([key]) => key)).size, all.length);
      let [surely, there] = [0, 0];
      for (let at = 0; at < sumCount; at++) {
        for (let of = 0; of < lives; of++) surely += added[of * sumCount + at] as number;
        there += sums.get(at) ?? 0;
      }
      test.diagnostic(`${surely} additions, ${there - surely} of the killed; ${all.length} texts left`);
      assert.ok(there >= surely && there <= surely + kills, `${there} where ${surely} were added`);
      texts.destroy();
      sums.destroy();
      for (const name of ["texts", "sums"]) heap.roots.delete(name);
      if (!isPool) assertZeroResidue(heap);
      heap.cleanup();
      assert.equal(heap.stats().liveObjects, 0);
      assert.deepEqual(heap.check(), []);
    });
  });

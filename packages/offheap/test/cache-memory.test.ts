// The memory of a cache: its cap, at every step; what is to be had of it while others hold some; and what is left of it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SharedCache } from "offheap/cache";
import { emptied, end } from "./support/caches.ts";
import { Random, runSeed } from "./support/random.ts";

const mib = 2 ** 20;
const maxBytes = 4 * mib;
const seed = runSeed();
const bytesOfIntegers = { maxBytes, keys: "integer", values: "bytes" } as const;

for (const engine of ["wasm", "js"] as const)
  describe(`the memory of a SharedCache: ${engine}, OFFHEAP_SEED=${seed}`, () => {
    it("has memory for entries of any size while others have a slot of each span at hand", () => {
      const cache = new SharedCache<"integer", "bytes">({
        maxBytes,
        engine,
        keys: "integer",
        values: "bytes",
      });
      const others = [1, 2].map(() => SharedCache.attach<"integer", "bytes">(cache.handle));
      const sizes = cache.pool.stats().sizeClasses.map(({ objectSize }) => objectSize - 40);
      const small = sizes.filter((size) => size > 0);
      // None of these fits well into a slot of the one before.
      const isOwn = (i: number) => i % 6 === 1;
      for (const [of, other] of others.entries())
        for (const [i, size] of small.entries()) if (!isOwn(i)) other.set(100 * of + i, new Uint8Array(size));
      const { capacity, bookBytes, spanBytes } = cache.pool.stats();
      const rest = cache.pool.allocate(capacity - bookBytes - spanBytes);
      for (const other of others) for (const key of [...other.keys()]) other.delete(key);
      for (const [i, size] of small.entries()) {
        if (!isOwn(i)) continue;
        const value = new Uint8Array(size).fill(i);
        assert.deepEqual(cache.set(i, value).peek(i), value);
      }
      cache.pool.deallocate(rest);
      for (const other of others) other[Symbol.dispose]();
      assert.deepEqual(cache.pool.check(), []);
      cache.destroy();
    });

    it("keeps nothing that a worker has retired, and left while another read it", () => {
      const cache = new SharedCache<"integer">({ maxBytes, engine, maxWorkers: 3, keys: "integer" });
      const own = emptied(cache);
      const [reader, other] = [1, 2].map(() => SharedCache.attach<"integer">(cache.handle));
      cache.set(1, "read");
      assert.notEqual(reader?.["entries"].find(1), 0);
      other?.delete(1);
      other?.[Symbol.dispose]();
      reader?.[Symbol.dispose]();
      end(cache, own);
    });

    it("keeps nothing of a worker that leaves, whatever it has evicted and replaced", () => {
      const cache = new SharedCache<"integer", "bytes">({
        ...{ maxBytes, engine, maxWorkers: 2, keys: "integer", values: "bytes" },
      });
      const own = emptied(cache);
      const there = SharedCache.attach<"integer", "bytes">(cache.handle);
      const random = new Random(seed);
      for (let i = 0; i < 5000; i++) {
        if (random.chance(50)) there.set(random.below(20), new Uint8Array(random.below(200)));
        else there.set(20 + random.below(480), new Uint8Array(7000 + random.below(1000)));
      }
      assert.ok(cache.stats().evictions.unused + cache.stats().evictions.old > 100);
      there[Symbol.dispose]();
      end(cache, own);
    });

    for (const [what, sizeAt] of [
      ["slots", (part: number) => 4000 - 3900 * part],
      ["pages, then slots", (part: number) => 20_000 - 19_900 * Math.sqrt(part)],
    ] as const)
      it(`does not strand its memory in free slots while sizes drift down: ${what} (seed ${seed})`, () => {
        const random = new Random(seed);
        const [cache, keys, steps] = [new SharedCache({ ...bytesOfIntegers, engine }), 80_000, 120_000];
        for (let step = 0; step < steps; step++) {
          const key = Math.floor(keys * (random.below(2 ** 20) / 2 ** 20) ** 3);
          const bytes = Math.floor(sizeAt(step / steps));
          if (cache.get(key) === undefined) cache.set(key, new Uint8Array(bytes));
          if (step < steps / 2 || step % 5000 !== 0) continue;
          const { liveBytes, capacity, bookBytes } = cache.pool.stats();
          assert.ok(liveBytes > (capacity - bookBytes) / 4, `${liveBytes} bytes are live at step ${step}`);
        }
        assert.deepEqual(cache.pool.check(), []);
        cache.destroy();
      });

    for (const size of [4, 16])
      it(`never passes its cap of ${size} MiB (seed ${seed})`, (test) => {
        const random = new Random(seed + size);
        const cap = size * mib;
        const cache = new SharedCache<"integer", "bytes">({
          maxBytes: cap,
          engine,
          keys: "integer",
          values: "bytes",
        });
        const own = emptied(cache);
        const most = [200, 2000, 20_000, 100_000];
        let highest = 0;
        for (let step = 0; step < 4000; step++) {
          const limit = most[random.below(100) < 90 ? 0 : random.below(most.length)] as number;
          const key = random.below(20_000);
          const value = new Uint8Array(random.below(limit * (step % 1000 < 500 ? 1 : 4))).fill(key);
          if (value.length < cap / 8) cache.set(key, value);
          assert.deepEqual(cache.get(key) ?? value, value);
          highest = Math.max(highest, cache.bytes);
          assert.ok(cache.bytes <= cap, `${cache.bytes} bytes at step ${step}`);
        }
        assert.deepEqual(cache.pool.check(), []);
        const { evictions } = cache.stats();
        const evicted = evictions.unused + evictions.old + evictions.otherSize;
        if (size < 16) assert.ok(evicted > 0, "nothing was evicted");
        test.diagnostic(`${highest} bytes at most, ${evicted} evicted, ${cache.size} there, own ${own}`);
        // Heads of buckets stay: a piece of them for each 512, and what leads to those.
        const left = emptied(cache);
        assert.ok(left <= own + 8, `${left} objects are left, ${own} at first`);
        cache.destroy();
      });
  });

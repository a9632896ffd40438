// A cache, call by call.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SlabAllocator } from "offheap";
import { SharedCache } from "offheap/cache";
import { emptied, end } from "./support/caches.ts";
import { expectCode } from "./support/heaps.ts";
import { kitOf } from "./support/kits.ts";
import { WordMap } from "./support/word-map.ts";

const maxBytes = 4 * 2 ** 20;
const textOf = (view: Uint8Array, address: number, length: number) =>
  Buffer.from(view.slice(address, address + length)).toString();
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

for (const engine of ["wasm", "js"] as const)
  describe(`SharedCache: ${engine}`, () => {
    it("has what was set, in every worker", () => {
      const cache = new SharedCache({ maxBytes, engine });
      const own = emptied(cache);
      const there = SharedCache.attach(cache.handle);
      assert.equal(cache.set("a", "1").set("b", "2"), cache);
      assert.deepEqual(
        [there.get("a"), there.peek("b"), there.get("c"), there.peek("c")],
        ["1", "2", undefined, undefined],
      );
      there.set("a", "one");
      assert.deepEqual([cache.get("a"), cache.has("a"), cache.has("c"), cache.size], ["one", true, false, 2]);
      assert.deepEqual([...there].sort(), [
        ["a", "one"],
        ["b", "2"],
      ]);
      assert.deepEqual(
        [[...there.keys()].sort(), [...there.values()].sort()],
        [
          ["a", "b"],
          ["2", "one"],
        ],
      );
      assert.deepEqual([there.delete("a"), cache.delete("a"), cache.size], [true, false, 1]);
      assert.equal(cache.maxBytes, maxBytes);
      assert.ok(cache.bytes > 0 && cache.bytes <= maxBytes);
      there[Symbol.dispose]();
      there[Symbol.dispose]();
      assert.equal(cache.get("b"), "2");
      end(cache, own);
    });

    it("copies a value's bytes, and shows them in place, whoever evicts the entry meanwhile", () => {
      const cache = new SharedCache({ maxBytes, engine });
      const own = emptied(cache);
      cache.set("a", "12345").set("gone", "x", { ttl: 1 });
      const bytes = new Uint8Array(8);
      assert.equal(cache.getInto("a", bytes), 5);
      assert.equal(textOf(bytes, 0, 5), "12345");
      assert.equal(cache.getInto("b", bytes), undefined);
      expectCode("ERR_INVALID_SIZE", () => cache.getInto("a", new Uint8Array(4)));
      expectCode("ERR_INVALID_OPTION", () => cache.getInto("a", [] as never));
      const shown = cache.read("a", (view, address, length) => {
        cache.delete("a");
        for (let i = 0; i < 600; i++) cache.set(`key ${i % 300}`, "y".repeat(20_000));
        return textOf(view, address, length);
      });
      assert.equal(shown, "12345");
      assert.equal(cache.read("a", textOf), undefined);
      const { hits, misses } = cache.stats();
      assert.deepEqual([hits, misses], [3, 2]);
      end(cache, own);
    });

    it("counts what is asked of it, of all workers", () => {
      const cache = new SharedCache({ maxBytes, engine });
      const own = emptied(cache);
      const there = SharedCache.attach(cache.handle);
      cache.set("a", "1");
      there.set("b", "x".repeat(1000));
      for (const key of ["a", "b", "c"]) there.get(key);
      for (const key of ["a", "c"]) cache.get(key);
      cache.peek("a");
      cache.has("c");
      const { hits, misses, sets, evictions, size, bytes, sizes } = cache.stats();
      assert.deepEqual({ hits, misses, sets, size }, { hits: 3, misses: 2, sets: 2, size: 2 });
      assert.deepEqual(evictions, { unused: 0, old: 0, expired: 0, otherSize: 0 });
      assert.equal(bytes, cache.bytes);
      assert.ok(
        sizes.some(({ objectSize, entries }) => objectSize >= 1000 && objectSize < 1200 && entries === 1),
      );
      assert.equal(there.stats().hits, 3);
      there[Symbol.dispose]();
      end(cache, own);
    });

    it("has a time to live: its own, an entry's, a touched one's", async () => {
      const cache = new SharedCache<"text", "f64">({ maxBytes, engine, values: "f64", ttl: 40 });
      const own = emptied(cache);
      cache.set("usual", 1);
      cache.set("long", 2, { ttl: 60_000 });
      cache.set("ever", 3, { ttl: Number.POSITIVE_INFINITY });
      cache.set("touched", 4);
      cache.set("kept", 5);
      assert.equal(cache.touch("touched", { ttl: 60_000 }), true);
      assert.equal(cache.touch("nobody"), false);
      assert.equal(cache.increment("kept", 2), 7);
      cache.set("counted", 9, { ttl: 60_000 });
      assert.equal(cache.increment("counted"), 10);
      assert.equal(cache.increment("begun"), 1);
      await sleep(60);
      const left = ["usual", "long", "ever", "touched", "kept", "counted", "begun"].map((key) =>
        cache.get(key),
      );
      assert.deepEqual(left, [undefined, 2, 3, 4, undefined, 10, undefined]);
      assert.deepEqual(
        [cache.has("usual"), cache.peek("usual"), cache.touch("usual"), cache.delete("usual")],
        [false, undefined, false, false],
      );
      assert.deepEqual([...cache.keys()].sort(), ["counted", "ever", "long", "touched"]);
      assert.equal(cache.increment("kept", 5), 5);
      const { hits, misses } = cache.stats();
      assert.deepEqual({ hits, misses }, { hits: 4, misses: 3 });
      end(cache, own);
    });

    it("keeps for ever what lives longer than can be counted", () => {
      const cache = new SharedCache({ maxBytes, engine });
      for (const ttl of [2 ** 53, 2 ** 63, 2 ** 64, 1e20, 1.5 * 2 ** 64, Number.MAX_VALUE]) {
        cache.set("a", "value", { ttl });
        assert.deepEqual(
          [cache.get("a"), cache.expiresAt("a")],
          ["value", Number.POSITIVE_INFINITY],
          `${ttl}`,
        );
      }
      cache.destroy();
    });

    it("has keys and values of every kind", () => {
      const bytes = Uint8Array.of(1, 2, 255);
      const cases: readonly [string, unknown][] = [
        ["text", "é\ud800 𝄞"],
        ["text", ""],
        ["bytes", bytes],
        ["f64", -0.1],
        ["i32", -5],
        ["json", { a: [1, null] }],
        ["structured", new Map([[1, new Date(7)]])],
      ];
      for (const [values, value] of cases)
        for (const [keys, key] of [
          ["text", "k"],
          ["integer", -(2 ** 40)],
          ["bytes", Uint8Array.of(9)],
        ] as const) {
          const cache = new SharedCache<"text", "json">({ maxBytes, engine, keys, values } as never);
          const own = emptied(cache);
          const there = SharedCache.attach<"text", "json">(cache.handle, { keys, values } as never);
          cache.set(key as never, value, { ttl: 60_000 });
          assert.deepEqual(there.get(key as never), value);
          assert.equal(there.touch(key as never), true);
          assert.deepEqual([...there], [[key, value]]);
          there[Symbol.dispose]();
          end(cache, own);
        }
    });

    it("makes a value once for all who ask at the same time", async () => {
      const cache = new SharedCache({ maxBytes, engine });
      const there = SharedCache.attach(cache.handle);
      const own = emptied(cache);
      let made = 0;
      const make = async (key: string) => {
        made++;
        await sleep(20);
        return `of ${key}`;
      };
      const asked = [cache, there, cache, there].map((each) => each.getOrSet("a", make));
      assert.deepEqual(await Promise.all(asked), ["of a", "of a", "of a", "of a"]);
      assert.equal(made, 1);
      await assert.rejects(
        cache.getOrSet("b", () => Promise.reject(new Error("none"))),
        /none/,
      );
      assert.equal(await there.getOrSet("b", () => "after all"), "after all");
      cache.set("c", "old", { ttl: 1 });
      await sleep(5);
      const slow = cache.getOrSet("c", make);
      assert.equal(await there.getOrSet("c", make, { others: "stale" }), "old");
      assert.equal(await there.getOrSet("c", () => "mine", { others: "compute" }), "mine");
      assert.equal(await slow, "of c");
      there[Symbol.dispose]();
      end(cache, own);
    });

    it("makes a value of a key of any kind, as long as it may be", async () => {
      const cache = new SharedCache<"bytes">({ maxBytes, engine, keys: "bytes" });
      const own = emptied(cache);
      const key = new Uint8Array(65_535).fill(200);
      assert.equal(await cache.getOrSet(key, (of) => `${of.length}`), "65535");
      assert.equal(cache.get(key), "65535");
      end(cache, own);
      const whole = new SharedCache<"integer">({ maxBytes, engine, keys: "integer" });
      assert.equal(await whole.getOrSet(-7, (of) => `${of}`), "-7");
      whole.destroy();
    });

    it("leaves the heap that it is refused in", () => {
      const values = {
        encode: (text: string) => Buffer.from(text),
        decode: (bytes: Uint8Array) => `${bytes}`,
      };
      const cache = new SharedCache<"text", typeof values>({ maxBytes, engine, maxWorkers: 2, values });
      for (let i = 0; i < 3; i++)
        for (const options of [undefined, { keys: "date" }, { values: "date" }, { valeus: values }, []])
          assert.throws(() => SharedCache.attach(cache.handle, options as never), {
            code: "ERR_INVALID_OPTION",
          });
      for (let i = 0; i < 3; i++)
        assert.throws(() => SharedCache.attach(cache.handle, { values: "f64" }), {
          code: "ERR_INCOMPATIBLE_HEAP",
        });
      assert.equal(cache.pool.stats().workers.length, 1);
      cache.destroy();
    });

    it("gives the making of a value to the next one when its worker has died", async () => {
      const cache = new SharedCache({ maxBytes, engine });
      const there = SharedCache.attach(cache.handle);
      const own = emptied(cache);
      void there.getOrSet("a", () => new Promise<string>(() => {}));
      await sleep(1);
      const asked = cache.getOrSet("a", () => "made");
      cache.pool.reap(there.pool.workerId, { live: true });
      assert.equal(await asked, "made");
      void cache.getOrSet("b", () => new Promise<string>(() => {}), { timeout: 10 });
      assert.equal(await cache.getOrSet("b", () => "in time"), "in time");
      end(cache, own);
    });

    it("tells what the making threw, also when the cache was left meanwhile", async () => {
      const cache = new SharedCache({ maxBytes, engine });
      const there = SharedCache.attach(cache.handle);
      const own = emptied(cache);
      const made = there.getOrSet("a", () => {
        there[Symbol.dispose]();
        throw new RangeError("no value");
      });
      await assert.rejects(made, RangeError);
      assert.equal(await cache.getOrSet("a", () => "made"), "made");
      end(cache, own);
    });

    it("names the call that knows no such option", () => {
      const cache = new SharedCache({ maxBytes, engine });
      const own = emptied(cache);
      const wrong = { time: 1 } as never;
      const calls = {
        set: () => cache.set("a", "b", wrong),
        insert: () => cache.insert("a", "b", wrong),
        update: () => cache.update("a", () => "b", wrong),
        touch: () => cache.touch("a", wrong),
      };
      for (const [name, call] of Object.entries(calls))
        assert.throws(call, { message: new RegExp(`: ${name} knows no option "time"`) });
      end(cache, own);
    });

    it("counts no look as a use behind a look for what is no key", () => {
      const cache = new SharedCache({ maxBytes, engine });
      const own = emptied(cache);
      cache.set("a", "1");
      assert.throws(() => cache.get(7 as never), { code: "ERR_INVALID_OPTION" });
      assert.equal(cache.peek("a"), "1");
      assert.equal(cache.has("b"), false);
      const { hits, misses } = cache.stats();
      assert.deepEqual([hits, misses], [0, 0]);
      end(cache, own);
    });

    it("inserts, updates, and tells when something expires", () => {
      const cache = new SharedCache({ maxBytes, engine });
      const own = emptied(cache);
      assert.equal(cache.insert("a", "1"), true);
      assert.equal(cache.insert("a", "2"), false);
      assert.equal(cache.expiresAt("a"), Number.POSITIVE_INFINITY);
      assert.equal(
        cache.update("a", (old) => `${old}+`),
        "1+",
      );
      assert.equal(
        cache.update("none", () => undefined),
        undefined,
      );
      assert.equal(cache.has("none"), false);
      cache.set("t", "1", { ttl: 60_000 });
      const at = cache.expiresAt("t") as number;
      assert.ok(at > Date.now() && at <= Date.now() + 60_001);
      cache.update("t", () => "2");
      assert.equal(cache.expiresAt("t"), at);
      cache.update("t", () => "3", {});
      assert.equal(cache.expiresAt("t"), at);
      assert.equal(cache.expiresAt("none"), undefined);
      assert.deepEqual([...cache.keys()].sort(), ["a", "t"]);
      assert.deepEqual([...cache.values()].sort(), ["1+", "3"]);
      end(cache, own);
    });

    it("refuses what it cannot use, and is whole", async () => {
      const cache = new SharedCache({ maxBytes, engine });
      const own = emptied(cache);
      const codeOf = (act: () => unknown): unknown => {
        try {
          act();
        } catch (error) {
          return (error as { code?: unknown }).code;
        }
        return "nothing was thrown";
      };
      const invalid = [
        () => new SharedCache({ maxBytes: 1000 }),
        () => new SharedCache({ maxBytes: Number.NaN }),
        () => new SharedCache({ maxBytes, ttl: -1 }),
        () => new SharedCache({ maxBytes, keys: "date" as never }),
        () => new SharedCache({ maxBytes, values: 7 as never }),
        () => cache.get(7 as never),
        () => cache.set("a", 7 as never),
        () => cache.set("a", "b", { ttl: Number.NaN }),
        () => cache.set("a", "b", { ttl: 0 }),
        () => cache.set("a", "b", { time: 1 } as never),
        () => cache.increment("a", "1" as never),
      ];
      for (const act of invalid) assert.equal(codeOf(act), "ERR_INVALID_OPTION", `${act}`);
      assert.equal(
        codeOf(() => cache.get("k".repeat(70_000))),
        "ERR_INVALID_SIZE",
      );
      assert.equal(
        codeOf(() => SharedCache.attach(undefined)),
        "ERR_INCOMPATIBLE_HEAP",
      );
      assert.equal(
        codeOf(() => SharedCache.attach({ kind: "map" } as never)),
        "ERR_INCOMPATIBLE_HEAP",
      );
      await assert.rejects(
        cache.getOrSet("a", () => "b", { others: "nobody" as never }),
        { code: "ERR_INVALID_OPTION" },
      );
      await assert.rejects(
        cache.getOrSet(null as never, () => "b"),
        { code: "ERR_INVALID_OPTION" },
      );
      await assert.rejects(
        cache.getOrSet("k".repeat(70_000), () => "b"),
        { code: "ERR_INVALID_SIZE" },
      );
      cache.set("small", "1");
      for (const bytes of [maxBytes, 2 * maxBytes]) {
        const large = "x".repeat(bytes);
        for (const set of [() => cache.set("large", large), () => cache.update("small", () => large)])
          assert.equal(codeOf(set), "ERR_INVALID_SIZE");
      }
      assert.deepEqual([...cache], [["small", "1"]]);
      assert.deepEqual(cache.pool.check(), []);
      end(cache, own);
      assert.equal(
        codeOf(() => cache.get("a")),
        "ERR_DETACHED",
      );
    });
  });

it("evicts as many as it is told to, and no more than there are", () => {
  const slab = new SlabAllocator({ capacity: 4 << 20, maxWorkers: 2 });
  const kit = kitOf(slab);
  const map = new WordMap(kit, WordMap.createCache(kit));
  for (let key = 0; key < 12; key++) map.put(key, key);
  assert.equal(map.evict(3), 3);
  assert.equal(map.all().entries.length, 9);
  assert.deepEqual([map.evict(20), map.evict(1)], [9, 0]);
  map.end();
});

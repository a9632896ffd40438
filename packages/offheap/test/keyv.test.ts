// offheap/keyv under Keyv 5 and 6, over a SharedCache: Keyv's own suite for stores, and what that leaves out. Keyv 6 wants Node 22.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, afterEach, beforeEach, describe, it } from "node:test";
import suite, { keyvIteratorTests } from "@keyv/test-suite";
import Keyv from "keyv";
import { SharedCache } from "offheap/cache";
import { KeyvOffheap, type TextCache } from "offheap/keyv";

const maxBytes = 2 ** 22;
const caches: SharedCache[] = [];

/** A cache of texts, which is whole at the end. */
function newCache(): SharedCache {
  const cache = new SharedCache({ maxBytes });
  caches.push(cache);
  return cache;
}

after(() => {
  for (const cache of caches) {
    cache.clear();
    assert.deepEqual([cache.size, cache.pool.check()], [0, []]);
    cache.destroy();
  }
});

// The suite is written for vitest. Jest's `expect` knows the same words, but for a count of assertions.
const { expect } = createRequire(import.meta.url)("expect") as { expect: object };
const context = { expect: Object.assign(expect, { assertions: () => undefined }) };
type Body = (context: unknown) => unknown;
const runner = {
  it: (name: string, body: Body) => it(name, async () => void (await body(context))),
  beforeEach: (body: Body) => beforeEach(async () => void (await body(context))),
  afterEach: (body: Body) => afterEach(async () => void (await body(context))),
} as never;

describe("Keyv 5, its own suite", () => {
  const cache = newCache();
  const opts = { dialect: "redis", url: "" };
  const store = (): KeyvOffheap => Object.assign(new KeyvOffheap(cache), { opts });
  describe("calls, values, namespaces", () => suite(runner, Keyv, store as never));
  describe("iteration", () => keyvIteratorTests(runner, Keyv, store as never));
});

const hasKeyv6 = Number(process.versions.node.split(".")[0]) >= 22;
const skip = hasKeyv6 ? false : "Keyv 6 wants Node 22";
// Its declarations are for a newer compiler's libraries: what is used of it stands here.
interface Keyv6 {
  on(event: "error", listener: (error: Error) => void): unknown;
  set(key: string, value: unknown, ttl?: number): Promise<boolean>;
  setMany(entries: readonly { key: string; value: unknown; ttl?: number }[]): Promise<boolean[]>;
  get(key: string): Promise<unknown>;
  getMany(keys: readonly string[]): Promise<unknown[]>;
  has(key: string): Promise<boolean>;
  hasMany(keys: readonly string[]): Promise<boolean[]>;
  delete(key: string): Promise<boolean>;
  deleteMany(keys: readonly string[]): Promise<boolean[]>;
  clear(): Promise<void>;
  iterator(): AsyncIterable<[string, unknown]>;
}
type MakeKeyv6 = new (options: { store: unknown; namespace?: string }) => Keyv6;

async function keyv6(): Promise<MakeKeyv6> {
  const name = "keyv6";
  return ((await import(name)) as { Keyv: MakeKeyv6 }).Keyv;
}

describe("Keyv 6", { skip }, () => {
  it("sets, gets and deletes one and many, in its namespace", async () => {
    const cache = newCache();
    const Keyv6 = await keyv6();
    const make = (namespace: string): Keyv6 =>
      new Keyv6({ store: new KeyvOffheap(cache, { keyv: 6 }), namespace });
    const [left, right] = [make("left"), make("right")];
    assert.equal(await left.set("a", { b: [1, null, "λ"] }), true);
    assert.equal(await right.set("a", 2), true);
    assert.deepEqual(await left.get("a"), { b: [1, null, "λ"] });
    assert.deepEqual(
      await left.setMany([
        { key: "x", value: 1 },
        { key: "y", value: 2 },
      ]),
      [true, true],
    );
    assert.deepEqual(await left.getMany(["x", "none", "y"]), [1, undefined, 2]);
    assert.deepEqual(await left.hasMany(["x", "none"]), [true, false]);
    assert.deepEqual(await left.deleteMany(["x", "none"]), [true, false]);
    const found: [string, unknown][] = [];
    for await (const entry of left.iterator()) found.push(entry);
    assert.deepEqual(found.sort(), [
      ["a", { b: [1, null, "λ"] }],
      ["y", 2],
    ]);
    await left.clear();
    assert.deepEqual([await left.get("a"), await right.get("a")], [undefined, 2]);
    assert.deepEqual([...cache.keys()], ["right::a"]);
    assert.equal(await right.delete("a"), true);
    assert.equal(await right.has("a"), false);
  });

  it("gives dates, which the cache gets as times to live", async () => {
    const cache = newCache();
    const Keyv6 = await keyv6();
    const keyv = new Keyv6({ store: new KeyvOffheap(cache, { keyv: 6 }) });
    const before = Date.now();
    await keyv.set("a", 1, 60_000);
    const [key] = cache.keys();
    const ends = cache.expiresAt(key as string) as number;
    assert.ok(ends >= before + 60_000 && ends <= Date.now() + 60_001, `${ends - before}`);
    await keyv.set("b", 1);
    const [other] = [...cache.keys()].filter((each) => each !== key);
    assert.equal(cache.expiresAt(other as string), Number.POSITIVE_INFINITY);
  });

  it("refuses a store that was made for Keyv 5", async () => {
    const Keyv6 = await keyv6();
    assert.throws(() => new Keyv6({ store: new KeyvOffheap(newCache()) }), { code: "ERR_INVALID_OPTION" });
  });
});

describe("a store by itself", () => {
  for (const keyv of [5, 6] as const) {
    const end = (ttl: number): number => (keyv === 5 ? ttl : Date.now() + ttl);

    it(`of Keyv ${keyv}: what is no text changes nothing`, async () => {
      const cache = newCache();
      const store = new KeyvOffheap(cache, { keyv });
      await store.set("a", "1");
      for (const value of [1, null, undefined, { value: 1 }, new Uint8Array(1)])
        await assert.rejects(store.set("a", value, end(5)), { code: "ERR_INVALID_OPTION" });
      assert.deepEqual([...cache], [["a", "1"]]);
    });

    it(`of Keyv ${keyv}: an entry ends when it is said to`, async () => {
      const store = new KeyvOffheap(newCache(), { keyv });
      await store.set("a", "1", end(60_000));
      await store.set("b", "1", end(5));
      await store.setMany([{ key: "c", value: "1", ...(keyv === 5 ? { ttl: 5 } : { expires: end(5) }) }]);
      while ((await store.hasMany(["b", "c"])).includes(true)) await new Promise(setImmediate);
      assert.deepEqual(await store.getMany(["a", "b", "c"]), ["1", undefined, undefined]);
    });

    it(`of Keyv ${keyv}: what the cache throws is the caller's`, async () => {
      const cache = newCache();
      const store = new KeyvOffheap(cache, { keyv });
      await store.set("a", "1");
      await assert.rejects(store.set("a", "x".repeat(maxBytes)), { code: "ERR_INVALID_SIZE" });
      await assert.rejects(store.set("k".repeat(70_000), "1"), { code: "ERR_INVALID_SIZE" });
      assert.deepEqual([...cache], [["a", "1"]]);
      const ended = new SharedCache({ maxBytes });
      ended.destroy();
      await assert.rejects(new KeyvOffheap(ended, { keyv }).get("a"), { code: "ERR_DETACHED" });
    });

    it(`of Keyv ${keyv}: has what other threads set, and no more than the cache has memory for`, async () => {
      const cache = newCache();
      const [left, right] = [cache, SharedCache.attach(cache.handle)].map(
        (each) => new KeyvOffheap(each, { keyv }),
      );
      for (let i = 0; i < 10_000; i++) await left?.set(`k${i}`, `${i}`.padEnd(1000, "x"));
      assert.ok(cache.bytes <= maxBytes);
      const keys = [...cache.keys()];
      const found = await right?.getMany(keys);
      assert.ok(keys.length > 1000 && keys.length < 10_000, `${keys.length}`);
      assert.deepEqual(
        found,
        keys.map((key) => key.slice(1).padEnd(1000, "x")),
      );
    });

    it(`of Keyv ${keyv}: a Map will do`, async () => {
      const map: TextCache = new Map<string, string>();
      const store = new KeyvOffheap(map, { keyv });
      await store.setMany([
        { key: "a", value: "1" },
        { key: "b", value: "2" },
      ]);
      assert.deepEqual(await store.getMany(["a", "b", "c"]), ["1", "2", undefined]);
      await store.clear();
      assert.deepEqual([...map], []);
    });
  }

  it("refuses wrong arguments by typed errors", async () => {
    for (const options of [null, 6, { version: 6 }, []])
      assert.throws(() => new KeyvOffheap(newCache(), options as never), { code: "ERR_INVALID_OPTION" });
    for (const cache of [undefined, null, "cache", {}])
      assert.throws(() => new KeyvOffheap(cache as never), { code: "ERR_INVALID_OPTION" });
    for (const keyv of [5, 6] as const) {
      const cache = newCache();
      const store = Object.assign(new KeyvOffheap(cache, { keyv }), { namespace: "n" });
      await store.set("a", "1");
      for (const call of ["getMany", "hasMany", "deleteMany", "setMany"] as const)
        for (const wrong of [undefined, null, 7, "a", { length: 1 }, [7], [null], [undefined]])
          await assert.rejects(store[call](wrong as never), { code: "ERR_INVALID_OPTION" }, call);
      for (const call of ["get", "has", "delete"] as const)
        for (const key of [undefined, null, 7, Symbol("a"), {}])
          await assert.rejects(store[call](key as never), { code: "ERR_INVALID_OPTION" }, call);
      for (const end of [null, "1", 10n ** 13n])
        await assert.rejects(store.set("a", "2", end as never), { code: "ERR_INVALID_OPTION" });
      assert.deepEqual([...cache.values()], ["1"]);
    }
  });

  it("of Keyv 6: a date that has passed ends the entry, a time to live is none", async () => {
    const cache = newCache();
    const store = new KeyvOffheap(cache, { keyv: 6 });
    await store.set("a", "1");
    for (const ttl of [1000, 0, -1, Number.NaN])
      await assert.rejects(store.set("a", "2", ttl), { code: "ERR_INVALID_OPTION" });
    assert.deepEqual([...cache], [["a", "1"]]);
    await store.set("a", "2", Date.now() - 1);
    assert.deepEqual([...cache], []);
  });

  it("is for Keyv 5 or 6", () => {
    for (const keyv of [4, 7, "6", null])
      assert.throws(() => new KeyvOffheap(newCache(), { keyv } as never), { code: "ERR_INVALID_OPTION" });
    assert.equal(new KeyvOffheap(newCache(), { keyv: 6 }).capabilities.expires, true);
    assert.throws(() => new KeyvOffheap(newCache()).capabilities, { code: "ERR_INVALID_OPTION" });
  });
});

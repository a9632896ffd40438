// A cache in a file: made by the first process, joined by others, there again after all have ended; and what it refuses.

import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { SizeClasses } from "offheap";
import { SharedCache } from "offheap/cache";
import { loadOs } from "offheap/os";
import { closeHeap, fileOf, openHeap } from "offheap/process";
import type { CacheOrders } from "./support/cache-child.ts";
import { emptied } from "./support/caches.ts";
import { expectCode } from "./support/heaps.ts";
import { startChild, testFolder } from "./support/processes.ts";

const { processes } = loadOs();
const skip = processes.available ? false : processes.reason;
const folder = skip === false ? testFolder() : "";
const maxBytes = 4 * 2 ** 20;
let files = 0;
const newPath = () => join(folder, `${++files}.cache`);
const start = (path: string, orders: Omit<CacheOrders, "path" | "maxBytes">) =>
  startChild("cache-child.js", { path, maxBytes, ...orders });
const codec = {
  encode: (value: string) => Buffer.from(value, "latin1"),
  decode: (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1"),
};

describe("SharedCache.open", { skip }, () => {
  it("makes a cache that another process joins", async () => {
    const path = newPath();
    const cache = SharedCache.open(path, { maxBytes });
    assert.equal(fileOf(cache.pool).was, "new");
    cache.set("ours", "1").set("both", "1");
    const other = start(path, { role: "use", sets: { theirs: "2", both: "2" }, gets: ["ours", "none"] });
    assert.deepEqual(await other.next(), ["1", null]);
    assert.deepEqual([cache.get("theirs"), cache.get("both"), cache.size], ["2", "2", 3]);
    const { hits, misses, sets } = cache.stats();
    assert.deepEqual({ hits, misses, sets }, { hits: 3, misses: 1, sets: 4 });
    assert.equal(cache.pool.processes().length, 2);
    other.child.stdin?.end();
    assert.equal(await other.end, 0);
    assert.deepEqual(cache.pool.check(), []);
    closeHeap(cache.pool);
    SharedCache.remove(path);
    assert.equal(existsSync(path), false);
  });

  for (const death of ["in order", "by SIGKILL"])
    it(`is as it was left when its only process has ended ${death}`, async () => {
      const path = newPath();
      const sets = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`key ${i}`, `${i}`.repeat(9)]));
      const only = start(path, { role: "use", sets, gets: Object.keys(sets) });
      assert.deepEqual(await only.next(), Object.values(sets));
      if (death === "in order") only.child.stdin?.end();
      else only.child.kill("SIGKILL");
      assert.equal(await only.end, death === "in order" ? 0 : "SIGKILL");
      const cache = SharedCache.open(path, { maxBytes });
      assert.equal(fileOf(cache.pool).was, death === "in order" ? "closed" : "killed");
      assert.deepEqual(Object.fromEntries(cache), sets);
      assert.equal(cache.stats().hits, 2000);
      assert.equal(cache.pool.stats().workers.length, 1);
      assert.deepEqual(cache.pool.check(), []);
      closeHeap(cache.pool);
      SharedCache.remove(path);
    });

  it("makes the cache in a heap whose maker was killed before it had one", () => {
    const path = newPath();
    const options = { capacity: maxBytes, live: true, maxWorkers: 16, sizeClasses: SizeClasses.fine };
    closeHeap(openHeap(path, options));
    const cache = SharedCache.open(path, { maxBytes });
    cache.set("a", "1");
    closeHeap(cache.pool);
    const again = SharedCache.open(path, { maxBytes });
    assert.equal(again.get("a"), "1");
    closeHeap(again.pool);
    SharedCache.remove(path);
  });

  it("gives the making of a value to another process when the first is killed", async () => {
    const path = newPath();
    const cache = SharedCache.open(path, { maxBytes });
    const own = emptied(cache);
    const first = start(path, { role: "hang", key: "a" });
    assert.equal(await first.next(), "making");
    const next = start(path, { role: "ask", key: "a" });
    assert.equal(await next.next(), "asking");
    let isOver = false;
    const value = next.next<string>().finally(() => {
      isOver = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(isOver, false, "it made what another makes");
    await first.kill();
    assert.equal(await value, `of ${next.child.pid}`);
    assert.equal(await next.end, 0);
    assert.equal(cache.get("a"), `of ${next.child.pid}`);
    // A claim of a key that nobody asks for again goes when the cache is cleared.
    const other = start(path, { role: "hang", key: "b" });
    assert.equal(await other.next(), "making");
    await other.kill();
    cache.pool.cleanup();
    assert.equal(emptied(cache), own);
    closeHeap(cache.pool);
    SharedCache.remove(path);
  });
});

describe("SharedCache.open refuses, and leaves the file closed and as it was:", { skip }, () => {
  it("other options than those that the cache was made with", () => {
    const path = newPath();
    const open = (options: object) => SharedCache.open(path, { maxBytes, ...options });
    const first = open({});
    first.set("a", "1");
    closeHeap(first.pool);
    for (const options of [
      { keys: "integer" },
      { values: "f64" },
      { values: codec },
      { maxBytes: 2 * maxBytes },
      { maxWorkers: 3 },
    ])
      expectCode("ERR_INCOMPATIBLE_HEAP", () => open(options));
    for (const options of [{ keys: "date" }, { values: 7 }, { ttl: 0 }, { maxBytes: 1000 }, { size: 1 }])
      expectCode("ERR_INVALID_OPTION", () => open(options));
    const again = open({ keys: "text", values: "text" });
    assert.equal(again.get("a"), "1");
    assert.equal(again.pool.stats().workers.length, 1);
    closeHeap(again.pool);
    SharedCache.remove(path);
  });

  it("a cache of a codec, without it", () => {
    const path = newPath();
    const open = (values?: typeof codec) =>
      SharedCache.open<"text", typeof codec>(path, { maxBytes, ...(values && { values }) });
    const first = open(codec);
    first.set("a", "é");
    closeHeap(first.pool);
    expectCode("ERR_INVALID_OPTION", () => open());
    const again = open(codec);
    assert.equal(again.get("a"), "é");
    closeHeap(again.pool);
    SharedCache.remove(path);
  });

  it("a second open in one process", () => {
    const path = newPath();
    const cache = SharedCache.open(path, { maxBytes });
    cache.set("a", "1");
    expectCode("ERR_HEAP_BUSY", () => SharedCache.open(path, { maxBytes }));
    const there = SharedCache.attach(cache.handle);
    assert.equal(there.get("a"), "1");
    cache[Symbol.dispose]();
    assert.equal(there.get("a"), "1", "another worker of the process keeps the file open");
    expectCode("ERR_HEAP_BUSY", () => SharedCache.open(path, { maxBytes }));
    closeHeap(there.pool);
    const again = SharedCache.open(path, { maxBytes });
    assert.equal(again.get("a"), "1");
    again[Symbol.dispose]();
    again[Symbol.dispose]();
    const last = SharedCache.open(path, { maxBytes });
    assert.equal(last.get("a"), "1", "the one before it has closed the file");
    last[Symbol.dispose]();
    SharedCache.remove(path);
  });

  it("what is no cache's file, and a path that can be none", () => {
    const text = newPath();
    writeFileSync(text, "a text\n".repeat(1000), { mode: 0o600 });
    expectCode("ERR_INCOMPATIBLE_HEAP", () => SharedCache.open(text, { maxBytes }));
    expectCode("ERR_INCOMPATIBLE_HEAP", () => SharedCache.remove(text));
    assert.ok(existsSync(text));
    expectCode("ERR_OS_UNAVAILABLE", () => SharedCache.open(join(folder, "none", "a"), { maxBytes }));
    expectCode("ERR_INVALID_OPTION", () => SharedCache.open(7 as never, { maxBytes }));
    SharedCache.remove(newPath());
  });

  it("a heap that was made for something else", () => {
    const path = newPath();
    const made = openHeap(path, { capacity: maxBytes, live: true });
    const kept = made.allocate(100);
    made.disown(kept);
    made.roots.set("kept", { kind: "bytes", address: kept });
    const { liveObjects } = made.stats();
    closeHeap(made);
    expectCode("ERR_INCOMPATIBLE_HEAP", () => SharedCache.open(path, { maxBytes, maxWorkers: 3 }));
    expectCode("ERR_INCOMPATIBLE_HEAP", () => SharedCache.open(path, { maxBytes: 2 * maxBytes }));
    const again = openHeap(path);
    assert.equal(again.roots.get("kept")?.address, kept);
    assert.equal(again.stats().liveObjects, liveObjects);
    closeHeap(again);
    SharedCache.remove(path);
  });
});

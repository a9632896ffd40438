// A cache in a pool that is given: what it takes of that, who shares it, and what comes back.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SlabAllocator } from "offheap";
import { SharedCache } from "offheap/cache";
import { SharedMap } from "offheap/map";
import { expectCode } from "./support/heaps.ts";
import { wasmMemory } from "./support/wasm.ts";

const mib = 2 ** 20;
const pools = [
  ["a shared memory", () => new MemoryPool({ capacity: 32 * mib })],
  ["a SharedArrayBuffer", () => new MemoryPool({ memory: new SharedArrayBuffer(32 * mib) })],
  ["a heap that begins further on", () => withOffset()],
] as const;

function withOffset(): MemoryPool {
  const memory = wasmMemory(600, 600, true);
  return new MemoryPool({ memory, offset: 3 * 65_536, capacity: 32 * mib });
}

function fill(cache: SharedCache, entries: number): void {
  for (let i = 0; i < entries; i++) cache.set(`key ${i}`, `value ${i} `.repeat(20));
}

describe("a cache in a pool", () => {
  for (const [name, make] of pools)
    it(`is one object of it, of maxBytes, and keeps to that: ${name}`, () => {
      const pool = make();
      const before = pool.stats().liveBytes;
      const map = new SharedMap(pool);
      map.set("a", "1");
      const withMap = pool.stats();
      const cache = new SharedCache({ maxBytes: 6 * mib + 100, pool });
      assert.equal(cache.maxBytes, 6 * mib);
      assert.equal(pool.stats().liveBytes - withMap.liveBytes, 6 * mib);
      assert.equal(pool.stats().liveObjects - withMap.liveObjects, 1);
      fill(cache, 50_000);
      const { unused, old } = cache.stats().evictions;
      assert.ok(unused + old > 0);
      assert.ok(cache.bytes <= 6 * mib);
      assert.equal(cache.get("key 49999"), "value 49999 ".repeat(20));
      assert.equal(map.get("a"), "1");
      assert.deepEqual([pool.check(), cache.pool.check()], [[], []]);
      const there = SharedCache.attach(cache.handle);
      assert.equal(there.get("key 49999"), cache.get("key 49999"));
      there[Symbol.dispose]();
      cache.destroy();
      assert.equal(pool.stats().liveBytes, withMap.liveBytes);
      expectCode("ERR_DETACHED", () => cache.get("a"));
      map.destroy();
      assert.ok(pool.stats().liveBytes - before < 65_536);
      assert.deepEqual(pool.check(), []);
    });

  it("stands beside others, and gives its memory to the next one", () => {
    const pool = new MemoryPool({ capacity: 32 * mib });
    const caches = [0, 1, 2].map(() => new SharedCache({ maxBytes: 8 * mib, pool }));
    expectCode("ERR_OUT_OF_MEMORY", () => new SharedCache({ maxBytes: 8 * mib, pool }));
    for (const [i, cache] of caches.entries()) cache.set("who", `${i}`);
    assert.deepEqual(
      caches.map((cache) => cache.get("who")),
      ["0", "1", "2"],
    );
    caches[1]?.destroy();
    const next = new SharedCache({ maxBytes: 8 * mib, pool });
    assert.equal(next.get("who"), undefined);
    fill(next, 60_000);
    assert.deepEqual([caches[0]?.get("who"), caches[2]?.get("who")], ["0", "2"]);
    for (const cache of [caches[0], caches[2], next]) cache?.destroy();
    assert.equal(pool.stats().liveObjects, 0);
  });

  it("is ended by any worker that has the pool", () => {
    const pool = new MemoryPool({ capacity: 16 * mib });
    const other = MemoryPool.attach(pool.handle);
    const cache = new SharedCache({ maxBytes: 4 * mib, pool });
    const there = SharedCache.attach(cache.handle, { pool: other });
    there.destroy();
    assert.equal(pool.stats().liveObjects, 0);
    expectCode("ERR_DETACHED", () => cache.set("a", "1"));
  });

  it("refuses what is no pool, or another one, and leaves nothing behind", () => {
    const pool = new MemoryPool({ capacity: 16 * mib });
    const other = new MemoryPool({ capacity: 16 * mib });
    const slab = new SlabAllocator({ capacity: 16 * mib });
    for (const wrong of [slab, {}, 7, null, "pool"])
      expectCode("ERR_INVALID_OPTION", () => new SharedCache({ maxBytes: 4 * mib, pool: wrong as never }));
    expectCode("ERR_INVALID_SIZE", () => new SharedCache({ maxBytes: 16 * mib, pool }));
    expectCode("ERR_INVALID_OPTION", () => SharedCache.open("/dev/shm/none", { maxBytes: 4 * mib, pool }));
    assert.equal(pool.stats().liveObjects, 0);
    const cache = new SharedCache({ maxBytes: 4 * mib, maxWorkers: 2, pool });
    for (let i = 0; i < 4; i++)
      expectCode("ERR_INVALID_OPTION", () => SharedCache.attach(cache.handle, { pool: other }));
    const single = new SharedCache({ maxBytes: 4 * mib, maxWorkers: 2 });
    expectCode("ERR_INVALID_OPTION", () => SharedCache.attach(single.handle, { pool }));
    assert.equal(SharedCache.attach(cache.handle, { pool }).maxBytes, 4 * mib);
    pool.detach();
    expectCode("ERR_DETACHED", () => new SharedCache({ maxBytes: 4 * mib, pool }));
  });
});

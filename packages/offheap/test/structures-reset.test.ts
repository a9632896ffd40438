// Maps, rings and caches whose pool was reset, or that were destroyed by somebody else: each call says so, and what stands in their place
// is left alone.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool } from "offheap";
import { SharedCache } from "offheap/cache";
import { SharedMap } from "offheap/map";
import { Ring } from "offheap/ring";
import { expectCode } from "./support/heaps.ts";

const capacity = 8 << 20;
const content = new Uint8Array(64);

for (const engine of ["wasm", "js"] as const)
  for (const memory of ["shared", "local"] as const)
    describe(`structures in a pool that is reset, ${engine}, ${memory}`, () => {
      it("are gone for each worker, and those of after are left alone", () => {
        const pool = new MemoryPool({ capacity, engine, memory, maxWorkers: 4 });
        const others = memory === "shared" ? [MemoryPool.attach(pool.handle)] : [];
        const map = new SharedMap(pool);
        map.set("key", "before");
        assert.equal(map.get("key"), "before");
        const frozen = new SharedMap(pool);
        frozen.set("key", "before");
        frozen.freeze();
        const ring = new Ring(pool, { capacity: 8 });
        assert.equal(ring.write(content), true);
        const there = others.flatMap((other) => [
          { map: SharedMap.attach(other, map.handle), ring: Ring.attach(other, ring.handle) },
          { map: SharedMap.attach(other, frozen.handle), ring: Ring.attach(other, ring.handle) },
        ]);
        const all = [{ map, ring }, { map: frozen, ring }, ...there];
        pool.reset();
        const after = new SharedMap(pool);
        const line = new Ring(pool, { capacity: 8 });
        after.set("key", "after");
        line.write(content);
        const own = pool.allocate(64);
        for (const { map, ring } of all)
          for (const call of [
            () => map.get("key"),
            () => map.has("key"),
            () => map.set("key", "again"),
            () => map.delete("key"),
            () => map.update("key", () => "again"),
            () => map.read("key", () => 0),
            () => [...map],
            () => map.size,
            () => map.isFrozen,
            () => map.clear(),
            () => map.freeze(),
            () => map.destroy(),
            () => ring.send(own),
            () => ring.sendMany([{ address: own }]),
            () => ring.write(content),
            () => ring.receive(),
            () => ring.take(),
            () => ring.receiveMany([{ address: own, length: 0, tag: 0 }]),
            () => ring.read(() => undefined),
            () => ring.size,
            () => ring.isClosed,
            () => ring.close(),
            () => ring.destroy(),
          ])
            expectCode("ERR_DETACHED", call);
        assert.equal(after.get("key"), "after");
        assert.equal(after.size, 1);
        assert.equal(line.size, 1);
        assert.equal(line.receive()?.length, 64);
        assert.deepEqual(pool.check(), []);
        for (const other of others) other.detach();
      });
    });

it("a cache whose own pool is reset is gone", () => {
  const cache = new SharedCache({ maxBytes: capacity });
  const { pool } = cache;
  cache.set("key", "before");
  pool.reset();
  const after = new SharedMap(pool);
  after.set("key", "after");
  for (const call of [
    () => cache.get("key"),
    () => cache.peek("key"),
    () => cache.set("key", "again"),
    () => cache.delete("key"),
    () => cache.size,
    () => cache.stats(),
    () => cache.clear(),
    () => [...cache],
  ])
    expectCode("ERR_DETACHED", call);
  assert.equal(after.get("key"), "after");
  assert.deepEqual(pool.check(), []);
});

for (const engine of ["wasm", "js"] as const)
  it(`a ring that another worker destroyed is closed and empty, also where another ring begins, ${engine}`, () => {
    const pool = new MemoryPool({ capacity, engine, maxWorkers: 4 });
    const other = MemoryPool.attach(pool.handle);
    const ring = new Ring(pool, { capacity: 8 });
    const there = Ring.attach(other, ring.handle);
    const { address } = ring.handle;
    ring.destroy();
    const line = new Ring(pool, { capacity: 8 });
    assert.equal(line.handle.address, address, "the test wants the same place");
    line.write(content);
    const own = other.allocate(64);
    for (const call of [
      () => there.send(own),
      () => there.sendMany([{ address: own }]),
      () => there.write(content),
      () => there.close(),
      () => there.destroy(),
    ])
      expectCode("ERR_DETACHED", call);
    assert.equal(there.receive(), undefined);
    assert.equal(there.take(), undefined);
    assert.equal(
      there.read(() => undefined),
      false,
    );
    assert.equal(there.receiveMany([{ address: own, length: 0, tag: 0 }]), 0);
    assert.deepEqual([there.size, there.isClosed], [0, true]);
    assert.equal(there.wait({ timeout: 0 }), true);
    assert.equal(line.size, 1);
    const message = line.receive();
    assert.equal(message?.length, 64);
    pool.deallocate(message.address);
    line.destroy();
    other.deallocate(own);
    assert.deepEqual(pool.check(), []);
    assert.equal(pool.stats().liveObjects, 0);
    other.detach();
  });

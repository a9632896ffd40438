// What each call of a pool does beside its work, seen one by one: it asks whether the worker is still attached, repairs,
// cleans up now and then, looks further before it gives up.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, MemoryPool } from "offheap";
import { chunkSetAt } from "#src/layout/offsets.js";
import { PoolRegion } from "#src/pool/region.js";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";
import { wasmMemory } from "./support/wasm.ts";

const MiB = 1 << 20;
const chunk = 65_536;
const options = { capacity: 8 * MiB, maxWorkers: 3 } as const;
const sizes = [64, 20_000, 600_000];

describe("after detach every call of a pool says so, and writes nothing", () => {
  const other = new MemoryPool(options);
  const pool = MemoryPool.attach(other.handle);
  const live = sizes.map((size) => pool.allocate(size));
  // A slot at a multiple of 8, which realloc has to move.
  const odd = [1, 2].map(() => pool.allocate(24)).find((address) => address % 16 === 8) as number;
  const { malloc, free, realloc } = pool.asMalloc();
  const region = pool.region();
  pool.detach();
  const calls: Record<string, (address: number, size: number) => unknown> = {
    allocate: (_address, size) => pool.allocate(size),
    "allocate with options": (_address, size) => pool.allocate(size, { align: 64 }),
    deallocate: (address) => pool.deallocate(address),
    "deallocate with a size": (address, size) => pool.deallocate(address, size),
    reallocate: (address) => pool.reallocate(address, 100_000),
    "reallocate to the same": (address, size) => pool.reallocate(address, size),
    sizeOf: (address) => pool.sizeOf(address),
    adopt: (address) => pool.adopt(address),
    malloc: (_address, size) => malloc(size),
    free: (address) => free(address),
    realloc: (address) => realloc(address, 3000),
    "realloc that moves": () => realloc(odd, 3000),
    region: () => pool.region(),
    "region's allocate": () => region.allocate(8),
    stats: () => pool.stats(),
    check: () => pool.check(),
    reset: () => pool.reset(),
    cleanup: () => pool.cleanup(),
    reap: () => pool.reap(129),
  };
  for (const [name, call] of Object.entries(calls))
    it(name, () => {
      for (const [i, address] of live.entries())
        expectUnharmed(heapOf(other), "ERR_DETACHED", () => call(address, sizes[i] as number));
    });
});

describe("frees of large objects", () => {
  it("count for the clean-up, which gives the last empty span of pages back", () => {
    const pool = new MemoryPool({ ...options, cleanupInterval: 3 });
    for (let frees = 0; frees < 3; frees++) {
      pool.deallocate(pool.allocate(20_000 + frees * 4096));
      assert.equal(pool.stats().large.pageSpans, frees < 2 ? 1 : 0);
    }
  });

  it("at the end of a move count, too", () => {
    const pool = new MemoryPool({ ...options, cleanupInterval: 3 });
    const large = [600_000, 600_000].map((size) => pool.allocate(size));
    pool.deallocate(pool.allocate(20_000));
    for (const address of large) {
      assert.equal(pool.stats().large.pageSpans, 1);
      pool.deallocate(pool.reallocate(address, 64));
    }
    assert.equal(pool.stats().large.pageSpans, 0);
  });
});

describe("a reset", () => {
  it("that fails before it began leaves the pool as it was", () => {
    const pool = new MemoryPool(options);
    const address = pool.allocate(64);
    const { repair } = pool["slow"];
    pool["slow"].repair = () => {
      throw new RangeError("the stack ends");
    };
    assert.throws(() => pool.reset(), RangeError);
    pool["slow"].repair = repair;
    pool.deallocate(address);
    assert.equal(pool.allocate(64), address);
    assert.equal(pool.stats().liveObjects, 1);
  });
});

describe("before a large object is refused", () => {
  it("free chunks are looked for that are in no set", () => {
    const pool = new MemoryPool(options);
    const { words, layout } = heapOf(pool);
    const at = chunkSetAt(layout, 0);
    words.fill(0, at, at + layout.chunkSetWords);
    const address = pool.allocate(600_000);
    pool.deallocate(address);
    pool.cleanup();
    assert.deepEqual(pool.check(), []);
  });

  it("what the caller has cached goes home, and its slabs are given back", () => {
    const pool = new MemoryPool({ ...options, cleanupInterval: 0 });
    const most = heapOf(pool).layout.chunkCount * chunk;
    for (const size of sizes) pool.deallocate(pool.allocate(size));
    pool.deallocate(pool.allocate(most));
  });
});

describe("a region", () => {
  it("zeroes what is asked for, wherever it lies", () => {
    const pool = new MemoryPool(options);
    for (const size of [8, 1000, 100_000]) {
      const dirty = pool.region();
      for (let i = 0; i < 3; i++) {
        const address = dirty.allocate(size);
        pool.u8.fill(0xaa, address, address + size);
      }
      dirty.end();
      const region = pool.region();
      for (let i = 0; i < 3; i++) {
        const address = region.allocate(size, { zeroed: true });
        assert.ok(
          pool.u8.subarray(address, address + size).every((byte) => byte === 0),
          `${size} bytes`,
        );
      }
      region.end();
    }
  });

  it("whose end an exception cut short can be ended again, and then has ended all", () => {
    const held = new Set<number>();
    let isBroken = true;
    const allocate = (size: number) => {
      const address = (held.size + 1) * MiB;
      assert.ok(size <= MiB);
      held.add(address);
      return address as Address;
    };
    const region = new PoolRegion({
      allocate,
      tryAllocate: allocate,
      deallocate: (address) => {
        isBroken = !isBroken;
        if (!isBroken) throw new RangeError("the stack ends");
        held.delete(address);
      },
      zero: () => {},
      epoch: () => 1,
    });
    for (let i = 0; i < 5; i++) region.allocate(100_000);
    assert.equal(held.size, 5);
    for (let tries = 0; tries < 5; tries++) assert.throws(() => region.end(), RangeError);
    region.end();
    assert.equal(held.size, 0);
  });

  it("goes on when a memory that is not shared has grown", () => {
    const memory = wasmMemory(64, 65, false);
    const pool = new MemoryPool({ memory, maxWorkers: 1 });
    const region = pool.region();
    const before = region.allocate(8);
    memory.grow(1);
    assert.ok(region.allocate(8) > before);
    region.end();
    assert.equal(pool.stats().liveObjects, 0);
  });

  it("has ended when its pool was destroyed", () => {
    const pool = new MemoryPool(options);
    const region = pool.region();
    pool.destroy();
    expectCode("ERR_DETACHED", () => region.allocate(8));
  });
});

// A pool: every kind of object, reallocated, zeroed, aligned, in a region, all at once; and shared by workers.

import type { HeapHandle, MemoryPool } from "offheap";
import { equal, isWhole, ok } from "../expect.ts";
import { readFill, writeFill } from "../fill.ts";
import type { Scenario, Scenarios } from "../harness.ts";
import type { Job } from "../host.ts";

/** Slots, page runs and spans, each with its least and its most. */
const sizes = [1, 8, 100, 8192, 8193, 20_000, 448 * 1024, 448 * 1024 + 1, 1_000_000];

function make(pool: MemoryPool): number[] {
  return sizes.map((bytes, i) => {
    const address = pool.allocate(bytes);
    ok(pool.sizeOf(address) >= bytes, `sizeOf an object of ${bytes}`);
    writeFill(pool, address, bytes, i);
    return address;
  });
}

function readAndFree(pool: MemoryPool, addresses: readonly number[]): void {
  for (const [i, address] of addresses.entries()) {
    readFill(pool, address, sizes[i] as number, i);
    pool.deallocate(address);
  }
}

function allKinds(pool: MemoryPool): void {
  readAndFree(pool, make(pool));
}

function reallocated(pool: MemoryPool): void {
  const oneOfEachKind = [100, 20_000, 500_000];
  for (const from of sizes) {
    for (const to of oneOfEachKind) {
      const before = pool.allocate(from);
      writeFill(pool, before, from, from);
      const after = pool.reallocate(before, to);
      readFill(pool, after, Math.min(from, to), from);
      pool.deallocate(after);
    }
  }
}

function zeroedAndAligned(pool: MemoryPool): void {
  for (const bytes of sizes) {
    const dirty = pool.allocate(bytes);
    pool.u8.fill(0xff, dirty, dirty + bytes);
    pool.deallocate(dirty);
    const address = pool.allocate(bytes, { zeroed: true, align: 4096 });
    equal(address % 4096, 0, `alignment of ${bytes} bytes`);
    ok(
      pool.u8.subarray(address, address + bytes).every((byte) => byte === 0),
      `${bytes} bytes are zero`,
    );
    pool.deallocate(address);
  }
}

function inRegion(pool: MemoryPool): void {
  const region = pool.region();
  const addresses = Array.from({ length: 1000 }, (_, i) => {
    const address = region.allocate(1 + (i % 3000));
    writeFill(pool, address, 1 + (i % 3000), i);
    return address;
  });
  for (const [i, address] of addresses.entries()) readFill(pool, address, 1 + (i % 3000), i);
  region.end();
}

function reset(pool: MemoryPool): void {
  for (let round = 0; round < 3; round++) {
    make(pool);
    pool.reset();
    equal(pool.stats().liveObjects, 0, "live objects after a reset");
  }
}

/** One part after the other on one pool: `memory` as the host allows it. */
export function onePool(memory: "shared" | "local"): Scenario {
  return ({ library }) => {
    const pool = new library.MemoryPool({ capacity: 64 * 2 ** 20, memory });
    for (const part of [allKinds, reallocated, zeroedAndAligned, inRegion, reset]) {
      part(pool);
      isWhole(pool);
    }
    pool.destroy();
  };
}

export const jobs: Record<string, Job> = {
  "pool: make": ({ MemoryPool }, port, data) => {
    const pool = MemoryPool.attach(data as HeapHandle);
    const addresses = make(pool);
    pool.detach();
    port.post(addresses);
  },

  "pool: free": async ({ MemoryPool }, port, data) => {
    const pool = MemoryPool.attach(data as HeapHandle);
    readAndFree(pool, (await port.next()) as number[]);
    pool.detach();
    port.post("freed");
  },
};

export const scenarios: Scenarios = {
  "a pool: all kinds, reallocate, zeroed, aligned, region, reset": onePool("shared"),

  "a pool that two workers share": async ({ library, start }) => {
    const pool = new library.MemoryPool({ capacity: 64 * 2 ** 20 });
    for (let round = 0; round < 3; round++) {
      const maker = await start("pool: make", pool.handle);
      const addresses = await maker.next();
      const freer = await start("pool: free", pool.handle);
      freer.post(addresses);
      equal(await freer.next(), "freed", "what the freeing worker says");
    }
    isWhole(pool);
    pool.destroy();
  },
};

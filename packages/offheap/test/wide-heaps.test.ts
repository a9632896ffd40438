// Heaps over 2 GiB and of exactly 4 GiB, and data beyond address 2^31. Memory is reserved, not committed:
// of the data these tests touch a few bytes an object.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SlabAllocator } from "offheap";
import { readFill, writeFill } from "./support/fill.ts";
import { expectCode, heapOf } from "./support/heaps.ts";
import { assertZeroResidue, fillUp, mostObjects } from "./support/residue.ts";
import { wasmMemory } from "./support/wasm.ts";

const GiB = 2 ** 30;
/** Few slots a chunk, so that the books are small and a full heap is soon full. */
const large = [4096, 65_536];

describe("a heap of exactly 4 GiB", () => {
  it("hands out every slot up to the last, above 2^31, and takes each back", () => {
    const heap = new SlabAllocator({ capacity: 2 ** 32, sizeClasses: large, maxWorkers: 2 });
    const { layout } = heapOf(heap);
    assert.equal(heap.stats().capacity, 2 ** 32);
    const addresses = fillUp(heap, 65_536);
    assert.equal(addresses.length, mostObjects(layout, 65_536));
    assert.equal(addresses.length, layout.chunkCount);
    assert.equal(Math.max(...addresses.slice(-1000)), 2 ** 32 - 65_536);
    assert.equal(new Set(addresses).size, addresses.length);
    assert.deepEqual(heap.check(), []);
    expectCode("ERR_OUT_OF_MEMORY", () => heap.allocate(65_536));
    const high = addresses.at(-1) as number;
    heap.view.setFloat64(high + 65_528, Math.PI, true);
    assert.equal(heap.u8.length, 2 ** 32);
    assert.equal(heap.f64[(high + 65_528) / 8], Math.PI);
    for (const address of addresses) heap.deallocate(address, 65_536);
    assertZeroResidue(heap, [65_536]);
    heap.destroy();
  });

  it("takes no address beyond 32 bits for one below", () => {
    const heap = new SlabAllocator({ capacity: 2 ** 32, sizeClasses: large, maxWorkers: 2 });
    const address = heap.allocate(4096);
    for (const wrong of [address + 2 ** 32, address - 2 ** 32, address + 2 ** 33, 2 ** 32, 2 ** 32 - 4096]) {
      expectCode("ERR_INVALID_ADDRESS", () => heap.deallocate(wrong));
    }
    heap.deallocate(address);
    heap.destroy();
  });

  it("works with the default classes, too", () => {
    const heap = new SlabAllocator({ capacity: 2 ** 32 });
    const addresses = heap.stats().sizeClasses.map(({ objectSize }) => heap.allocate(objectSize));
    addresses.forEach((address, id) => {
      writeFill(heap, address, id);
    });
    addresses.forEach((address, id) => {
      readFill(heap, address, id);
      heap.deallocate(address);
    });
    heap.cleanup();
    assert.equal(heap.stats().spanBytes, 0);
    heap.destroy();
  });
});

describe("data beyond 2^31", () => {
  for (const offset of [2 * GiB - 65_536, 2 * GiB, 4 * GiB - (16 << 20)]) {
    it(`at offset ${offset}: the whole life of objects`, () => {
      const memory = wasmMemory(65_536, 65_536, true);
      const capacity = 16 << 20;
      const first = new SlabAllocator({ memory, offset, capacity, maxWorkers: 3 });
      const second = SlabAllocator.attach(first.handle);
      const live: number[] = [];
      for (let i = 0; i < 2000; i++) {
        const address = first.allocate(1 + ((i * 61) % 8192));
        assert.ok(address > offset && address < offset + capacity);
        writeFill(first, address, i);
        live.push(address);
        if (live.length > 300) second.deallocate(live.shift() as number);
      }
      assert.ok(Math.max(...live) > 2 ** 31);
      const [some] = live as [number];
      expectCode("ERR_INVALID_ADDRESS", () => first.deallocate(some + 1));
      expectCode("ERR_INVALID_ADDRESS", () => first.deallocate(some | 0));
      expectCode("ERR_SIZE_MISMATCH", () => first.deallocate(some, 2 ** 31 + 1));
      second.adopt(some);
      live.forEach((address, i) => {
        readFill(second, address, 2000 - live.length + i);
        (i % 2 === 0 ? first : second).deallocate(address);
        expectCode("ERR_DOUBLE_FREE", () => first.deallocate(address));
      });
      first.reap(second.workerId);
      assertZeroResidue(first);
    });
  }

  it("may be the last 64 KiB of all", () => {
    const memory = wasmMemory(65_536, 65_536, true);
    const offset = 2 ** 32 - (1 << 20);
    const heap = new SlabAllocator({ memory, offset, maxWorkers: 1, sizeClasses: [65_536] });
    assert.equal(heap.stats().capacity, 1 << 20);
    assert.equal(Math.max(...fillUp(heap, 65_536)), 2 ** 32 - 65_536);
  });
});

it("a heap of 3 GiB crosses 2^31 in the middle", () => {
  const heap = new SlabAllocator({ capacity: 3 * GiB, sizeClasses: large, maxWorkers: 1 });
  const addresses = fillUp(heap, 65_536);
  const crossing = addresses.filter((address) => address >= 2 ** 31 - 65_536 && address <= 2 ** 31 + 65_536);
  assert.equal(crossing.length, 3);
  for (const [id, address] of crossing.entries()) writeFill(heap, address, id);
  for (const [id, address] of crossing.entries()) readFill(heap, address, id);
  for (const address of addresses) heap.deallocate(address);
  assertZeroResidue(heap, [65_536]);
});

describe("a pool of 4 GiB", () => {
  it("has objects over 2 GiB, and large ones above 2^31", () => {
    const pool = new MemoryPool({ capacity: 2 ** 32, maxWorkers: 2 });
    const low = pool.allocate(2.5 * GiB);
    assert.equal(pool.sizeOf(low), 2.5 * GiB);
    pool.view.setFloat64(low + 2.5 * GiB - 8, Math.E, true);
    expectCode("ERR_OUT_OF_MEMORY", () => pool.allocate(1.5 * GiB));
    const high = [9000, 100_000, 448 * 1024, 2 ** 20, GiB].map((size) => pool.allocate(size));
    for (const address of high) {
      assert.ok(address > 2 ** 31);
      pool.u8[address + pool.sizeOf(address) - 1] = 7;
      expectCode("ERR_INVALID_ADDRESS", () => pool.deallocate(address + 8));
      expectCode("ERR_INVALID_ADDRESS", () => pool.deallocate(address - 2 ** 32));
    }
    const [run, , , span] = high as [number, number, number, number];
    const aligned = pool.allocate(9000, { align: 2 ** 21, zeroed: true });
    assert.equal(aligned % 2 ** 21, 0);
    assert.ok(pool.sizeOf(pool.reallocate(run, 20_000)) >= 20_000);
    assert.equal(pool.u8[pool.reallocate(span, 2 ** 21) + 2 ** 20 - 1], 7);
    assert.equal(pool.view.getFloat64(low + 2.5 * GiB - 8, true), Math.E);
    assert.deepEqual(pool.check(), []);
    pool.reset();
    pool.deallocate(pool.allocate(3 * GiB));
    pool.cleanup();
    assert.equal(pool.stats().spanBytes, 0);
    pool.destroy();
  });
});

// check() and free chunks that are known to be zero: a wild write to one is told, with its address, wherever it is,
// because a `zeroed` allocation there would not be zero. What is not in memory is not brought in by the look.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SlabAllocator } from "offheap";
import { loadOs } from "offheap/os";
import type { Heap } from "#src/memory/heap.js";
import { heapOf } from "./support/heaps.ts";
import { pretendOs } from "./support/pretend-os.ts";
import { assertZeroResidue, fillUp } from "./support/residue.ts";
import { wasmMemory } from "./support/wasm.ts";

const chunkBytes = 65_536;
const mib = 2 ** 20;

function endOf({ dataAt, layout }: Heap): number {
  return dataAt + layout.chunkCount * chunkBytes;
}

/** One byte is written to a clean chunk: check() says so, and nothing else, until it is zero again. */
function expectTold(allocator: SlabAllocator, address: number, byte: number): void {
  allocator.u8[address] = byte;
  const found = allocator.check();
  assert.deepEqual(
    found.map(({ invariant }) => invariant),
    ["clean"],
    `byte ${byte} at ${address}`,
  );
  assert.match(found[0]?.message ?? "", new RegExp(`byte ${byte} at address ${address}:`));
  allocator.u8[address] = 0;
  assert.deepEqual(allocator.check(), []);
}

describe("a wild write to a clean chunk", () => {
  for (const memory of ["shared", "local"] as const)
    it(`is told wherever in the chunk it is, and whatever it wrote: ${memory} memory`, () => {
      const heap = new SlabAllocator({ capacity: 4 * mib, maxWorkers: 1, memory });
      const { dataAt } = heapOf(heap);
      for (const at of [0, 1, 7, 8, 15, 16, 24, 31, 32, 4095, 4096, 65_527, 65_528, 65_535])
        expectTold(heap, dataAt + 3 * chunkBytes + at, 1 + (at % 255));
      // The last byte of a double that is -0 otherwise; and two that add up to nothing.
      expectTold(heap, dataAt + 7, 0x80);
      heap.i64[dataAt / 8] = 5n;
      heap.i64[dataAt / 8 + 1] = -5n;
      assert.equal(heap.check().length, 1);
      heap.u8.fill(0, dataAt, dataAt + 16);
      assertZeroResidue(heap);
    });

  it("is told in every chunk of the heap, up to its last byte", () => {
    const pool = new MemoryPool({ capacity: 3 * mib, maxWorkers: 1 });
    const { dataAt, layout } = heapOf(pool);
    for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
      expectTold(pool, dataAt + chunk * chunkBytes, 1);
      expectTold(pool, dataAt + (chunk + 1) * chunkBytes - 1, 255);
    }
    assertZeroResidue(pool);
  });

  it("is told above 2 GiB, by its address", () => {
    const pool = new MemoryPool({ capacity: 2 ** 32, maxWorkers: 1 });
    pool.allocate(endOf(heapOf(pool)) - heapOf(pool).dataAt - 4 * mib);
    for (const address of [2 ** 32 - 4 * mib, 2 ** 32 - mib, 2 ** 32 - 1]) expectTold(pool, address, 7);
    pool.destroy();
  });

  it("makes a zeroed allocation that is not zero, which is what it is told for", () => {
    const pool = new MemoryPool({ capacity: 8 * mib, maxWorkers: 1 });
    const wild = heapOf(pool).dataAt + 100_000;
    pool.u8[wild] = 9;
    assert.equal(pool.check().length, 1);
    const address = pool.allocate(4 * mib, { zeroed: true });
    assert.ok(address <= wild && pool.u8[wild] === 9);
    assert.deepEqual(pool.check(), []);
  });

  it("is told once a chunk, and for a heap of them a hundred times", () => {
    const heap = new SlabAllocator({ capacity: 16 * mib, maxWorkers: 1 });
    const { dataAt, layout } = heapOf(heap);
    heap.u8.fill(1, dataAt, dataAt + 3 * chunkBytes);
    assert.equal(heap.check().length, 3);
    for (let chunk = 0; chunk < layout.chunkCount; chunk++) heap.u8[dataAt + chunk * chunkBytes + chunk] = 1;
    assert.equal(heap.check().length, 100);
  });
});

describe("check() says nothing of", () => {
  it("objects, and of what they left", () => {
    const pool = new MemoryPool({ capacity: 8 * mib, maxWorkers: 1 });
    const addresses = [8, 8192, 100_000, mib].map((size) => pool.allocate(size));
    for (const address of addresses) pool.u8.fill(255, address, address + pool.sizeOf(address));
    assert.deepEqual(pool.check(), []);
    for (const address of addresses) pool.deallocate(address);
    pool.cleanup();
    assert.deepEqual(pool.check(), []);
    assertZeroResidue(pool);
  });

  it("a memory of someone else's, which is cleared when zeroes are asked for", () => {
    for (const memory of [
      wasmMemory(64, 64, true),
      new SharedArrayBuffer(4 * mib),
      new ArrayBuffer(4 * mib),
    ]) {
      new Uint8Array("buffer" in memory ? memory.buffer : memory).fill(255);
      const pool = new MemoryPool({ memory, maxWorkers: 1 });
      assert.deepEqual(pool.check(), []);
      for (const size of [8, 8192, 8193, 448 * 1024, mib]) {
        const address = pool.allocate(size, { zeroed: true });
        assert.ok(pool.u8.subarray(address, address + size).every((byte) => byte === 0));
        pool.u8.fill(255, address, address + size);
        pool.deallocate(address);
      }
      assertZeroResidue(pool);
    }
  });
});

describe("chunks that went back to the OS", () => {
  it("are clean from then on, and looked at", () => {
    const pool = new MemoryPool({ capacity: 8 * mib, maxWorkers: 1, os: pretendOs() });
    const address = pool.allocate(4 * mib);
    pool.u8.fill(1, address, address + 4 * mib);
    pool.deallocate(address);
    pool.u8[address + mib] = 2;
    assert.deepEqual(pool.check(), []);
    assert.equal(pool.cleanup({ all: true }).decommittedBytes, 4 * mib);
    expectTold(pool, address + mib, 2);
    assertZeroResidue(pool);
  });
});

describe("with an OS that tells what is in memory", () => {
  it("only that is read, the rest is passed over in few questions", () => {
    const asked: number[] = [];
    const known = { from: 0, end: 0 };
    const os = pretendOs({
      residency: { available: true, reason: "pretended" },
      residentBytes: (_buffer, offset, bytes) => {
        asked.push(bytes);
        return Math.max(0, Math.min(known.end, offset + bytes) - Math.max(known.from, offset));
      },
    });
    const heap = new SlabAllocator({ capacity: 256 * mib, maxWorkers: 1, os });
    const { dataAt, layout } = heapOf(heap);
    assert.deepEqual(heap.check(), []);
    const mostChunks = 256;
    assert.equal(asked.length, Math.ceil(layout.chunkCount / mostChunks));
    assert.equal(
      asked.reduce((sum, bytes) => sum + bytes, 0),
      layout.chunkCount * chunkBytes,
    );
    const last = endOf(heapOf(heap)) - 1;
    for (const wild of [dataAt, dataAt + 777_777, dataAt + 20 * mib - 1, last]) {
      Object.assign(known, { from: wild - (wild % 4096), end: wild - (wild % 4096) + 4096 });
      expectTold(heap, wild, 3);
    }
    Object.assign(known, { from: 0, end: 0 });
    heap.u8[dataAt] = 1;
    assert.deepEqual(heap.check(), []);
    heap.u8[dataAt] = 0;
  });

  it("that refuses to tell, all is read", () => {
    const os = pretendOs({ residency: { available: true, reason: "pretended" }, residentBytes: () => -1 });
    const heap = new SlabAllocator({ capacity: 4 * mib, maxWorkers: 1, os });
    expectTold(heap, endOf(heapOf(heap)) - 1, 3);
  });

  const os = loadOs();
  it("nothing comes into memory by it", {
    skip: os.residency.available ? false : os.residency.reason,
  }, () => {
    const heap = new SlabAllocator({ capacity: 64 * mib, maxWorkers: 1, os });
    const object = fillUp(heap, 8192, 1)[0] as number;
    heap.u8[object] = 1;
    const before = heap.residency();
    assert.deepEqual(heap.check(), []);
    assert.deepEqual(heap.residency().free, before.free);
    expectTold(heap, endOf(heapOf(heap)) - 5 * mib, 3);
    heap.deallocate(object);
  });
});

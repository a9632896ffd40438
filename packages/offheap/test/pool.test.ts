// MemoryPool: what it promises beyond the contract of every allocator: any size, alignment, zeroes, reallocate,
// regions. What `reset` promises is in reset.test.ts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AllocateOptions, MemoryPool, SizeClasses, SlabAllocator } from "offheap";
import { readFill, writeFill } from "./support/fill.ts";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";
import { assertDisjoint, assertZeroResidue, fillUp } from "./support/residue.ts";

const KiB = 1024;
const MiB = 1 << 20;
const runLimit = 448 * KiB;

function makePool(capacity = 16 * MiB, maxWorkers = 3): MemoryPool {
  return new MemoryPool({ capacity, maxWorkers });
}

/** Objects of every kind: a slot, page runs, a span. */
const kinds = [100, 8193, 100 * KiB, runLimit, runLimit + 1, 3 * MiB];

describe("sizes", () => {
  it("waste at most a quarter from 8 to 64 KiB, and an eighth above: every size to 160 KiB, every step beyond", () => {
    const pool = makePool();
    const check = (size: number): void => {
      const address = pool.allocate(size);
      const bytes = pool.sizeOf(address);
      const most = size <= 64 * KiB ? 0.25 : 0.125;
      assert.ok(bytes >= size && (bytes - size) / bytes <= most, `${size} bytes take ${bytes}`);
      pool.deallocate(address, size);
    };
    for (let size = 8 * KiB + 1; size <= 160 * KiB; size++) check(size);
    for (let size = 160 * KiB; size <= 4 * MiB; size += 2 * KiB)
      for (const more of [0, 1]) check(size + more);
    assertZeroResidue(pool);
  });

  it("go up to the whole capacity, and no further", () => {
    const pool = makePool();
    const most = heapOf(pool).layout.chunkCount * 65_536;
    const address = pool.allocate(most);
    assert.equal(pool.sizeOf(address), most);
    writeFill(pool, address, 7);
    expectCode("ERR_OUT_OF_MEMORY", () => pool.allocate(1));
    expectUnharmed(heapOf(pool), "ERR_INVALID_SIZE", () => pool.allocate(most + 1));
    readFill(pool, address, 7);
    pool.deallocate(address, most);
    assertZeroResidue(pool);
  });

  it("of all kinds lie side by side, and what each leaves serves the others", () => {
    const pool = makePool();
    for (const bytes of [...kinds, ...kinds]) {
      const addresses = fillUp(pool, bytes);
      assert.ok(addresses.length * bytes > 9 * MiB, `${addresses.length} objects of ${bytes} bytes`);
      assertDisjoint(pool, addresses);
      assert.deepEqual(pool.check(), []);
      for (const address of addresses) pool.deallocate(address, bytes);
    }
    assertZeroResidue(pool);
  });

  it("are served by a list of classes that ends early, too", () => {
    const pool = new MemoryPool({ capacity: 4 * MiB, maxWorkers: 1, sizeClasses: [64, 1000] });
    for (const size of [65, 1000, 1001, 2048, 2049, 8192]) {
      const address = pool.allocate(size);
      assert.equal(pool.sizeOf(address), size <= 1000 ? 1000 : Math.ceil(size / 2048) * 2048);
      pool.deallocate(address, size);
    }
    assertZeroResidue(pool);
  });
});

describe("wrong addresses and sizes of large objects", () => {
  const pool = makePool();
  const heap = heapOf(pool);

  it("inside one, behind one, freed, and never one", () => {
    for (const size of [8193, 100 * KiB, runLimit + 1]) {
      const [address, neighbour] = [pool.allocate(size), pool.allocate(size)];
      const bytes = pool.sizeOf(address);
      for (const offset of [1, 8, 2047, 2048, 4096, bytes - 8].filter((at) => at < bytes)) {
        const call = () => pool.deallocate(address + offset);
        expectUnharmed(heap, "ERR_INVALID_ADDRESS", call);
        expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => pool.reallocate(address + offset, 10));
      }
      pool.deallocate(address);
      const codes = size > runLimit ? "ERR_INVALID_ADDRESS" : "ERR_DOUBLE_FREE";
      expectUnharmed(heap, codes, () => pool.deallocate(address));
      expectUnharmed(heap, codes, () => pool.reallocate(address, 10));
      expectUnharmed(heap, codes, () => pool.sizeOf(address));
      expectUnharmed(heap, codes, () => pool.adopt(address));
      pool.deallocate(neighbour);
    }
  });

  it("given back with another size", () => {
    for (const size of [8193, 100 * KiB, runLimit + 1]) {
      const address = pool.allocate(size);
      const bytes = pool.sizeOf(address);
      for (const wrong of [0, -1, Number.NaN, 1.5, 8, bytes + 1, bytes / 2, "9000" as unknown as number])
        expectUnharmed(heap, "ERR_SIZE_MISMATCH", () => pool.deallocate(address, wrong));
      pool.deallocate(address, bytes);
    }
    assertZeroResidue(pool);
  });
});

describe("a heap of slabs and a pool", () => {
  it("are not attached as one another", () => {
    const pool = makePool();
    const slabs = new SlabAllocator({ capacity: 4 * MiB, maxWorkers: 2 });
    expectCode("ERR_INCOMPATIBLE_HEAP", () => SlabAllocator.attach(pool.handle));
    expectCode("ERR_INCOMPATIBLE_HEAP", () => MemoryPool.attach(slabs.handle));
    assert.ok(MemoryPool.attach(pool.handle) instanceof MemoryPool);
    assert.deepEqual(heapOf(pool).layout.objectBytes, SizeClasses.fine);
  });
});

describe("align", () => {
  it("any power of two to 2 MiB, for every kind of object", () => {
    const pool = makePool(64 * MiB);
    const addresses: number[] = [];
    for (let align = 1; align <= 2 * MiB; align *= 2) {
      for (const size of [1, 24, ...kinds]) {
        const address = pool.allocate(size, { align });
        assert.equal(address % align, 0, `${size} bytes, align ${align}`);
        assert.ok(pool.sizeOf(address) >= size);
        addresses.push(address);
      }
      if (addresses.length > 60) for (const address of addresses.splice(0)) pool.deallocate(address);
    }
    assertDisjoint(pool, addresses);
    assert.deepEqual(pool.check(), []);
    for (const address of addresses) pool.deallocate(address);
    assertZeroResidue(pool);
  });

  it("of the address, wherever the heap begins", () => {
    const memory = new SharedArrayBuffer(12 * MiB);
    const pool = new MemoryPool({ memory, offset: 3 * 65_536, capacity: 8 * MiB, maxWorkers: 1 });
    for (const align of [64 * KiB, 128 * KiB, MiB, 2 * MiB])
      assert.equal(pool.allocate(100, { align }) % align, 0);
  });

  it("and zeroed are checked", () => {
    const pool = makePool();
    const heap = heapOf(pool);
    for (const align of [0, 3, -8, 1.5, 48, 4 * MiB, 2 ** 32, Number.NaN, "8", null]) {
      const options = { align } as AllocateOptions;
      expectUnharmed(heap, "ERR_INVALID_ALIGNMENT", () => pool.allocate(64, options));
    }
    for (const options of [null, 5, "x", { zeroed: 1 }])
      expectUnharmed(heap, "ERR_INVALID_OPTION", () => pool.allocate(64, options as AllocateOptions));
    for (const size of [0, -1, 2.5, Number.NaN])
      expectUnharmed(heap, "ERR_INVALID_SIZE", () => pool.allocate(size, { align: 4096, zeroed: true }));
  });
});

describe("zeroed", () => {
  it("clears what another object left", () => {
    const pool = makePool();
    for (const size of kinds) {
      const before = pool.allocate(size);
      pool.u8.fill(0xff, before, before + size);
      pool.deallocate(before);
      const address = pool.allocate(size, { zeroed: true });
      assert.equal(address, before);
      assert.ok(pool.u8.subarray(address, address + size).every((byte) => byte === 0));
      pool.deallocate(address);
    }
  });
});

describe("reallocate", () => {
  it("keeps the bytes, from every kind to every kind", () => {
    const pool = makePool(64 * MiB);
    const other = MemoryPool.attach(pool.handle);
    for (const from of kinds) {
      for (const to of kinds) {
        const address = pool.allocate(from);
        const bytes = pool.u8.subarray(address, address + from);
        for (let i = 0; i < from; i += 97) bytes[i] = i ^ (i >> 8);
        const next = other.reallocate(address, to);
        assert.ok(pool.sizeOf(next) >= to);
        for (let i = 0; i < Math.min(from, to); i += 97)
          assert.equal(pool.u8[next + i], (i ^ (i >> 8)) & 255, `${from} to ${to}: byte ${i}`);
        if (next !== address)
          assert.ok(["ERR_DOUBLE_FREE", "ERR_INVALID_ADDRESS"].includes(freedCode(pool, address)));
        pool.deallocate(next, to);
      }
    }
    other.detach();
    assertZeroResidue(pool);
  });

  it("stays where it is inside its slot, into free neighbours, and when it shrinks within its kind", () => {
    const pool = makePool();
    const slot = pool.allocate(97);
    assert.equal(pool.reallocate(slot, 104), slot);
    const run = pool.allocate(10_000);
    assert.equal(pool.reallocate(run, 300 * KiB), run);
    assert.equal(pool.sizeOf(run), 300 * KiB);
    assert.equal(pool.reallocate(run, 9000), run);
    assert.equal(pool.sizeOf(run), 10_240);
    const span = pool.allocate(MiB);
    assert.equal(pool.reallocate(span, 3 * MiB), span);
    assert.equal(pool.sizeOf(span), 3 * MiB);
    const behind = pool.allocate(MiB);
    assert.notEqual(pool.reallocate(span, 4 * MiB), span);
    pool.deallocate(behind);
    assert.deepEqual(pool.check(), []);
  });

  it("moves when a neighbour is in the way", () => {
    const pool = makePool();
    const [first, second] = [pool.allocate(10_000), pool.allocate(10_000)];
    assert.equal(second, first + 10_240);
    writeFill(pool, second, 2);
    const moved = pool.reallocate(first, 20_000);
    assert.notEqual(moved, first);
    readFill(pool, second, 2);
    assert.equal(pool.reallocate(moved, 30_000), moved);
  });

  it("leaves the object as it was when it fails", () => {
    const pool = makePool();
    const heap = heapOf(pool);
    for (const size of kinds) {
      const address = pool.allocate(size);
      writeFill(pool, address, size);
      const rest = [MiB, 64 * KiB, 8193, 8192, 8].flatMap((bytes) => fillUp(pool, bytes));
      expectCode("ERR_OUT_OF_MEMORY", () => pool.reallocate(address, 8 * MiB));
      for (const wrong of [0, -1, 1.5, Number.NaN, 2 ** 32])
        expectUnharmed(heap, "ERR_INVALID_SIZE", () => pool.reallocate(address, wrong));
      readFill(pool, address, size);
      assert.deepEqual(pool.check(), []);
      for (const other of rest) pool.deallocate(other);
      pool.deallocate(address, size);
    }
    assertZeroResidue(pool);
  });
});

function freedCode(pool: MemoryPool, address: number): string {
  try {
    pool.deallocate(address);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "freed";
}

describe("what a worker leaves", () => {
  it("large objects outlive its detach, and are adopted", () => {
    const pool = makePool();
    const other = MemoryPool.attach(pool.handle);
    const addresses = kinds.map((size) => other.allocate(size));
    addresses.forEach((address) => {
      writeFill(other, address, address);
    });
    other.detach();
    assert.deepEqual(pool.check(), []);
    assert.equal(pool.stats().liveObjects, kinds.length);
    for (const address of addresses) {
      readFill(pool, address, address);
      pool.adopt(address);
      pool.deallocate(address);
    }
    assertZeroResidue(pool);
  });

  it("reap frees its large objects, but not the adopted", () => {
    const pool = makePool();
    const other = MemoryPool.attach(pool.handle);
    const addresses = [...kinds, ...kinds].map((size) => other.allocate(size));
    const kept = addresses.slice(0, kinds.length);
    for (const address of kept) pool.adopt(address);
    const report = pool.reap(other.workerId, { live: true });
    assert.equal(report.freedObjects, kinds.length);
    assert.ok(report.freedBytes > 4 * MiB);
    assert.equal(pool.stats().liveObjects, kinds.length);
    assert.deepEqual(pool.check(), []);
    for (const address of kept) pool.deallocate(address);
    assertZeroResidue(pool);
  });

  it("statistics count large objects by their bytes", () => {
    const pool = makePool();
    const addresses = kinds.map((size) => pool.allocate(size));
    const { large, liveObjects, liveBytes, allocs } = pool.stats();
    assert.equal(liveObjects, kinds.length);
    assert.equal(allocs, kinds.length);
    assert.equal(large.objects, kinds.length - 1);
    assert.equal(
      liveBytes,
      addresses.reduce((sum, address) => sum + pool.sizeOf(address), 0),
    );
    for (const address of addresses) pool.deallocate(address);
    assert.equal(pool.stats().large.deallocs, kinds.length - 1);
    assert.equal(pool.stats().liveBytes, 0);
  });
});

describe("regions", () => {
  it("bump along, aligned and disjoint, and end together", () => {
    const pool = makePool(64 * MiB);
    const kept = pool.allocate(100);
    const region = pool.region();
    const objects: [number, number][] = [];
    for (let i = 0; i < 5000; i++) {
      const size = i % 500 === 499 ? 100 * KiB : 1 + ((i * 7919) % 300);
      const align = 2 ** (i % 8);
      const address = region.allocate(size, { align, zeroed: true });
      assert.equal(address % align, 0);
      pool.u8.fill(0xaa, address, address + size);
      objects.push([address, size]);
    }
    objects.sort(([a], [b]) => a - b);
    for (let i = 1; i < objects.length; i++) {
      const [before, size] = objects[i - 1] as [number, number];
      assert.ok(before + size <= (objects[i] as [number, number])[0]);
    }
    assert.ok(pool.stats().liveObjects < 60);
    region.end();
    assert.equal(pool.stats().liveObjects, 1);
    region[Symbol.dispose]();
    pool.deallocate(kept);
    assertZeroResidue(pool);
  });

  it("are used no more after their end, the pool's, or a reset; their objects are freed in no other way", () => {
    const pool = makePool();
    const region = pool.region();
    expectUnharmed(heapOf(pool), "ERR_INVALID_SIZE", () => region.allocate(0));
    expectUnharmed(heapOf(pool), "ERR_INVALID_ALIGNMENT", () => region.allocate(8, { align: 24 }));
    for (const size of [8, 1000, 100_000]) {
      const address = region.allocate(size);
      expectUnharmed(heapOf(pool), "ERR_INVALID_ADDRESS", () => pool.deallocate(address));
    }
    region.end();
    expectUnharmed(heapOf(pool), "ERR_DETACHED", () => region.allocate(8));
    const [reset, detached] = [pool.region(), pool.region()];
    reset.allocate(8);
    pool.reset();
    expectUnharmed(heapOf(pool), "ERR_DETACHED", () => reset.allocate(8));
    reset.end();
    assertZeroResidue(pool);
    pool.detach();
    expectCode("ERR_DETACHED", () => detached.allocate(8));
    expectCode("ERR_DETACHED", () => pool.region());
    expectCode("ERR_DETACHED", () => pool.reset());
    expectCode("ERR_DETACHED", () => pool.reallocate(8, 8));
    detached.end();
  });
});

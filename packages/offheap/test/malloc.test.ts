// What C says of the five calls, asked of the import object itself. Real modules: wasm.test.ts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HeapOptions, MemoryPool, SizeClasses } from "offheap";
import { verbsOver } from "#core/built/instance.js";
import { hardwareAtomics } from "#src/memory/atomics.js";
import { hardwareAccess } from "#src/memory/block.js";
import { readFill, writeFill } from "./support/fill.ts";
import { expectCode } from "./support/heaps.ts";
import { Random } from "./support/random.ts";
import { wasmMemory } from "./support/wasm.ts";

const capacity = 4 << 20;
const small = { capacity, maxWorkers: 2 };

function made(options: HeapOptions = {}) {
  const pool = new MemoryPool({ ...small, ...options });
  return { pool, ...pool.asMalloc() };
}

function assertEmpty(pool: MemoryPool): void {
  pool.cleanup();
  assert.equal(pool.stats().liveObjects, 0);
  assert.deepEqual(pool.check(), []);
}

/** What a module's i32 is in JavaScript. */
const signed = (value: number) => value | 0;

const presets = Object.entries(SizeClasses);

describe("malloc", () => {
  for (const [name, sizeClasses] of presets)
    it(`is aligned to 16 bytes from 9 bytes on, to 8 below: ${name}`, () => {
      const { pool, malloc, free } = made({ sizeClasses });
      const sizes = [...Array(1200).keys(), 4095, 4097, 8191, 8192, 8193, 20_000, 65_536, 300_000];
      const live = sizes.map((size) => {
        const address = malloc(size);
        assert.ok(address > 0, `malloc(${size})`);
        assert.equal(address % (size > 8 ? 16 : 8), 0, `malloc(${size}) = ${address}`);
        assert.ok(pool.sizeOf(address) >= size);
        writeFill(pool, address, size);
        return address;
      });
      live.forEach((address, i) => {
        readFill(pool, address, sizes[i]);
        free(address);
      });
      assertEmpty(pool);
    });

  it("is so with classes of which few are multiples of 16, or none", () => {
    for (const sizeClasses of [[8, 24, 40, 64, 72], [24, 40], [8]]) {
      const { pool, malloc, realloc, free } = made({ sizeClasses });
      for (let size = 0; size < 200; size++) {
        const address = malloc(size);
        assert.equal(address % (size > 8 ? 16 : 8), 0, `malloc(${size}) of ${sizeClasses}`);
        assert.ok(pool.sizeOf(address) >= size);
        free(realloc(address, size + 1));
      }
      assertEmpty(pool);
    }
  });

  it("of 0 bytes is an address of its own", () => {
    const { pool, malloc, calloc, realloc, aligned_alloc, free } = made();
    const all = [malloc(0), malloc(0), calloc(0, 5), calloc(5, 0), aligned_alloc(64, 0), realloc(0, 0)];
    assert.ok(all.every((address) => address > 0));
    assert.equal(new Set(all).size, all.length);
    assert.equal(pool.stats().liveObjects, all.length);
    for (const address of all) free(address);
    assertEmpty(pool);
  });

  it("is 0 when there is no memory, for any size that an i32 can carry", () => {
    const { pool, malloc, calloc, realloc, aligned_alloc, free } = made();
    const kept = malloc(100);
    writeFill(pool, kept, 1);
    for (const size of [capacity, 2 ** 31 - 1, signed(2 ** 31), signed(2 ** 32 - 65_536), -2, -1]) {
      assert.equal(malloc(size), 0, `malloc(${size})`);
      assert.equal(calloc(1, size), 0, `calloc(1, ${size})`);
      assert.equal(realloc(kept, size), 0, `realloc(${size})`);
      assert.equal(realloc(0, size), 0, `realloc(NULL, ${size})`);
      assert.equal(aligned_alloc(4096, size), 0, `aligned_alloc(4096, ${size})`);
    }
    readFill(pool, kept, 1);
    free(kept);
    assertEmpty(pool);
  });

  it("is 0 when the heap is full, and serves again after a free", () => {
    const { pool, malloc, free, realloc } = made();
    for (const size of [48, 3000, 40_000]) {
      const live: number[] = [];
      for (let address = malloc(size); address !== 0; address = malloc(size)) live.push(address);
      assert.ok(live.length * size > capacity / 2, `${live.length} of ${size} bytes`);
      assert.equal(realloc(live[0] as number, size * 20), 0);
      free(live.pop() as number);
      const again = malloc(size);
      assert.notEqual(again, 0);
      for (const address of [...live, again]) free(address);
      assertEmpty(pool);
    }
  });
});

describe("free", () => {
  it("of NULL is nothing", () => {
    const { pool, free } = made();
    free(0);
    assertEmpty(pool);
  });

  it("of a wrong address throws, and harms nothing", () => {
    const { pool, malloc, realloc, free } = made();
    const [address, other] = [malloc(100), malloc(20_000)];
    writeFill(pool, other, 5);
    free(address);
    expectCode("ERR_DOUBLE_FREE", () => free(address));
    expectCode("ERR_DOUBLE_FREE", () => realloc(address, 50));
    for (const wrong of [8, 1, -1, other + 8, other + 2048, signed(2 ** 31)]) {
      expectCode("ERR_INVALID_ADDRESS", () => free(wrong));
      expectCode("ERR_INVALID_ADDRESS", () => realloc(wrong, 10));
    }
    readFill(pool, other, 5);
    free(other);
    assertEmpty(pool);
  });

  it("and the others throw when the pool has been left", () => {
    const { pool, malloc, free, calloc, realloc, aligned_alloc } = made();
    const address = malloc(10);
    pool.detach();
    for (const call of [
      () => malloc(10),
      () => calloc(1, 10),
      () => realloc(address, 100),
      () => aligned_alloc(64, 10),
      () => free(address),
    ]) {
      expectCode("ERR_DETACHED", call);
    }
  });
});

describe("calloc", () => {
  it("is zeroed to the byte, also where something was before", () => {
    const { pool, malloc, calloc, free } = made();
    for (const [count, size] of [
      [1, 1],
      [3, 5],
      [10, 100],
      [1, 8192],
      [3, 5000],
      [100_000, 2],
    ] as const) {
      const before = malloc(count * size);
      pool.u8.fill(0xff, before, before + pool.sizeOf(before));
      free(before);
      const address = calloc(count, size);
      const bytes = pool.u8.subarray(address, address + count * size);
      assert.ok(
        bytes.every((byte) => byte === 0),
        `calloc(${count}, ${size})`,
      );
      free(address);
    }
    assertEmpty(pool);
  });

  it("is 0 when the product overflows", () => {
    const { pool, calloc } = made();
    for (const [count, size] of [
      [65_536, 65_536],
      [-1, -1],
      [2, signed(2 ** 31)],
      [signed(2 ** 31 + 1), 2],
      [3, 1431655766], // 2 more than 2^32
    ] as const) {
      assert.equal(calloc(count, size), 0, `calloc(${count}, ${size})`);
    }
    assertEmpty(pool);
  });
});

describe("realloc", () => {
  it("of NULL is malloc, and to 0 bytes the smallest object", () => {
    const { pool, realloc, free } = made();
    const address = realloc(0, 5000);
    assert.ok(pool.sizeOf(address) >= 5000);
    const least = realloc(address, 0);
    assert.notEqual(least, 0);
    assert.equal(pool.stats().liveObjects, 1);
    free(least);
    assertEmpty(pool);
  });

  it("keeps the bytes that fit into both sizes, and the alignment", (t) => {
    const { pool, malloc, realloc, free } = made();
    const seed = 11;
    t.diagnostic(`seed ${seed}`);
    const random = new Random(seed);
    const sizes = [1, 8, 9, 24, 100, 1000, 5000, 8192, 8193, 12_000, 40_000, 200_000];
    for (let run = 0; run < 60; run++) {
      let size = random.pick(sizes);
      let address = malloc(size);
      for (let step = 0; step < 8; step++) {
        const fill = random.below(256);
        for (let i = 0; i < size; i++) pool.u8[address + i] = fill ^ i;
        const next = 1 + random.below(random.pick(sizes));
        address = realloc(address, next);
        assert.equal(address % (next > 8 ? 16 : 8), 0);
        assert.ok(pool.sizeOf(address) >= next);
        for (let i = 0; i < Math.min(size, next); i++) {
          if (pool.u8[address + i] !== ((fill ^ i) & 255)) assert.fail(`byte ${i} of ${size} → ${next}`);
        }
        size = next;
      }
      free(address);
    }
    assertEmpty(pool);
  });

  it("moves an object of JavaScript's that stands at a multiple of 8", () => {
    const { pool, realloc, free } = made();
    const objects = Array.from({ length: 8 }, () => pool.allocate(24));
    const odd = objects.find((address) => address % 16 !== 0) as number;
    for (let i = 0; i < 24; i++) pool.u8[odd + i] = i;
    const moved = realloc(odd, 20);
    assert.equal(moved % 16, 0);
    for (let i = 0; i < 20; i++) assert.equal(pool.u8[moved + i], i);
    expectCode("ERR_DOUBLE_FREE", () => free(odd));
    for (const address of objects) free(address === odd ? moved : address);
    assertEmpty(pool);
  });
});

describe("aligned_alloc", () => {
  it("is aligned, up to 2 MiB", () => {
    const { pool, aligned_alloc, free } = made({ capacity: 16 << 20 });
    const live: number[] = [];
    for (let align = 1; align <= 2 ** 21; align *= 2) {
      for (const size of [1, align, 3 * align].filter((bytes) => bytes < 2 << 20)) {
        const address = aligned_alloc(align, size);
        assert.notEqual(address, 0, `aligned_alloc(${align}, ${size})`);
        assert.equal(address % align, 0);
        assert.ok(pool.sizeOf(address) >= size);
        live.push(address);
      }
    }
    for (const address of live) free(address);
    assertEmpty(pool);
  });

  it("is 0 for what is no alignment", () => {
    const { pool, aligned_alloc } = made();
    for (const align of [0, 3, 12, 48, -1, 2 ** 22, signed(2 ** 31), 2 ** 30]) {
      assert.equal(aligned_alloc(align, 64), 0, `aligned_alloc(${align}, 64)`);
    }
    assertEmpty(pool);
  });
});

describe("an exception that is not about memory", () => {
  it("passes through every call as it is, and the heap is whole after it", () => {
    class Death extends Error {}
    let armed = false;
    // Each of the calls has to exchange a claim.
    const swap = (view: Int32Array, index: number, expected: number, desired: number) => {
      if (armed) throw new Death();
      return hardwareAtomics.swap(view, index, expected, desired);
    };
    const verbs = (buffer: ArrayBufferLike) => {
      const plain = verbsOver(buffer);
      const compareExchange32 = (at: number, expected: number, desired: number) => {
        if (armed) throw new Death();
        return plain.compareExchange32(at, expected, desired);
      };
      return { ...plain, compareExchange32 };
    };
    const access = { ...hardwareAccess, atomics: { ...hardwareAtomics, swap }, verbs };
    const pool = new MemoryPool(small, { access });
    const { malloc, calloc, realloc, aligned_alloc, free } = pool.asMalloc();
    const address = malloc(100);
    const calls = [
      () => malloc(3000),
      () => malloc(40_000),
      () => calloc(2, 4000),
      () => realloc(address, 500),
      () => aligned_alloc(65_536, 100),
    ];
    for (const call of calls) {
      armed = true;
      assert.throws(call, Death);
      armed = false;
      free(call());
    }
    assertEmpty(pool);
  });
});

describe("a memory that is not shared", () => {
  it("serves after it has grown", () => {
    const memory = wasmMemory(64, 128, false);
    const { pool, malloc, calloc, realloc, free } = made({ memory });
    const address = malloc(100);
    writeFill(pool, address, 3);
    const before = malloc(100);
    pool.u8.fill(0xff, before, before + 100);
    free(before);
    memory.grow(1);
    const zeroed = calloc(10, 10);
    assert.equal(zeroed, before);
    assert.ok(pool.u8.subarray(zeroed, zeroed + 100).every((byte) => byte === 0));
    readFill(pool, address, 3);
    memory.grow(1);
    free(realloc(address, 3000));
    memory.grow(1);
    free(zeroed);
    assertEmpty(pool);
  });
});

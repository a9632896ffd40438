// Objects of a pool from 8 to 32 KiB: which classes there are for them, where one ends and the next begins, and the page
// runs that serve in their place. Small requests and what is over the largest class are as they were.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SizeClasses } from "offheap";
import { lengthOf } from "#src/arena/claim.js";
import { resolveOptions } from "#src/format/options.js";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";
import { assertEmpty, assertZeroResidue } from "./support/residue.ts";
import { isSlot, seldom, wellUsed } from "./support/wide.ts";

const chunk = 65_536;
const page = 2048;
const MiB = 2 ** 20;

const usual = (capacity: number, maxWorkers: number) =>
  resolveOptions({ capacity, maxWorkers }, {}, true).layout;
const wideOf = (classes: readonly number[]) => classes.filter((bytes) => bytes > 8192);
const pagesOf = (size: number) => Math.ceil(size / page);

describe("the classes of a pool that names none", () => {
  it("reach 32 KiB by default", () => {
    const { objectBytes } = usual(2 ** 30, 64);
    assert.deepEqual(objectBytes.slice(0, SizeClasses.fine.length), SizeClasses.fine);
    assert.equal(objectBytes.at(-1), 32_768);
  });

  it("waste at most an eighth, and are multiples of 1 KiB over 8 KiB", () => {
    for (const bytes of wideOf(usual(2 ** 30, 64).objectBytes)) assert.equal(bytes % 1024, 0);
    for (const [capacity, workers] of [
      [2 ** 30, 64],
      [256 * MiB, 64],
      [64 * MiB, 1],
      [2 ** 32, 126],
    ] as const) {
      const { objectBytes } = usual(capacity, workers);
      for (let size = 65; size <= (objectBytes.at(-1) as number); size++) {
        const bytes = objectBytes.find((each) => each >= size) as number;
        assert.ok(bytes - size <= bytes / 8, `${size} in ${bytes}`);
      }
    }
  });

  it("are the fine ones in a heap under 64 MiB, and as many more as an eighth of the magazines' bytes has rounds of", () => {
    for (const workers of [1, 2, 16, 64, 126]) {
      assert.deepEqual(usual(64 * MiB - chunk, workers).objectBytes, SizeClasses.fine);
      for (const capacity of [64 * MiB, 100 * MiB, 512 * MiB, 2 ** 30, 2 ** 32]) {
        const { objectBytes, roundLimits } = usual(capacity, workers);
        const each = capacity / 8 / workers;
        const wide = wideOf(objectBytes);
        const oneOfEach = wide.reduce((sum, bytes) => sum + bytes, 0);
        assert.ok(oneOfEach <= each / 8, `${wide.length} classes, ${workers} workers, ${capacity} bytes`);
        const bytesOf = (index: number) => (objectBytes[index] as number) * (roundLimits[index] as number);
        const all = objectBytes.reduce((sum, _, index) => sum + bytesOf(index), 0);
        // Where a round of each fine class is more than that, there are no others.
        assert.ok(all <= each || wide.length === 0, `${all} of ${each} bytes are pinned`);
        for (const index of roundLimits.keys()) assert.ok(bytesOf(index) <= 131_072);
      }
    }
  });

  it("are what is named, where they are, and no heap of slabs alone has more", () => {
    const named = resolveOptions({ sizeClasses: SizeClasses.fine }, {}, true).layout;
    assert.deepEqual(named.objectBytes, SizeClasses.fine);
    const slabs = resolveOptions({ capacity: 2 ** 30 });
    assert.deepEqual(slabs.layout.objectBytes, SizeClasses.powersOfTwo);
  });

  it("begin with slabs of at least 8 slots, each at most a 64th of the smallest heap", () => {
    const pool = wellUsed({ capacity: 64 * MiB, maxWorkers: 4 });
    const { layout, words } = heapOf(pool);
    const wide = wideOf(layout.objectBytes);
    assert.equal(wide.length, 13);
    for (const bytes of wide) {
      const before = pool.stats().spanBytes;
      const address = pool.allocate(bytes);
      const spanBytes = pool.stats().spanBytes - before;
      assert.ok(spanBytes >= 8 * bytes && spanBytes * 64 <= 64 * MiB, `${bytes}: ${spanBytes}`);
      const head = (address - heapOf(pool).dataAt) / chunk;
      assert.equal(lengthOf(words[layout.claimsAt + head] as number) * chunk, spanBytes);
      pool.deallocate(address, bytes);
    }
    pool.cleanup();
    assertEmpty(pool);
    assert.deepEqual(pool.check(), []);
  });
});

describe("objects of 8 to 32 KiB", () => {
  const options = { capacity: 64 * MiB, maxWorkers: 4 };
  const pool = wellUsed(options);
  const wide = wideOf(heapOf(pool).layout.objectBytes);
  const edges = [8192, ...wide].flatMap((bytes) => [bytes - 1, bytes, bytes + 1]);

  it("have slots of the least class that holds them, up to the largest and not beyond", () => {
    const { objectBytes } = heapOf(pool).layout;
    for (const size of [...edges, 33_000, 40_000]) {
      const bytes = objectBytes.find((each) => each >= size);
      const address = pool.allocate(size);
      assert.equal(pool.sizeOf(address), bytes ?? pagesOf(size) * page, `${size}`);
      assert.equal(isSlot(pool, size, address), bytes !== undefined, `${size}`);
    }
  });

  it("are given back by every size of their class, and by no other", () => {
    const { objectBytes } = heapOf(pool).layout;
    for (const size of edges.filter((each) => each <= 32_768)) {
      for (const given of edges) {
        const address = pool.allocate(size);
        const [own, other] = [size, given].map((each) => objectBytes.findIndex((bytes) => bytes >= each));
        if (own === other) pool.deallocate(address, given);
        else {
          expectCode("ERR_SIZE_MISMATCH", () => pool.deallocate(address, given));
          pool.deallocate(address);
        }
      }
    }
  });

  it("are told apart when freed twice, or inside, before anything is written", () => {
    const small = wellUsed({ ...options, memory: "local" });
    const address = small.allocate(20_000);
    expectUnharmed(heapOf(small), "ERR_INVALID_ADDRESS", () => small.deallocate(address + page));
    expectUnharmed(heapOf(small), "ERR_SIZE_MISMATCH", () => small.deallocate(address, 20_481));
    small.deallocate(address, 20_480);
    expectUnharmed(heapOf(small), "ERR_DOUBLE_FREE", () => small.deallocate(address));
    small.destroy();
  });

  it("leave nothing behind", () => assertZeroResidue(pool, [8192, 9216, 32_768]));

  it("are slots at once of a class that was named", () => {
    const named = new MemoryPool({ ...options, sizeClasses: [64, 9216] });
    assert.equal(isSlot(named, 9000, named.allocate(9000)), true);
    named.destroy();
  });

  it("are page runs while a class is asked for seldom", () => {
    const fresh = new MemoryPool(options);
    for (const size of [9000, 32_768]) {
      const kinds: boolean[] = [];
      for (let i = 0; i < seldom + 3; i++) kinds.push(isSlot(fresh, size, fresh.allocate(size)));
      assert.deepEqual(kinds.slice(seldom), [true, true, true]);
      assert.ok(!kinds.slice(0, seldom).includes(true));
    }
    // A clean-up between two requests, and they are seldom.
    for (let i = 0; i < 3 * seldom; i++) {
      assert.equal(isSlot(fresh, 20_000, fresh.allocate(20_000)), false);
      fresh.cleanup();
    }
    // What another worker built serves from the first request on.
    for (let i = 0; i <= seldom; i++) fresh.deallocate(fresh.allocate(9000));
    const [held, other] = [fresh.allocate(9000), MemoryPool.attach(fresh.handle)];
    assert.equal(isSlot(other, 9000, other.allocate(9000)), true);
    fresh.deallocate(held);
    other.detach();
    fresh.cleanup();
    assertEmpty(fresh);
    assert.deepEqual(fresh.check(), []);
  });
});

describe("an alignment or zeroes over 8 KiB", () => {
  const make = () => wellUsed({ capacity: 64 * MiB, maxWorkers: 4 });

  it("take a slot where the request's own class is so aligned, else a page run no longer than need be", () => {
    const pool = make();
    for (const [size, align, bytes, slot] of [
      [16_384, 16_384, 16_384, true],
      [20_000, 4096, 20_480, true],
      [10_000, 4096, 10_240, false],
      [100, 16_384, page, false],
      [8192, 8192, 8192, true],
      [9000, 65_536, 10_240, false],
      [30_000, 32_768, 32_768, true],
      [9000, 2 ** 21, chunk, false],
    ] as const) {
      const address = pool.allocate(size, { align });
      assert.equal(address % align, 0);
      assert.equal(pool.sizeOf(address), bytes, `${size}, aligned to ${align}`);
      assert.equal(isSlot(pool, size, address), slot);
    }
    pool.cleanup();
    assert.deepEqual(pool.check(), []);
  });

  it("is 0 in memory that was used before, in slots and in the page runs before them", () => {
    for (const pool of [make(), new MemoryPool({ capacity: 64 * MiB, maxWorkers: 4 })]) {
      for (const size of [8193, 20_000, 32_768]) {
        for (let i = 0; i < 20; i++) {
          const dirty = pool.allocate(size);
          pool.u8.fill(255, dirty, dirty + pool.sizeOf(dirty));
          pool.deallocate(dirty);
          const address = pool.allocate(size, { zeroed: true });
          assert.ok(pool.u8.subarray(address, address + size).every((byte) => byte === 0));
          pool.deallocate(address, size);
        }
        const { calloc, free } = pool.asMalloc();
        const address = calloc(1, size);
        assert.ok(pool.u8.subarray(address, address + size).every((byte) => byte === 0));
        free(address);
      }
      pool.cleanup();
      assertEmpty(pool);
    }
  });
});

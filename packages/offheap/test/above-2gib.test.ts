// Objects of a pool above 2 GiB, across it, and up to the last byte of 4 GiB: each call, for every kind of object, is
// read back there through the views; its addresses are not negative, in errors neither.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool } from "offheap";
import { readFill, writeFill } from "./support/fill.ts";
import { expectCode } from "./support/heaps.ts";
import { assertInside, assertZero, dirty, dirtyAll, kinds, misread, places, poolAt } from "./support/high.ts";
import { assertDisjoint, assertZeroResidue, fillUp } from "./support/residue.ts";

const KiB = 1024;
const MiB = 2 ** 20;
const classes = [8192];

/** The code of an error whose message names the address as it was given. */
function codeNaming(address: number, call: () => unknown): string {
  try {
    call();
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    assert.match(message, new RegExp(`(?<![-\\d])${address}(?!\\d)`));
    return code;
  }
  return assert.fail(`the call about ${address} returned`);
}

for (const place of places) {
  describe(`a pool ${place.name}`, () => {
    it("has objects of every kind: allocated, told, adopted, freed by another, and then no more", () => {
      const pool = poolAt(place);
      const other = MemoryPool.attach(pool.handle);
      const live = kinds.map((size, id) => {
        const address = pool.allocate(size);
        assertInside(pool, address, size);
        writeFill(pool, address, id);
        return { address, size, id };
      });
      assertDisjoint(
        pool,
        live.map(({ address }) => address),
      );
      for (const { address, size, id } of live) {
        readFill(other, address, id);
        assert.ok(other.sizeOf(address) >= size && other.sizeOf(address) === pool.sizeOf(address));
        other.adopt(address);
        const calls = [
          (at: number) => pool.deallocate(at),
          (at: number) => pool.sizeOf(at),
          (at: number) => pool.adopt(at),
          (at: number) => pool.reallocate(at, 100),
        ];
        for (const call of calls) {
          for (const wrong of misread(address)) expectCode("ERR_INVALID_ADDRESS", () => call(wrong));
          assert.equal(
            codeNaming(address + 4, () => call(address + 4)),
            "ERR_INVALID_ADDRESS",
          );
        }
        expectCode("ERR_SIZE_MISMATCH", () => pool.deallocate(address, pool.sizeOf(address) + 1));
        readFill(pool, address, id);
        other.deallocate(address, size);
        for (const call of calls) {
          const code = codeNaming(address, () => call(address));
          assert.ok(code === "ERR_DOUBLE_FREE" || code === "ERR_INVALID_ADDRESS", code);
        }
      }
      other.detach();
      assertZeroResidue(pool, classes);
    });

    it("gives zeroes where zeroes are asked for, of every kind, where something else was before", () => {
      const pool = poolAt(place);
      dirtyAll(pool);
      for (const size of kinds) {
        const before = Array.from({ length: size > 8193 ? 2 : 40 }, () => pool.allocate(size));
        for (const address of before) dirty(pool, address);
        for (const address of before) pool.deallocate(address);
        const again = before.map(() => pool.allocate(size, { zeroed: true }));
        for (const address of again) {
          assertInside(pool, address, size);
          assertZero(pool, address, size);
        }
        for (const address of again) pool.deallocate(address);
      }
      assertZeroResidue(pool, classes);
    });

    it("gives them with an alignment, too, and to a module by calloc", () => {
      const pool = poolAt(place);
      dirtyAll(pool);
      const { calloc, free } = pool.asMalloc();
      for (const size of kinds) {
        for (const align of [16, 4096, 2 * MiB]) {
          const address = pool.allocate(size, { align, zeroed: true });
          assert.equal(address % align, 0);
          assertInside(pool, address, size);
          assertZero(pool, address, size);
          dirty(pool, address);
          pool.deallocate(address);
        }
        const address = calloc(size, 1);
        assertInside(pool, address, size);
        assertZero(pool, address, size);
        dirty(pool, address);
        free(address | 0);
      }
      assertZeroResidue(pool, classes);
    });

    it("makes objects longer and shorter, where they are and elsewhere, from every kind to every kind", () => {
      const pool = poolAt(place);
      const other = MemoryPool.attach(pool.handle);
      for (const from of kinds) {
        for (const to of kinds) {
          const address = pool.allocate(from);
          const { u8 } = pool;
          for (let i = 0; i < from; i += 251) u8[address + i] = i ^ (i >> 8);
          u8[address + from - 1] = 77;
          const next = other.reallocate(address, to);
          assertInside(pool, next, to);
          assert.ok(pool.sizeOf(next) >= to);
          const kept = Math.min(from, to);
          for (let i = 0; i < kept - 1; i += 251)
            assert.equal(u8[next + i], (i ^ (i >> 8)) & 255, `${from} to ${to}: byte ${i}`);
          if (kept === from) assert.equal(u8[next + from - 1], 77);
          u8[next + to - 1] = 1;
          other.deallocate(next, to);
        }
      }
      other.detach();
      assertZeroResidue(pool, classes);
    });

    it("lets them grow into free neighbours and shrink in place", () => {
      const pool = poolAt(place);
      for (const [size, more] of [
        [10_000, 300 * KiB],
        [MiB, 9 * MiB],
      ] as const) {
        const address = pool.allocate(size);
        writeFill(pool, address, size);
        const kept = pool.u8.slice(address, address + size);
        assert.equal(pool.reallocate(address, more), address);
        assert.deepEqual(Buffer.compare(kept, pool.u8.subarray(address, address + size)), 0);
        pool.u8[address + more - 1] = 9;
        assert.equal(pool.reallocate(address, size), address);
        readFill(pool, address, size);
        pool.deallocate(address, size);
      }
      assertZeroResidue(pool, classes);
    });
  });
}

describe("objects that lie across 2^31", () => {
  for (const size of [7168, 100 * KiB, 3 * MiB])
    it(`are whole: ${size} bytes`, () => {
      const pool = poolAt(places[0] as (typeof places)[0]);
      // A chunk more or less before them, until one of them lies across: 2^31 is the edge of a chunk.
      for (let tries = 0; ; tries++) {
        const before = pool.allocate(512 * KiB + tries * 65_536);
        const all = fillUp(pool, size);
        const crossing = all.filter((at) => at < 2 ** 31 && at + pool.sizeOf(at) > 2 ** 31);
        for (const address of crossing) {
          dirty(pool, address);
          pool.deallocate(address);
          assert.equal(pool.allocate(size, { zeroed: true }), address);
          assertZero(pool, address, size);
          writeFill(pool, address, size);
        }
        for (const address of all) if (!crossing.includes(address)) pool.u8[address] = 1;
        for (const address of crossing) readFill(pool, address, size);
        for (const address of [...all, before]) pool.deallocate(address);
        pool.cleanup();
        if (crossing.length > 0) break;
        assert.ok(tries < 32, "none lies across");
      }
      assertZeroResidue(pool, classes);
    });
});

// malloc's calls where every address is above 2^31: what they write is read back there, and what they return is the
// unsigned address, whichever way it came.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SizeClasses } from "offheap";
import { expectCode, heapOf } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";
import { wasmMemory } from "./support/wasm.ts";

const capacity = 16 << 20;
const half = 2 ** 31;
const chunk = 65_536;
/** A slot, a slot of pages' size, a page run, a span. */
const sizes = [1, 8, 9, 100, 3000, 8192, 8193, 100_000, 600_000];
const signed = (value: number) => value | 0;

/** One memory for all: a pool from 2 GiB on, and one whose last chunk is the last of all 4 GiB. */
const memory = wasmMemory(65_536, 65_536, true);
const places = [half, 2 ** 32 - capacity];

function made(offset: number) {
  const pool = new MemoryPool({ memory, offset, capacity, maxWorkers: 2, sizeClasses: SizeClasses.malloc });
  // What this pool wrote where, by its own views: a negative index would be no byte at all.
  const bytes = (address: number, size: number) => new Uint8Array(memory.buffer, address, size);
  return { pool, bytes, ...pool.asMalloc() };
}

function assertHigh(address: number): void {
  assert.ok(address >= half && address < 2 ** 32, `${address} is no address above 2^31`);
}

for (const offset of places)
  describe(`malloc in a pool at ${offset}`, () => {
    it("returns addresses unsigned, and takes them signed or unsigned", () => {
      const { pool, malloc, free, realloc, malloc_usable_size, aligned_alloc, memalign } = made(offset);
      for (const size of sizes) {
        for (const as of [signed, (value: number) => value]) {
          const address = malloc(size);
          assertHigh(address);
          assert.equal(malloc_usable_size(as(address)), pool.sizeOf(address));
          const next = realloc(as(address), size + 1);
          assertHigh(next);
          free(as(next));
          expectCode(size > 448 * 1024 ? "ERR_INVALID_ADDRESS" : "ERR_DOUBLE_FREE", () => free(as(next)));
        }
        for (const aligned of [aligned_alloc(64, size), memalign(4096, size)]) {
          assertHigh(aligned);
          free(signed(aligned));
        }
      }
      assertZeroResidue(pool, [64, 8192]);
      pool.destroy();
    });

    it("zeroes by calloc what was there before, to the byte, and nothing behind", () => {
      const { pool, bytes, malloc, free, calloc } = made(offset);
      for (const size of sizes) {
        const before = malloc(size);
        bytes(before, pool.sizeOf(before)).fill(0xff);
        free(before);
        const address = calloc(1, size);
        assert.equal(address, before, "it was to be the same place");
        assert.ok(
          bytes(address, size).every((byte) => byte === 0),
          `calloc(1, ${size})`,
        );
        free(address);
      }
      assertZeroResidue(pool, [64, 8192]);
      pool.destroy();
    });

    it("copies by realloc and reallocarray, from every kind to every kind", () => {
      const { pool, bytes, malloc, free, realloc, reallocarray } = made(offset);
      for (const from of sizes)
        for (const to of sizes) {
          const address = malloc(from);
          const shared = Math.min(from, to);
          bytes(address, from).forEach((_, i, all) => {
            all[i] = (i * 7 + from) ^ (i >> 8);
          });
          const copy = bytes(address, shared).slice();
          const next = from % 2 === 0 ? realloc(signed(address), to) : reallocarray(address, to, 1);
          assertHigh(next);
          assert.ok(Buffer.from(bytes(next, shared).slice()).equals(Buffer.from(copy)), `${from} to ${to}`);
          free(next);
        }
      assertZeroResidue(pool, [64, 8192]);
      pool.destroy();
    });

    it("returns by posix_memalign an address above 2^31 in a word above 2^31", () => {
      const { pool, bytes, malloc, free, posix_memalign } = made(offset);
      const cell = malloc(16);
      for (const align of [4, 16, 64, 4096, chunk]) {
        for (const out of [cell + 4, signed(cell + 8)]) {
          bytes(cell, 16).fill(0xee);
          assert.equal(posix_memalign(out, align, 100), 0);
          const words = new Uint32Array(memory.buffer, cell, 4);
          const address = words[((out >>> 0) - cell) / 4] as number;
          assertHigh(address);
          assert.equal(address % align, 0);
          assert.equal(words.filter((word) => word === 0xeeeeeeee).length, 3);
          free(address);
        }
      }
      const { dataAt } = heapOf(pool);
      for (const wrong of [offset, dataAt - 4, signed(offset)])
        expectCode("ERR_INVALID_ADDRESS", () => posix_memalign(wrong, 16, 100));
      free(cell);
      assertZeroResidue(pool, [64, 8192]);
      pool.destroy();
    });

    it("refuses what lies below, and is NULL when it is full, also for what shrinks no more", () => {
      const { pool, bytes, malloc, free, realloc } = made(offset);
      const live: number[] = [];
      for (const size of [1 << 20, chunk, 8193, 8192, 64, 8])
        for (let at = malloc(size); at !== 0; at = malloc(size)) live.push(at);
      for (const address of live) assertHigh(address);
      const largest = live[0] as number;
      bytes(largest, 100).fill(0x77);
      const shrunk = realloc(signed(largest), 100);
      assertHigh(shrunk);
      assert.ok(bytes(shrunk, 100).every((byte) => byte === 0x77));
      live[0] = shrunk;
      for (const address of live.slice(0, 50)) expectCode("ERR_INVALID_ADDRESS", () => free(address - half));
      for (const address of live) free(address);
      assertZeroResidue(pool, [64, 8192]);
      pool.destroy();
    });
  });

// malloc and free as the core has them for modules: what they serve by themselves, and what they leave to the shell.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HeapOptions, type MallocOptions, MemoryPool, SizeClasses } from "offheap";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";
import { kitOf } from "./support/kits.ts";
import { assertZeroResidue } from "./support/residue.ts";

const MiB = 1 << 20;

function made(options: HeapOptions = {}) {
  const pool = new MemoryPool({ capacity: 8 * MiB, maxWorkers: 4, ...options });
  return { pool, ...pool.asMalloc({ direct: true }) };
}

const kinds: readonly [string, () => HeapOptions][] = [
  ["compiled", () => ({ engine: "wasm" })],
  ["JavaScript", () => ({ engine: "js" })],
  ["JavaScript, over a buffer", () => ({ memory: new SharedArrayBuffer(8 * MiB) })],
];

for (const [kind, optionsOf] of kinds)
  describe(`malloc and free of the core, ${kind}`, () => {
    for (const list of ["fine", "malloc", "powersOfTwo"] as const)
      it(`are aligned and large enough for every size, a class alone with JavaScript's: ${list}`, () => {
        const { pool, malloc, free } = made({ ...optionsOf(), sizeClasses: SizeClasses[list] });
        const { malloc: checked } = pool.asMalloc();
        for (let size = 0; size <= 8200; size++) {
          const address = malloc(size);
          const other = checked(size);
          assert.equal(address % (size > 8 ? 16 : 8), 0);
          assert.ok(pool.sizeOf(address) >= Math.max(size, 1));
          assert.equal(pool.sizeOf(address), pool.sizeOf(other));
          pool.deallocate(address);
          free(other);
        }
        pool.destroy();
      });

    it("serve requests beyond the classes, NULL for too much, and nothing for free(NULL)", () => {
      const { pool, malloc, free } = made(optionsOf());
      const address = malloc(300_000);
      assert.ok(pool.sizeOf(address) >= 300_000);
      for (const size of [-1, 2 ** 31, 16 * MiB, -(2 ** 31)]) assert.equal(malloc(size), 0);
      free(address);
      free(0);
      assertZeroResidue(pool);
    });

    it("clear, align, lengthen and shorten as those over JavaScript do", () => {
      const { pool, ...direct } = made({ ...optionsOf(), sizeClasses: SizeClasses.malloc });
      const checked = pool.asMalloc();
      for (const size of [0, 1, 8, 9, 40, 1000, 9000, 100_000, 700_000]) {
        const used = direct.malloc(size);
        pool.u8.fill(7, used, used + size);
        direct.free(used);
        // On JavaScript the calls have one of their own.
        const core = kitOf(pool).core.calloc(size, 1);
        assert.ok(pool.u8.subarray(core, core + size).every((byte) => byte === 0));
        pool.u8.fill(7, core, core + size);
        direct.free(core);
        const address = direct.calloc(size, 1);
        assert.ok(pool.u8.subarray(address, address + size).every((byte) => byte === 0));
        for (const align of [1, 8, 16, 64, 4096, 65_536, 1 << 20]) {
          const aligned = direct.aligned_alloc(align, size);
          assert.equal(aligned % align, 0);
          assert.ok(pool.sizeOf(aligned) >= Math.max(size, 1));
          direct.free(aligned);
        }
        for (const align of [0, 24, -8, 1 << 22]) assert.equal(direct.aligned_alloc(align, size), 0);
        pool.u8.fill(9, address, address + size);
        let [ours, theirs, had] = [address, checked.malloc(size), size];
        for (const want of [12, 13, 30, 3000, 20, 60_000, 62_000, 5000, 500_000, 600_000, 70_000, 0, 1]) {
          const kept = Math.min(had, want);
          ours = direct.realloc(ours, want);
          theirs = checked.realloc(theirs, want);
          assert.ok(
            pool.u8.subarray(ours, ours + kept).every((byte) => byte === 9),
            `${size} to ${want}`,
          );
          assert.equal(pool.sizeOf(ours), pool.sizeOf(theirs), `${size} to ${want}`);
          pool.u8.fill(9, ours, ours + want);
          had = want;
        }
        direct.free(ours);
        checked.free(theirs);
      }
      assert.equal(pool.sizeOf(direct.realloc(0, 100)), pool.sizeOf(checked.malloc(100)));
      assert.deepEqual([direct.calloc(2 ** 16, 2 ** 16), direct.calloc(-1, -1)], [0, 0]);
      assert.deepEqual(pool.check(), []);
    });

    it("count large objects for the clean-up, which gives their spans back", () => {
      const { pool, malloc, free } = made({ ...optionsOf(), cleanupInterval: 3 });
      // No run is kept, as each has another length.
      for (let frees = 1; frees <= 6; frees++) {
        free(malloc(40_000 + frees * 4096));
        assert.equal(pool.stats().spanBytes === 0, frees % 3 === 0, `${frees} frees`);
      }
    });

    it("clear what was written where an object had been made longer", () => {
      const { pool, malloc, free, calloc, realloc } = made(optionsOf());
      const half = 10 * 65_536;
      const whole = realloc(malloc(half), 2 * half);
      pool.u8.fill(7, whole, whole + 2 * half);
      free(whole);
      // The same memory, but in two: nobody has written to what is behind but as part of the longer one.
      const [first, behind] = [malloc(half), calloc(1, half)];
      assert.deepEqual([first, behind], [whole, whole + half]);
      assert.ok(pool.u8.subarray(behind, behind + half).every((byte) => byte === 0));
    });

    it("keep an object that realloc cannot make longer, and tell of one that is none", () => {
      const { pool, malloc, realloc, free } = made(optionsOf());
      for (const size of [64, 20_000, 100_000, 700_000]) {
        const address = malloc(size);
        pool.u8.fill(3, address, address + size);
        const usable = pool.sizeOf(address);
        for (const want of [16 * MiB, -1, 2 ** 31]) assert.equal(realloc(address, want), 0);
        assert.equal(pool.sizeOf(address), usable);
        assert.ok(pool.u8.subarray(address, address + size).every((byte) => byte === 3));
        expectUnharmed(heapOf(pool), "ERR_INVALID_ADDRESS", () => realloc(address + 8, 100));
        free(address);
        const code = size === 700_000 ? "ERR_INVALID_ADDRESS" : "ERR_DOUBLE_FREE";
        expectCode(code, () => realloc(address, 300));
      }
      assertZeroResidue(pool);
    });

    it("throw the typed error at a wrong free, before anything is written", () => {
      const { pool, malloc, free } = made(optionsOf());
      const address = malloc(64);
      const large = malloc(100_000);
      const heap = heapOf(pool);
      for (const wrong of [address + 8, address + 1, large + 16, 8, -8, -(2 ** 31)])
        expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => free(wrong));
      free(address);
      expectUnharmed(heap, "ERR_DOUBLE_FREE", () => free(address));
      free(large);
      assertZeroResidue(pool);
    });

    it("are no longer served after detach", () => {
      const { pool, malloc, free } = made(optionsOf());
      const other = MemoryPool.attach(pool.handle);
      const address = malloc(64);
      malloc(64);
      pool.detach();
      expectCode("ERR_DETACHED", () => malloc(64));
      expectCode("ERR_DETACHED", () => malloc(0));
      expectCode("ERR_DETACHED", () => free(address));
      other.deallocate(address);
      assert.equal(other.stats().liveObjects, 1);
      assert.deepEqual(other.check(), []);
    });

    it("count for the worker whose pool they are of, also after it has recovered another", () => {
      const { pool, malloc, free } = made(optionsOf());
      const other = MemoryPool.attach(pool.handle);
      const theirs = other.allocate(64);
      const ours = malloc(64);
      pool.reap(other.workerId);
      free(theirs);
      free(ours);
      for (let i = 0; i < 100; i++) free(malloc(64));
      const [own] = pool.stats().workers;
      assert.deepEqual([own?.workerId, own?.allocs, own?.deallocs], [pool.workerId, 101, 102]);
      assertZeroResidue(pool);
    });

    it("return NULL when the heap is full, and serve again afterwards", () => {
      const { pool, malloc, free } = made(optionsOf());
      const live: number[] = [];
      for (let address = malloc(1000); address !== 0; address = malloc(1000)) live.push(address);
      for (const address of live) free(address);
      assert.ok(malloc(1000) > 0);
      assert.deepEqual(pool.check(), []);
    });
  });

describe("the options of asMalloc", () => {
  it("are known by name", () => {
    const pool = new MemoryPool({ capacity: 4 * MiB, maxWorkers: 2 });
    for (const wrong of [{ direkt: true }, { direct: 1 }, 1, null, "direct"])
      expectCode("ERR_INVALID_OPTION", () => pool.asMalloc(wrong as MallocOptions));
  });
});

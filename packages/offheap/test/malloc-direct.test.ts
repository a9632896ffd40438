// malloc and free as the core has them for modules: what they serve by themselves, and what they leave to the shell.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HeapOptions, type MallocOptions, MemoryPool, SizeClasses } from "offheap";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";
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

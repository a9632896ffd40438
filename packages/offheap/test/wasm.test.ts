// Real modules on a pool's memory: C by clang, and AssemblyScript, from one thread and from two workers at once.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { AllocatorError, MemoryPool } from "offheap";
import type { WasmMemory } from "#src/memory/kind.js";
import { readFill, writeFill } from "./support/fill.ts";
import { expectCode } from "./support/heaps.ts";
import { ended, said } from "./support/threads.ts";
import { wasmMemory } from "./support/wasm.ts";
import {
  compileAssemblyScript,
  compileC,
  instantiate,
  type Made,
  moduleBytes,
} from "./support/wasm-modules.ts";
import type { WasmOrders, WasmReport } from "./support/wasm-worker.ts";

const capacity = 16 << 20;
const maxPages = 65_536; // what the modules say of the memory they import

const calls = compileC("calls");
const churn = compileC("churn");
const words = compileAssemblyScript("words");

/** Skips, with the reason, where a compiler is missing. */
const needs = (...modules: Made[]) => {
  const missing = modules.flatMap((made) => ("missing" in made ? [made.missing] : []));
  return { skip: missing[0] ?? false };
};
const pathOf = (made: Made) => ("path" in made ? made.path : assert.fail(made.missing));

/** A pool behind the static data of the modules; both in one memory. */
function shared(
  memory: WasmMemory = wasmMemory(moduleBytes / 65_536 + capacity / 65_536, maxPages, true),
  direct = false,
) {
  const offset = memory.buffer.byteLength - capacity;
  const pool = new MemoryPool({ memory, offset, capacity, maxWorkers: 4 });
  const open = (module: Made) => instantiate(pathOf(module), memory, pool.asMalloc({ direct }));
  return { memory, pool, open };
}

function assertEmpty(pool: MemoryPool): void {
  pool.cleanup();
  assert.equal(pool.stats().liveObjects, 0);
  assert.deepEqual(pool.check(), []);
}

/** By seed, for 20,000 steps: what the C program returned natively, over glibc, under AddressSanitizer. */
const nativeSums = [
  "10287401811805915081",
  "3405847340114735349",
  "2742834671800630123",
  "10700183989021473346",
];
const steps = 20_000;
const sumOf = (value: unknown) => String(BigInt.asUintN(64, value as bigint));

for (const direct of [false, true])
  describe(
    `a C module, ${direct ? "whose malloc and free are the core's own" : "over JavaScript"}`,
    needs(calls, churn),
    () => {
      const made = (memory?: WasmMemory) => shared(memory, direct);

      it("runs a program that leans on C's five calls, and leaves nothing", () => {
        const { pool, open } = made();
        const program = open(churn);
        nativeSums.forEach((sum, i) => {
          assert.equal(sumOf(program["churn"]?.(i + 1, steps)), sum);
        });
        assert.ok(pool.stats().allocs > 10_000);
        assertEmpty(pool);
      });

      it("has its data below the heap", () => {
        const { open } = made();
        for (const module of [calls, churn])
          assert.ok((open(module)["__heap_base"]?.value as number) <= moduleBytes);
      });

      it("shares objects with JavaScript in both directions", () => {
        const { pool, open } = made();
        const c = open(calls);
        let link = c["makeList"]?.(1000) as number;
        for (let value = 0; value < 1000; value++) {
          const next = pool.u32[link / 4] as number;
          assert.equal(pool.u32[link / 4 + 1], value);
          pool.deallocate(link);
          link = next;
        }
        assert.equal(link, 0);
        const ours = pool.allocate(100);
        writeFill(pool, ours, 9);
        const id = pool.u32[ours / 4];
        const theirs = c["callRealloc"]?.(ours, 60_000) as number;
        assert.equal(pool.u32[theirs / 4], id);
        c["callFree"]?.(theirs);
        assertEmpty(pool);
      });

      it("gets NULL where C says NULL", () => {
        const { pool, open } = made();
        const c = open(calls);
        assert.equal(c["callMalloc"]?.(2 ** 31), 0);
        assert.equal(c["callMalloc"]?.(-1), 0);
        assert.equal(c["callCalloc"]?.(65_536, 65_536), 0);
        assert.equal(c["callAligned"]?.(24, 100), 0);
        assert.equal(c["callMemalign"]?.(24, 100), 0);
        assert.equal(c["callReallocArray"]?.(0, 65_536, 65_536), 0);
        assert.equal(c["callUsable"]?.(0), 0);
        assert.equal(c["callPosix"]?.(24, 100), 22);
        assert.equal(c["callPosix"]?.(16, 2 ** 31), 12);
        c["callFree"]?.(0);
        assertEmpty(pool);
      });

      it("asks for arrays, for alignments, and for what an object can hold", () => {
        const { pool, open } = made();
        const c = open(calls);
        const array = c["callReallocArray"]?.(0, 100, 30) as number;
        writeFill(pool, array, 6);
        const id = pool.u32[array / 4];
        const longer = c["callReallocArray"]?.(array, 1000, 30) as number;
        assert.equal(pool.u32[longer / 4], id);
        assert.equal(c["callUsable"]?.(longer), pool.sizeOf(longer));
        assert.equal(c["callReallocArray"]?.(longer, 65_536, 65_537), 0);
        const aligned = [c["callMemalign"]?.(4096, 10), c["callPosix"]?.(4096, 10)] as number[];
        for (const address of aligned) assert.equal(address % 4096, 0);
        const cell = c["callMalloc"]?.(4) as number;
        assert.equal(c["callPosixTo"]?.(cell, 32, 100), 0);
        const wrongOut = (out: number) =>
          expectCode("ERR_INVALID_ADDRESS", () => c["callPosixTo"]?.(out, 32, 100));
        for (const out of [0, cell + 2, -4, 2 ** 31]) wrongOut(out);
        for (const address of [longer, ...aligned, pool.u32[cell / 4] as number, cell])
          c["callFree"]?.(address);
        assertEmpty(pool);
      });

      it("can make an object smaller in a full heap", () => {
        const { pool, open } = made();
        const c = open(calls);
        const live = [300_000, 8192].map((size) => c["callMalloc"]?.(size) as number);
        for (const size of [1 << 20, 65_536, 8193, 8192, 8])
          for (let at = c["callMalloc"]?.(size); at !== 0; at = c["callMalloc"]?.(size))
            live.push(at as number);
        for (const address of live.slice(0, 2)) assert.equal(c["callRealloc"]?.(address, 64), address);
        for (const address of live) c["callFree"]?.(address);
        assertEmpty(pool);
      });

      it("traps with the typed error at a wrong free, and the heap is whole", () => {
        const { pool, open } = made();
        const c = open(calls);
        const kept = c["callMalloc"]?.(500) as number;
        writeFill(pool, kept, 4);
        const wrong: [string, () => unknown][] = [
          ["ERR_DOUBLE_FREE", () => c["freeTwice"]?.(c["callMalloc"]?.(64) as number)],
          ["ERR_DOUBLE_FREE", () => c["freeTwice"]?.(c["callMalloc"]?.(0) as number)],
          ["ERR_INVALID_ADDRESS", () => c["callFree"]?.(1024)],
          ["ERR_INVALID_ADDRESS", () => c["callFree"]?.(kept + 16)],
          ["ERR_INVALID_ADDRESS", () => c["callFree"]?.(-8)],
          ["ERR_INVALID_ADDRESS", () => c["callRealloc"]?.(kept + 4, 100)],
        ];
        for (const [code, call] of wrong) {
          assert.throws(call, (error) => error instanceof AllocatorError && error.code === code);
        }
        readFill(pool, kept, 4);
        c["callFree"]?.(kept);
        assertEmpty(pool);
      });

      it("works where all addresses are above 2^31", () => {
        const memory = wasmMemory(2 ** 31 / 65_536 + 16 + capacity / 65_536, maxPages, true);
        const { pool, open } = made(memory);
        const [program, c] = [open(churn), open(calls)];
        assert.ok((c["callMalloc"]?.(10) as number) < 0, "a module's pointer arrives signed");
        assert.equal(sumOf(program["churn"]?.(1, steps)), nativeSums[0]);
        const address = (c["callMalloc"]?.(10) as number) >>> 0;
        assert.ok(address > 2 ** 31);
        const [aligned, array, usable] = [c["callPosix"]?.(64, 10), c["callReallocArray"]?.(0, 3, 3)].concat(
          c["callUsable"]?.(address),
        ) as [number, number, number];
        for (const high of [aligned, array]) pool.deallocate(high >>> 0);
        assert.equal(usable, pool.sizeOf(address));
        pool.deallocate(address);
        expectCode("ERR_DOUBLE_FREE", () => c["callFree"]?.(address));
        assert.equal(pool.stats().liveObjects, 1);
        assert.deepEqual(pool.check(), []);
      });

      it("has stacks of its own in the pool", () => {
        const { pool, open } = made();
        const instances = [1, 2].map(() => {
          const stack = pool.allocate(20_000, { align: 16 });
          const c = open(calls);
          (c["__stack_pointer"] as { value: number }).value = stack + 20_000 - (20_000 % 16);
          return { c, stack };
        });
        const guard = pool.allocate(20_000);
        writeFill(pool, guard, 8);
        for (const { c } of instances) assert.equal(c["stackSum"]?.(50), (50 * 51) / 2);
        for (const { stack } of instances) {
          assert.ok(
            pool.u8.subarray(stack, stack + 20_000).some((byte) => byte !== 0),
            "the stack was not used",
          );
          pool.deallocate(stack);
        }
        readFill(pool, guard, 8);
        pool.deallocate(guard);
        assertEmpty(pool);
      });
    },
  );

describe("C modules in two workers at once", needs(churn), () => {
  it("free each other's objects, and leave nothing", async () => {
    const { pool } = shared();
    const cellCount = 64;
    const cells = pool.allocate(4 * cellCount + 4);
    const meeting = cells + 4 * cellCount;
    pool.u32.fill(0, cells / 4, meeting / 4 + 1);
    const orders: Omit<WasmOrders, "seed" | "direct"> = {
      ...{ handle: pool.handle, path: pathOf(churn), steps },
      ...{ cells: [cells, cellCount], meeting, stackBytes: 65_536 },
    };
    const workers = [1, 2].map((seed) => {
      const workerData: WasmOrders = { ...orders, seed, direct: seed === 1 };
      const url = new URL("./support/wasm-worker.js", import.meta.url);
      const worker = new Worker(url, { workerData, execArgv: [] });
      pool.track(worker);
      return worker;
    });
    const codes = Promise.all(workers.map(ended));
    const reports = await Promise.all(workers.map((worker) => said<WasmReport>(worker)));
    assert.deepEqual(await codes, [0, 0]);
    reports.forEach(({ sums, foreign }, i) => {
      assert.deepEqual(new Set(sums), new Set([nativeSums[i]]));
      assert.ok(foreign > 0, "they never met");
    });
    assert.notEqual(reports[0]?.stack, reports[1]?.stack);
    for (const left of pool.u32.subarray(cells / 4, cells / 4 + cellCount)) if (left) pool.deallocate(left);
    pool.deallocate(cells);
    assertEmpty(pool);
  });
});

describe("a worker that is killed while its C module runs", needs(churn), () => {
  it("leaves its objects and its stack to the reaper, and the heap whole", async () => {
    const { pool } = shared();
    for (let kill = 0; kill < 6; kill++) {
      const workerData: WasmOrders = {
        ...{
          handle: pool.handle,
          path: pathOf(churn),
          seed: kill,
          steps,
          cells: [0, 0],
          meeting: 0,
          direct: kill % 2 === 0,
        },
        ...{ stackBytes: 65_536, endless: true },
      };
      const url = new URL("./support/wasm-worker.js", import.meta.url);
      const worker = new Worker(url, { workerData, execArgv: [] });
      const workerId = await said<number>(worker);
      await setTimeout(20 + 7 * kill);
      await worker.terminate();
      assert.ok(pool.stats().liveObjects > 0, "it was killed before it had anything");
      assert.equal(pool.reap(workerId, { live: true }).reaped, true);
      assertEmpty(pool);
    }
    assert.equal(pool.stats().workers.length, 1);
  });
});

describe("an AssemblyScript module", () => {
  it("runs on the pool, and leaves nothing", () => {
    const { pool, open } = shared();
    const program = open(words);
    const sums = [1, 2, 1].map((seed) => (program["churn"]?.(seed, 3000) as number) >>> 0);
    assert.equal(sums[0], sums[2]);
    assert.notEqual(sums[0], sums[1]);
    assert.ok(pool.stats().allocs > 1000);
    assertEmpty(pool);
  });

  it("shares one heap with a C module and with JavaScript", needs(calls), () => {
    const { pool, open } = shared();
    const [program, c] = [open(words), open(calls)];
    const list = c["makeList"]?.(100) as number;
    const mine = pool.allocate(1000);
    writeFill(pool, mine, 2);
    program["churn"]?.(7, 2000);
    readFill(pool, mine, 2);
    let length = 0;
    for (let link = list; link !== 0; length++) {
      const next = pool.u32[link / 4] as number;
      pool.deallocate(link);
      link = next;
    }
    assert.equal(length, 100);
    pool.deallocate(mine);
    assertEmpty(pool);
  });
});

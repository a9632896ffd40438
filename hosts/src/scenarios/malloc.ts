// malloc for WebAssembly modules: the module of wasm/list.ts on a pool's memory, in one thread and in another.

import type { HeapHandle, MemoryPool, WasmMemory } from "offheap";
import { equal, isWhole, throwsCode } from "../expect.ts";
import type { Scenario, Scenarios } from "../harness.ts";
import type { Job } from "../host.ts";

interface List {
  make(count: number): number;
  sum(first: number): number;
  end(first: number): number;
}
interface Orders {
  readonly handle: HeapHandle;
  readonly memory: WasmMemory;
  readonly first: number;
}

const count = 5_000;
const sum = (count * (count + 1)) / 2;
const heapAt = 65_536;

/** The bytes lie beside the application, as a module that exports them: no host loads a file as another does. */
async function instantiate(pool: MemoryPool, memory: WasmMemory): Promise<List> {
  const { bytes } = (await import(new URL("../list.js", import.meta.url).href)) as {
    bytes: Uint8Array<ArrayBuffer>;
  };
  const imports = { env: { memory: memory as WebAssembly.Memory, ...pool.asMalloc() } };
  const { instance } = await WebAssembly.instantiate(bytes, imports);
  return instance.exports as unknown as List;
}

export const jobs: Record<string, Job> = {
  /** Frees a list that another thread's instance made, and makes one for it. */
  "malloc: exchange": async ({ MemoryPool }, port, data) => {
    const { handle, memory, first } = data as Orders;
    const pool = MemoryPool.attach(handle);
    const list = await instantiate(pool, memory);
    equal(list.sum(first), sum, "sum of the list that another thread made");
    equal(list.end(first), count, "links freed");
    const theirs = list.make(count);
    pool.detach();
    port.post(theirs);
  },
};

export const scenarios: Scenarios = {
  "malloc for a module, in two threads": async ({ library, start }) => {
    const memory = new WebAssembly.Memory({ initial: 256, maximum: 65_536, shared: true });
    const pool = new library.MemoryPool({ memory, offset: heapAt, sizeClasses: library.SizeClasses.malloc });
    const list = await instantiate(pool, memory);
    const first = list.make(count);
    equal(list.sum(first), sum, "sum of a list");
    // The first link, as JavaScript sees it.
    equal(pool.u32[(first >>> 2) + 1], 1, "number of the first link");
    const worker = await start("malloc: exchange", { handle: pool.handle, memory, first });
    const theirs = (await worker.next()) as number;
    equal(list.sum(theirs), sum, "sum of the worker's list");
    equal(list.end(theirs), count, "links freed");
    throwsCode(library, "ERR_DOUBLE_FREE", () => list.end(theirs));
    isWhole(pool);
    pool.destroy();
  },
};

/** The calls themselves, from JavaScript: also where nothing may be compiled. */
export function calls(memory: "shared" | "local"): Scenario {
  return ({ library }) => {
    const pool = new library.MemoryPool({ capacity: 16 * 2 ** 20, memory });
    const { malloc, free, calloc, realloc, aligned_alloc } = pool.asMalloc();
    const moved = realloc(malloc(100), 100_000);
    const cleared = calloc(1000, 8);
    const aligned = aligned_alloc(4096, 100);
    equal([moved % 16, cleared % 16, aligned % 4096], [0, 0, 0], "alignments");
    equal(Math.max(...pool.u8.subarray(cleared, cleared + 8000)), 0, "bytes of calloc");
    equal(malloc(2 ** 30), 0, "NULL");
    for (const address of [moved, cleared, aligned, 0]) free(address);
    throwsCode(library, "ERR_INVALID_ADDRESS", () => free(4));
    isWhole(pool);
    pool.destroy();
  };
}

// A heap for one thread: no shared memory, no cross-origin isolation.

import { equal, isWhole, throwsCode } from "../expect.ts";
import { readFill, writeFill } from "../fill.ts";
import type { Scenarios } from "../harness.ts";
import { wrongCalls } from "./errors.ts";
import { calls } from "./malloc.ts";
import { onePool } from "./pool.ts";

export const scenarios: Scenarios = {
  "a local heap": ({ library }) => {
    const heap = new library.SlabAllocator({ capacity: 16 * 2 ** 20, memory: "local" });
    const sizeOf = (i: number) => 1 + ((i * 37) % 8192);
    for (let round = 0; round < 3; round++) {
      const addresses = Array.from({ length: 1000 }, (_, i) => heap.allocate(sizeOf(i)));
      for (const [i, address] of addresses.entries()) writeFill(heap, address, sizeOf(i), i);
      for (const [i, address] of addresses.entries()) {
        readFill(heap, address, sizeOf(i), i);
        heap.deallocate(address, sizeOf(i));
      }
      heap.cleanup();
      equal(heap.stats().spanBytes, 0, "bytes of slabs after a clean-up");
    }
    throwsCode(library, "ERR_INVALID_OPTION", () => heap.handle);
    isWhole(heap);
    heap.destroy();
  },

  "a heap in an ArrayBuffer of one's own": ({ library }) => {
    const memory = new ArrayBuffer(4 * 2 ** 20);
    const heap = new library.SlabAllocator({ memory, offset: 65_536 });
    const address = heap.allocate(8);
    heap.f64[address / 8] = Math.PI;
    equal(new Float64Array(memory)[address / 8], Math.PI, "the same bytes");
    heap.deallocate(address);
    isWhole(heap);
    heap.destroy();
  },

  // Compilers of `using` look for the registered symbol where the engine has none of its own.
  "the end of a using block": ({ library }) => {
    const symbol: typeof Symbol.dispose =
      (Symbol as { readonly dispose?: typeof Symbol.dispose }).dispose ??
      (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);
    const heap = new library.SlabAllocator({ capacity: 2 * 2 ** 20, memory: "local" });
    const region = new library.MemoryPool({ capacity: 2 * 2 ** 20, memory: "local" }).region();
    equal(["undefined" in heap, "undefined" in region], [false, false], "a member called undefined");
    const ending: readonly Disposable[] = [region, heap];
    for (const each of ending) each[symbol]();
    throwsCode(library, "ERR_DETACHED", () => heap.allocate(8));
  },

  "a local pool": onePool("local"),
  "wrong calls of local heaps": wrongCalls("local"),
  "malloc's calls on a local pool": calls("local"),
};

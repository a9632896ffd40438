// The same heap twice, one served by each target of the core: the same calls leave the same bytes, and come to the same.

import assert from "node:assert/strict";
import { AllocatorError, type HeapOptions, MemoryPool, SlabAllocator } from "offheap";
import type { Core } from "#src/memory/core.js";
import type { Engine } from "#src/memory/engine.js";
import { bufferOf, type WasmMemory } from "#src/memory/kind.js";
import { attachPoolTo, attachTo, heapOf } from "./heaps.ts";
import { wasmMemory } from "./wasm.ts";

/** The same heap twice, one for each engine, with some workers each. */
export class Twins {
  readonly sides: { engine: Engine; workers: SlabAllocator[] }[];
  readonly live: number[] = [];

  /** Of what makes the workers of a heap for an engine. */
  constructor(workersFor: (engine: Engine) => SlabAllocator[]) {
    this.sides = (["wasm", "js"] as const).map((engine) => ({ engine, workers: workersFor(engine) }));
  }

  static of(makeMemory: () => WasmMemory, options: HeapOptions, isPool: boolean, workers: number): Twins {
    return new Twins((engine) => {
      const all = { ...options, memory: makeMemory(), engine };
      const first = isPool ? new MemoryPool(all) : new SlabAllocator(all);
      const attach = isPool ? attachPoolTo : attachTo;
      const others = Array.from({ length: workers - 1 }, () => attach(heapOf(first), undefined, engine));
      return [first as SlabAllocator, ...others];
    });
  }

  /** The same call on both; the result, or the error's code, is the same. */
  both(worker: number, call: (allocator: SlabAllocator) => unknown): unknown {
    const [wasm, js] = this.sides.map(({ workers }) => {
      try {
        return call(workers[worker] as SlabAllocator);
      } catch (error) {
        if (error instanceof AllocatorError) return `${error.code}: ${error.message}`;
        throw error;
      }
    });
    assert.deepEqual(wasm, js);
    return wasm;
  }

  expectSameBytes(from = 0): void {
    const [wasm, js] = this.sides.map(({ workers }) => {
      const { source } = heapOf(workers[0] as SlabAllocator);
      return Buffer.from(bufferOf(source) as ArrayBuffer, from);
    }) as [Buffer, Buffer];
    if (wasm.equals(js)) return;
    const at = wasm.findIndex((byte, i) => byte !== js[i]);
    assert.fail(`byte ${from + at} is ${wasm[at]} by WebAssembly, ${js[at]} by JavaScript`);
  }

  /** Both sides' calls for modules: those of the core, which are the same on both. */
  callsOf(worker: number): Pick<Core, "malloc" | "free" | "calloc" | "realloc" | "alignedAlloc">[] {
    return this.sides.map(({ workers }) => {
      const pool = workers[worker] as MemoryPool;
      pool.asMalloc({ direct: true });
      return heapOf(pool).core;
    });
  }

  end(): void {
    for (const { engine, workers } of this.sides) {
      assert.equal(workers[0]?.stats().engine, engine);
      assert.deepEqual(workers[0]?.check(), []);
    }
  }
}

export function memoryOf(bytes: number, shared = true): () => WasmMemory {
  return () => wasmMemory(bytes / 65_536, bytes / 65_536, shared);
}

// Heaps for tests: made as the constructor makes them, but with the heap itself in hand, so that a test can
// read the books, wrap the views, and attach several workers in one thread.

import assert from "node:assert/strict";
import { SlabAllocator } from "#src/allocator/slab-allocator.js";
import type { WorkerPlace } from "#src/base/brands.js";
import { AllocatorError, type ErrorCode } from "#src/base/errors.js";
import { formatHeap } from "#src/format/format.js";
import { type HeapOptions, resolveOptions, type TinyGeometry } from "#src/format/options.js";
import { chunkBytes } from "#src/layout/layout.js";
import { keptTable } from "#src/layout/offsets.js";
import { type Access, hardwareAccess, reserveMemory } from "#src/memory/block.js";
import type { Engine } from "#src/memory/engine.js";
import { Heap } from "#src/memory/heap.js";
import { bufferOf } from "#src/memory/kind.js";
import { MemoryPool } from "#src/pool/memory-pool.js";

export function makeHeap(options: HeapOptions, tiny: TinyGeometry = {}, access?: Access): Heap {
  const { memory, offset, layout } = resolveOptions(options, tiny);
  if (typeof memory !== "string") return formatHeap(memory, offset, layout, false, access);
  return formatHeap(reserveMemory(memory, layout.capacityBytes), 0, layout, true, access);
}

/** One more worker of a heap, with views of its own, as in another thread. */
export function attachTo(heap: Heap, access: Access = hardwareAccess, engine?: Engine): SlabAllocator {
  return new SlabAllocator({}, { heap: new Heap(heap.source, heap.offset, heap.layout, access, engine) });
}

/** The heap of a pool. */
export function makePoolHeap(options: HeapOptions, tiny: TinyGeometry = {}): Heap {
  return heapOf(new MemoryPool(options, { tiny }));
}

/** A worker that keeps nothing it has freed for the next of its length: so tests of spans see each of them come and go. */
export function keepingNone(pool: MemoryPool): MemoryPool {
  const table = keptTable(heapOf(pool), (pool.workerId % 128) as WorkerPlace);
  const { allocate: own } = pool;
  const allocate = (...wanted: Parameters<MemoryPool["allocate"]>) => {
    try {
      return own.apply(pool, wanted);
    } finally {
      // What a move has kept stays.
      for (let i = 0; i < table.length; i += 2) table[i + 1] = 0;
    }
  };
  return Object.assign(pool, { allocate });
}

/** One more worker of a pool. */
export function attachPoolTo(heap: Heap, access: Access = hardwareAccess, engine?: Engine): MemoryPool {
  return new MemoryPool({}, { heap: new Heap(heap.source, heap.offset, heap.layout, access, engine) });
}

/** Data chunks of a heap with these options; 0 where the capacity is too small. */
function chunksWith(options: HeapOptions, isPool: boolean): number {
  try {
    return resolveOptions(options, {}, isPool).layout.chunkCount;
  } catch (error) {
    if (error instanceof AllocatorError && error.code === "ERR_INVALID_OPTION") return 0;
    throw error;
  }
}

/** Options for a heap of exactly so many data chunks. */
export function optionsFor(chunks: number, options: HeapOptions, isPool = false): HeapOptions {
  for (let more = 1; more < chunks + 64; more++) {
    const capacity = (chunks + more) * chunkBytes;
    if (chunksWith({ ...options, capacity }, isPool) === chunks) return { ...options, capacity };
  }
  return assert.fail(`no capacity gives ${chunks} chunks`);
}

/** The heap behind an allocator: the tests' way to its books. */
export function heapOf(allocator: SlabAllocator): Heap {
  return allocator["heap"];
}

/** A call that must fail with this code; returns the error. */
export function expectCode(code: ErrorCode, call: () => unknown): AllocatorError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof AllocatorError, `expected ${code}, got ${error}`);
    assert.equal(error.code, code, error.message);
    return error;
  }
  assert.fail(`expected ${code}, but the call returned`);
}

/** A call that must fail with this code and leave every byte of the memory as it was. */
export function expectUnharmed(heap: Heap, code: ErrorCode, call: () => unknown): AllocatorError {
  const bytes = Buffer.from(bufferOf(heap.source));
  const before = Buffer.from(bytes);
  const error = expectCode(code, call);
  assert.ok(bytes.equals(before), `${code} was thrown after something had been written`);
  return error;
}

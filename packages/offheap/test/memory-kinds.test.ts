// The contract over every kind of memory that a heap can live in, with every list of size classes.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import {
  type HeapOptions,
  MemoryPool,
  type MemorySource,
  SizeClasses,
  SlabAllocator,
  type WasmMemory,
} from "offheap";
import { bufferOf } from "#src/memory/kind.js";
import { type Contracted, contractSuite } from "./support/contract.ts";
import { heapOf } from "./support/heaps.ts";
import { wasmMemory } from "./support/wasm.ts";

const capacity = 4 << 20;
const around = 128 << 10;
const pages = (capacity + 2 * around) / 65_536;

/** What lies around a region: a pattern that no part of a heap looks like. */
function paint(memory: MemorySource): void {
  const words = new Uint32Array(bufferOf(memory));
  for (let i = 0; i < words.length; i++) words[i] = (i * 0x9e3779b1) >>> 0;
}

function assertPainted(memory: MemorySource, from: number, to: number): void {
  const words = new Uint32Array(bufferOf(memory), from, (to - from) / 4);
  const wrong = words.findIndex((word, i) => word !== ((from / 4 + i) * 0x9e3779b1) >>> 0);
  assert.equal(wrong, -1, `the word at ${from + wrong * 4}, outside the heap, was written`);
}

type Allocator = typeof SlabAllocator | typeof MemoryPool;
type Kind = (sizeClasses: readonly number[], Allocator: Allocator) => Contracted;

function contracted(
  allocator: SlabAllocator,
  sizeClasses: readonly number[],
  close: () => void = () => undefined,
): Contracted {
  const all = heapOf(allocator).layout.chunkCount * 65_536;
  const mostBytes = allocator instanceof MemoryPool ? all : (sizeClasses.at(-1) as number);
  return { allocator, sizeClasses, mostBytes, close };
}

function whole(memory: () => NonNullable<HeapOptions["memory"]>): Kind {
  return (sizeClasses, Allocator) =>
    contracted(new Allocator({ capacity, maxWorkers: 4, memory: memory(), sizeClasses }), sizeClasses);
}

/** A region in the middle of a memory that holds something else already, inside and outside. */
function region(make: () => MemorySource, grows: boolean): Kind {
  return (sizeClasses, Allocator) => {
    const memory = make();
    paint(memory);
    const allocator = new Allocator({ capacity, maxWorkers: 4, memory, offset: around, sizeClasses });
    assert.equal(heapOf(allocator).offset, around);
    if (grows) {
      allocator.deallocate(allocator.allocate(8));
      (memory as WasmMemory).grow(3);
      allocator.cleanup();
    }
    return contracted(allocator, sizeClasses, () => {
      assertPainted(memory, 0, around);
      assertPainted(memory, around + capacity, capacity + 2 * around);
    });
  };
}

const wasm = (shared: boolean) => () => wasmMemory(pages, pages + 16, shared);

const kinds: Record<string, Kind> = {
  "shared WebAssembly.Memory of its own": whole(() => "shared"),
  "ArrayBuffer of its own": whole(() => "local"),
  "given SharedArrayBuffer": whole(() => new SharedArrayBuffer(capacity)),
  "given ArrayBuffer": whole(() => new ArrayBuffer(capacity)),
  "given SharedArrayBuffer that holds something": region(
    () => new SharedArrayBuffer(capacity + 2 * around),
    false,
  ),
  "region of a given shared WebAssembly.Memory": region(wasm(true), false),
  "region of a given shared WebAssembly.Memory that grows": region(wasm(true), true),
  "region of a given WebAssembly.Memory that is not shared": region(wasm(false), false),
  "region of a given WebAssembly.Memory that is not shared and grows": region(wasm(false), true),
};

const lists: Record<string, readonly number[]> = {
  "powers of two": SizeClasses.powersOfTwo,
  fine: SizeClasses.fine,
  "a list of one's own": [24, 40, 1000, 4104, 65_536],
};

for (const [kind, make] of Object.entries(kinds)) {
  for (const [list, sizeClasses] of Object.entries(lists)) {
    contractSuite(`${kind}, ${list}`, () => make(sizeClasses, SlabAllocator));
    contractSuite(`a pool in a ${kind}, ${list}`, () => make(sizeClasses, MemoryPool));
  }
}

it("calls need their slow halves no more, once one of them has seen that the memory has grown", () => {
  const memory = wasmMemory(pages, pages + 16, false);
  const allocator = new SlabAllocator({ capacity, maxWorkers: 4, memory });
  allocator.deallocate(allocator.allocate(64));
  memory.grow(3);
  const first = allocator.allocate(64);
  const fail = () => assert.fail("a slow half");
  Object.assign(allocator, { allocateSlow: fail, deallocateSlow: fail });
  allocator.deallocate(first);
  allocator.deallocate(allocator.allocate(64));
});

describe("a host without Buffer", () => {
  it("reads the module's digits all the same", () => {
    const script = `
      delete globalThis.Buffer;
      const { MemoryPool } = await import("offheap");
      const pool = new MemoryPool({ engine: "wasm" });
      pool.deallocate(pool.allocate(64));
      process.exitCode = pool.check().length === 0 && pool.stats().engine === "wasm" ? 7 : 1;`;
    const args = ["--input-type=module", "-e", script];
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: import.meta.dirname,
      encoding: "utf8",
    });
    assert.equal(status, 7, stderr);
  });
});

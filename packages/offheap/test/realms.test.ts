// Values of other realms, and two copies of the package in one program: what counts is what a value does.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import vm from "node:vm";
import { AllocatorError, type HeapHandle, MemoryPool, type MemorySource, SlabAllocator } from "offheap";
import { messageOf } from "#src/base/errors.js";
import { isShared, memoryKindOf } from "#src/memory/kind.js";
import { readFill, writeFill } from "./support/fill.ts";
import { expectCode } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";
import { wasmMemory } from "./support/wasm.ts";

const capacity = 2 << 20;
const pages = capacity / 65_536;
const options = { capacity, maxWorkers: 4 } as const;

/** Expressions for memories, to be evaluated in either realm. */
const sources: Record<string, { code: string; kind: string; shared: boolean }> = {
  "shared WebAssembly.Memory": {
    code: `new WebAssembly.Memory({ initial: ${pages}, maximum: ${pages}, shared: true })`,
    kind: "WebAssembly.Memory",
    shared: true,
  },
  "WebAssembly.Memory": {
    code: `new WebAssembly.Memory({ initial: ${pages}, maximum: ${pages} })`,
    kind: "WebAssembly.Memory",
    shared: false,
  },
  SharedArrayBuffer: { code: `new SharedArrayBuffer(${capacity})`, kind: "SharedArrayBuffer", shared: true },
  ArrayBuffer: { code: `new ArrayBuffer(${capacity})`, kind: "ArrayBuffer", shared: false },
};

describe("a memory of another realm", () => {
  const context = vm.createContext({});
  for (const [name, { code, kind, shared }] of Object.entries(sources)) {
    it(`is taken and joined: ${name}`, () => {
      const memory = vm.runInContext(code, context) as MemorySource;
      assert.equal(memory instanceof Object, false);
      assert.equal(memoryKindOf(memory), kind);
      assert.equal(isShared(memory), shared);
      for (const Allocator of [SlabAllocator, MemoryPool]) {
        const heap = new Allocator({ ...options, memory });
        assert.equal(heap.stats().memory, kind);
        const address = heap.allocate(100);
        writeFill(heap, address, 4);
        if (shared) {
          const handle = vm.runInContext("(handle) => ({ ...handle })", context)(heap.handle) as HeapHandle;
          const joined = Allocator.attach(handle);
          readFill(joined, address, 4);
          joined.detach();
        }
        heap.deallocate(address);
        assertZeroResidue(heap);
        heap.destroy();
      }
    });
  }

  it("is told from what only looks like one", () => {
    const lookalikes = [
      "new Proxy(new SharedArrayBuffer(8), {})",
      "Object.create(SharedArrayBuffer.prototype)",
      "Object.create(WebAssembly.Memory.prototype)",
      "({ buffer: new SharedArrayBuffer(8), grow: () => 0 })",
      "({ byteLength: 8, [Symbol.toStringTag]: 'SharedArrayBuffer' })",
      "Object.setPrototypeOf({}, ArrayBuffer.prototype)",
    ];
    for (const code of lookalikes)
      assert.equal(memoryKindOf(vm.runInContext(code, context)), undefined, code);
    // And it is one whatever its prototype says.
    const bare = Object.setPrototypeOf(new SharedArrayBuffer(8), null) as unknown;
    assert.equal(memoryKindOf(bare), "SharedArrayBuffer");
  });
});

interface Package {
  readonly SlabAllocator: typeof SlabAllocator;
  readonly MemoryPool: typeof MemoryPool;
  readonly AllocatorError: typeof AllocatorError;
}

describe("two copies of the package", () => {
  let folder = "";
  let other: Package;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "offheap-copy-"));
    cpSync(fileURLToPath(new URL("../dist", import.meta.url)), folder, { recursive: true });
    cpSync(fileURLToPath(new URL("../package.json", import.meta.url)), join(folder, "package.json"));
    other = (await import(pathToFileURL(join(folder, "index.js")).href)) as Package;
  });
  after(() => rmSync(folder, { recursive: true }));

  it("are two", () => {
    assert.notEqual(other.SlabAllocator, SlabAllocator);
    assert.notEqual(other.AllocatorError, AllocatorError);
  });

  it("join each other's heaps", () => {
    const pairs = [
      [{ SlabAllocator, MemoryPool }, other],
      [other, { SlabAllocator, MemoryPool }],
    ] as const;
    for (const [mine, yours] of pairs) {
      for (const name of ["SlabAllocator", "MemoryPool"] as const) {
        const heap = new mine[name](options);
        const joined = yours[name].attach(heap.handle);
        const address = joined.allocate(300);
        heap.deallocate(address);
        expectCode("ERR_DOUBLE_FREE", () => joined.deallocate(address));
        joined.detach();
        assertZeroResidue(heap);
      }
    }
  });

  it("know each other's errors, by class and by what they say of themselves", () => {
    for (const [{ SlabAllocator: Allocator }, { AllocatorError: Known }] of [
      [{ SlabAllocator }, other],
      [other, { AllocatorError }],
    ] as const) {
      try {
        new Allocator(options).allocate(0);
        assert.fail("it returned");
      } catch (error) {
        assert.ok(error instanceof Known && error instanceof Error);
        assert.equal(error.name, "AllocatorError");
        assert.equal(error.code, "ERR_INVALID_SIZE");
      }
    }
  });
});

describe("an AllocatorError", () => {
  it("of another realm is one", () => {
    const made = vm.runInNewContext(
      `Object.assign(new Error("x"), { name: "AllocatorError", code: "ERR_OUT_OF_MEMORY" })`,
    ) as unknown;
    assert.equal(made instanceof Error, false);
    assert.ok(made instanceof AllocatorError);
  });

  it("is no other error, and nothing that is no error", () => {
    const others: unknown[] = [
      new Error("x"),
      Object.assign(new Error("x"), { code: "ERR_OUT_OF_MEMORY" }),
      Object.assign(new Error("x"), { name: "AllocatorError" }),
      Object.assign(new Error("x"), { name: "AllocatorError", code: 5 }),
      Object.assign(new Error("x"), { name: "AllocatorError", code: "ENOENT" }),
      { name: "AllocatorError", code: "ERR_OUT_OF_MEMORY" },
      null,
      undefined,
      "AllocatorError",
      AllocatorError,
    ];
    for (const value of others) assert.equal(value instanceof AllocatorError, false);
  });

  it("may have subclasses, which have only instances of their own", () => {
    class Mine extends AllocatorError {
      readonly extra = 1;
    }
    class Theirs extends AllocatorError {}
    const mine = new Mine("ERR_INVALID_SIZE", "x");
    assert.ok(mine instanceof Mine && mine instanceof AllocatorError && mine instanceof Error);
    assert.equal(mine instanceof Theirs, false);
    assert.equal(new AllocatorError("ERR_INVALID_SIZE", "x") instanceof Mine, false);
    assert.equal((null as unknown) instanceof Mine, false);
  });

  it("tells what was thrown, of whatever realm and kind", () => {
    assert.equal(messageOf(vm.runInNewContext(`new RangeError("no room")`)), "no room");
    assert.equal(messageOf(new Error("x")), "x");
    assert.equal(messageOf(undefined), "undefined");
    assert.equal(messageOf(Object.create(null)), "an object");
    assert.equal(messageOf("x"), '"x"');
  });
});

it("a memory that WebAssembly grows is the same memory", () => {
  const memory = wasmMemory(1, 2, false);
  assert.equal(memoryKindOf(memory), "WebAssembly.Memory");
  memory.grow(1);
  assert.equal(memoryKindOf(memory), "WebAssembly.Memory");
  assert.equal(isShared(memory), false);
});

// What depends on the memory that a heap lives in: sharing it, its offset, and its growth behind our back.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HeapHandle, type HeapOptions, MemoryPool, SizeClasses, SlabAllocator } from "offheap";
import { readFill, writeFill } from "./support/fill.ts";
import { expectCode, heapOf } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";
import { wasmMemory } from "./support/wasm.ts";

const capacity = 2 << 20;

describe("handle", () => {
  it("is structured-cloneable, and joins the same heap", () => {
    const memories = ["shared", new SharedArrayBuffer(capacity), wasmMemory(32, 32, true)] as const;
    for (const memory of memories) {
      const first = new SlabAllocator({ capacity, memory, maxWorkers: 4 });
      const handle = structuredClone(first.handle) as HeapHandle;
      const second = SlabAllocator.attach(handle);
      assert.notEqual(first.workerId, second.workerId);
      const address = first.allocate(500);
      writeFill(first, address, 42);
      assert.equal(readFill(second, address), 42);
      second.deallocate(address, 500);
      second.detach();
      assertZeroResidue(first);
    }
  });

  it("throws for memory that is not shared", () => {
    const memories = ["local", new ArrayBuffer(capacity), wasmMemory(32, 64, false)] as const;
    for (const memory of memories) {
      const allocator = new SlabAllocator({ capacity, memory, maxWorkers: 4 });
      expectCode("ERR_INVALID_OPTION", () => allocator.handle);
    }
  });

  it("carries the offset, so that several heaps share one memory", () => {
    const memory = new SharedArrayBuffer(3 * capacity);
    const heaps = [0, 1, 2].map(
      (i) => new SlabAllocator({ memory, offset: i * capacity, capacity, maxWorkers: 2 }),
    );
    const addresses = heaps.map((heap) => heap.allocate(64));
    heaps.forEach((heap, i) => {
      const joined = SlabAllocator.attach(heap.handle);
      joined.deallocate(addresses[i] as number);
      expectCode("ERR_INVALID_ADDRESS", () => joined.deallocate(addresses[(i + 1) % 3] as number));
      joined.detach();
    });
    for (const heap of heaps) assertZeroResidue(heap);
  });
});

describe("capacity", () => {
  it("is 1 GiB unless said otherwise, and rounded down to 64 KiB", () => {
    assert.equal(new SlabAllocator().stats().capacity, 2 ** 30);
    assert.equal(new SlabAllocator({ capacity: capacity + 65_535 }).stats().capacity, capacity);
  });

  it("of a given memory is all that follows the offset", () => {
    const memory = new ArrayBuffer(capacity + 65_536 + 100);
    const whole = new SlabAllocator({ memory });
    assert.equal(whole.stats().capacity, capacity + 65_536);
    whole.destroy();
    assert.equal(new SlabAllocator({ memory, offset: 65_536 }).stats().capacity, capacity);
  });

  const many = Array.from({ length: 63 }, (_, i) => 8 * (i + 1));
  const shapes: Omit<HeapOptions, "capacity">[] = [
    {},
    { maxWorkers: 1, sizeClasses: [64] },
    { maxWorkers: 126, sizeClasses: SizeClasses.fine },
    { maxWorkers: 126, sizeClasses: many },
    { maxWorkers: 3, sizeClasses: [8, 65_536] },
    { maxWorkers: 40, sizeClasses: many.map((bytes) => bytes * 100) },
  ];
  for (const Allocator of [SlabAllocator, MemoryPool]) {
    for (const shape of shapes) {
      it(`too small for the books says the least: ${Allocator.name}, ${JSON.stringify(shape).slice(0, 60)}`, () => {
        const leastFor = (given: number) => {
          const make = () => new Allocator({ ...shape, memory: "local", capacity: given });
          return Number(/take (\d+) bytes/.exec(expectCode("ERR_INVALID_OPTION", make).message)?.[1]);
        };
        const least = leastFor(65_536);
        for (const given of [-1, 0, 1, 65_535, 131_071, least - 65_536, least - 1])
          assert.equal(leastFor(given), least);
        for (let more = 0; more < 64; more++) {
          const heap = new Allocator({ ...shape, memory: "local", capacity: least + more * 65_536 });
          heap.deallocate(heap.allocate(8));
          assert.deepEqual(heap.check(), []);
        }
        const memory = new ArrayBuffer(least - 1);
        expectCode("ERR_INVALID_OPTION", () => new Allocator({ ...shape, memory }));
      });
    }
  }
});

describe("a memory that is not shared and grows", () => {
  const grown = () => {
    const memory = wasmMemory(64, 128, false);
    const allocator = new SlabAllocator({ memory, offset: 65_536, capacity, maxWorkers: 2 });
    const address = allocator.allocate(100);
    writeFill(allocator, address, 7);
    const freed = allocator.allocate(100);
    allocator.deallocate(freed);
    memory.grow(1);
    return { allocator, memory, address, freed };
  };
  const calls: Record<string, (heap: ReturnType<typeof grown>) => void> = {
    allocate: ({ allocator, freed }) => assert.equal(allocator.allocate(100), freed),
    deallocate: ({ allocator, address }) => allocator.deallocate(address, 100),
    "a double free": ({ allocator, freed }) => {
      expectCode("ERR_DOUBLE_FREE", () => allocator.deallocate(freed));
    },
    sizeOf: ({ allocator, address }) => assert.equal(allocator.sizeOf(address), 128),
    adopt: ({ allocator, address }) => allocator.adopt(address),
    cleanup: ({ allocator }) => assert.equal(allocator.cleanup().slabs, 0),
    stats: ({ allocator }) => assert.equal(allocator.stats().liveObjects, 1),
    check: ({ allocator }) => assert.deepEqual(allocator.check(), []),
    reap: ({ allocator }) => assert.equal(allocator.reap(130).reaped, false),
  };
  for (const [name, call] of Object.entries(calls)) {
    it(`goes on with ${name}`, () => {
      const heap = grown();
      call(heap);
      assert.equal(heap.allocator.u8.byteLength, heap.memory.buffer.byteLength);
      if (name !== "deallocate") {
        readFill(heap.allocator, heap.address, 7);
        heap.allocator.deallocate(heap.address);
      }
      const left = heap.allocator.stats().liveObjects;
      if (left === 1) heap.allocator.deallocate(heap.freed);
      assertZeroResidue(heap.allocator);
    });
  }

  it("can be left", () => {
    const { allocator } = grown();
    allocator.detach();
    expectCode("ERR_DETACHED", () => allocator.allocate(8));
  });

  it("can be ended", () => {
    const { allocator } = grown();
    allocator.destroy();
    expectCode("ERR_DETACHED", () => allocator.allocate(8));
  });

  it("after detach stays left", () => {
    const { allocator, memory } = grown();
    allocator.cleanup();
    allocator.detach();
    memory.grow(1);
    expectCode("ERR_DETACHED", () => allocator.allocate(8));
    expectCode("ERR_DETACHED", () => allocator.stats());
    allocator.detach();
  });

  it("keeps the place of the heap", () => {
    const { allocator } = grown();
    assert.equal(heapOf(allocator).offset, 65_536);
  });
});

// Arguments that were meant otherwise: the message says what probably happened, and nothing is written.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, MemoryPool, SlabAllocator } from "offheap";
import { SharedCache } from "offheap/cache";
import { Ring } from "offheap/ring";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";
import { wasmMemory } from "./support/wasm.ts";

const MiB = 2 ** 20;
const makers = {
  "a slab allocator": () => new SlabAllocator({ capacity: 4 * MiB, maxWorkers: 2 }),
  "a pool": () => new MemoryPool({ capacity: 4 * MiB, maxWorkers: 2 }) as unknown as SlabAllocator,
};

function expectTold(heap: SlabAllocator, code: ErrorCode, pattern: RegExp, call: () => unknown): void {
  assert.match(expectUnharmed(heapOf(heap), code, call).message, pattern);
}

for (const [name, make] of Object.entries(makers)) {
  const sizes = name === "a pool" ? [64, 3000, 20_000, 600_000] : [64, 3000];
  describe(name, () => {
    it("list.forEach(heap.deallocate): the index was taken for a size", () => {
      const heap = make();
      for (const size of sizes) {
        const list = [1, 2, 3].map(() => heap.allocate(size));
        const told = /index as second argument: forEach\(\(address\) => heap.deallocate\(address\)\)/;
        for (const each of [list, Float64Array.from(list)] as number[][])
          expectTold(heap, "ERR_SIZE_MISMATCH", told, () => each.forEach(heap.deallocate));
        expectTold(heap, "ERR_SIZE_MISMATCH", /a set's forEach/, () =>
          new Set(list).forEach(heap.deallocate),
        );
        assert.doesNotMatch(
          expectCode("ERR_SIZE_MISMATCH", () => heap.deallocate(list[0] as number, 7)).message,
          /forEach/,
        );
        for (const address of list) heap.deallocate(address);
      }
      assert.deepEqual(heap.check(), []);
    });

    it("sizes.map(heap.allocate): the index was taken for options", () => {
      const heap = make();
      const told = /got 0 \(map passes its index .*: map\(\(size\) => heap.allocate\(size\)\)/;
      for (const size of sizes)
        expectTold(heap, "ERR_INVALID_OPTION", told, () => [size, size].map(heap.allocate as () => number));
      assert.equal(heap.stats().liveObjects, 0);
    });
  });
}

it("a slab allocator takes no options, whatever they are", () => {
  const heap = makers["a slab allocator"]();
  const allocate = heap.allocate as (size: number, options: unknown) => number;
  for (const options of [{}, { zeroed: true }, { align: 64 }, null, 0, 3, "64", true])
    expectTold(heap, "ERR_INVALID_OPTION", /takes a size alone|options are an object/, () =>
      allocate(64, options),
    );
  heap.deallocate(allocate(64, undefined));
  assert.deepEqual(heap.check(), []);
});

describe("an address that came signed", () => {
  it("is told what it was, by every call that takes one", () => {
    const memory = wasmMemory(65_536, 65_536, true);
    const heap = new MemoryPool({ memory, offset: 2 ** 32 - 4 * MiB, maxWorkers: 1 });
    for (const size of [64, 20_000, 600_000]) {
      const address = heap.allocate(size);
      const signed = address | 0;
      const calls = [
        () => heap.deallocate(signed),
        () => heap.deallocate(signed, size),
        () => heap.sizeOf(signed),
        () => heap.adopt(signed),
        () => heap.reallocate(signed, 100),
        () => heap.readText(signed, 1),
        () => heap.writeText(signed, "x"),
        () => heap.copyIn(signed, Uint8Array.of(1)),
        () => heap.copyOut(signed, 1),
      ];
      for (const call of calls) {
        const { message } = expectCode("ERR_INVALID_ADDRESS", call);
        assert.match(message, new RegExp(`^ERR_INVALID_ADDRESS: address ${signed} is ${address}, .*>>> 0$`));
      }
      heap.deallocate(address);
    }
    assert.deepEqual(heap.check(), []);
  });

  it("is one only where the heap is; any other negative number is outside of it", () => {
    const heap = makers["a slab allocator"]();
    for (const address of [-8, -(2 ** 31), -(2 ** 32) + heap.allocate(8), -0.5])
      assert.doesNotMatch(expectCode("ERR_INVALID_ADDRESS", () => heap.deallocate(address)).message, />>> 0/);
  });
});

it("a ring gives no message to what cannot take it", () => {
  const heap = new MemoryPool({ capacity: 4 * MiB, maxWorkers: 2 });
  const ring = new Ring(heap);
  const own = heap.allocate(64);
  for (let i = 0; i < 40; i++) ring.write("a message", i);
  const space = () => ({ address: 0, length: 0, tag: 0 });
  const batches = [undefined, null, 5, "batch", new Array(10), [space(), null], [...Array(39).map(space), 7]];
  for (const batch of batches)
    expectTold(heap, "ERR_INVALID_OPTION", /array of messages|is an object/, () =>
      ring.receiveMany(batch as never),
    );
  for (const look of [undefined, null, 5, "look", {}])
    expectTold(heap, "ERR_INVALID_OPTION", /takes a function/, () => ring.read(look as never));
  for (const batch of [undefined, null, 5, {}, [null], [{ address: own }, 5], new Set([undefined])])
    expectCode("ERR_INVALID_OPTION", () => ring.sendMany(batch as never));
  assert.equal(ring.size, 40);
  for (let i = 0; i < 40; i++) ring.read((_, tag) => assert.equal(tag, i));
  assert.equal(heap.sizeOf(own), 64);
});

it("a cache is told what is no function, and what are no options", async () => {
  const cache = new SharedCache({ maxBytes: 2 * MiB });
  cache.set("key", "value");
  for (const call of [undefined, null, 5, "call", {}]) {
    for (const key of ["key", "none"]) {
      expectCode("ERR_INVALID_OPTION", () => cache.update(key, call as never));
      expectCode("ERR_INVALID_OPTION", () => cache.read(key, call as never));
      await assert.rejects(cache.getOrSet(key, call as never), { code: "ERR_INVALID_OPTION" });
    }
    if (call === undefined || (typeof call === "object" && call !== null)) continue;
    expectCode("ERR_INVALID_OPTION", () => SharedCache.attach(cache.handle, call as never));
  }
  assert.deepEqual([...cache], [["key", "value"]]);
  assert.deepEqual(cache.pool.check(), []);
});

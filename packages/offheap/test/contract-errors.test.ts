// Every error code that this package raises, each thrown before anything is written: the whole memory is
// compared before and after the call.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HeapHandle, type HeapOptions, SlabAllocator } from "offheap";
import { openHeap } from "#src/format/format.js";
import { header } from "#src/layout/layout.js";
import { bufferOf } from "#src/memory/kind.js";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";
import { fillUp } from "./support/residue.ts";

const notNumbers = [undefined, null, "64", 64n, {}, [], true, Symbol("x"), () => 64] as unknown as number[];

function busyHeap() {
  const allocator = new SlabAllocator({ capacity: 2 << 20, maxWorkers: 2 });
  const addresses = Array.from({ length: 100 }, (_, i) => allocator.allocate(1 + ((i * 37) % 8192)));
  const freed = allocator.allocate(64);
  allocator.deallocate(freed);
  return { allocator, heap: heapOf(allocator), addresses, freed, live: allocator.allocate(100) };
}

describe("invalid sizes", () => {
  const odd = [
    0,
    -0,
    -1,
    -8,
    0.5,
    8.5,
    8193,
    2 ** 31 - 8,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32,
    2 ** 32 + 8,
    2 ** 53,
  ];
  const sizes = [...odd, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, ...notNumbers];

  it("to allocate: zero, negative, fractional, oversized, beyond 32 bits, no number at all", () => {
    const { allocator, heap } = busyHeap();
    for (const size of sizes) expectUnharmed(heap, "ERR_INVALID_SIZE", () => allocator.allocate(size));
    assert.deepEqual(allocator.check(), []);
  });

  it("given back: zero and NaN, too", () => {
    const { allocator, heap, live } = busyHeap();
    for (const size of [...sizes.filter((given) => given !== undefined), 64, 129, 256]) {
      expectUnharmed(heap, "ERR_SIZE_MISMATCH", () => allocator.deallocate(live, size));
    }
    allocator.deallocate(live, 65);
    assert.deepEqual(allocator.check(), []);
  });
});

describe("invalid addresses", () => {
  it("no integer, outside, in no slab, inside a slot, behind the last one", () => {
    const { allocator, heap, live } = busyHeap();
    const { dataAt, layout } = heap;
    const end = dataAt + layout.chunkCount * 65_536;
    const wrong = [...notNumbers, Number.NaN, Number.POSITIVE_INFINITY, live + 0.5, -live, live - 2 ** 32];
    wrong.push(
      live + 2 ** 32,
      0,
      -0,
      8,
      dataAt - 8,
      dataAt - 1,
      end,
      end + 8,
      end - 65_536,
      2 ** 31,
      2 ** 32,
    );
    for (let offset = 1; offset < 128; offset++) wrong.push(live + offset);
    for (const address of wrong) {
      expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => allocator.deallocate(address));
      expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => allocator.deallocate(address, 100));
      expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => allocator.sizeOf(address));
      expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => allocator.adopt(address));
    }
    allocator.deallocate(live);
  });

  it("behind the last slot of a slab whose class does not divide it", () => {
    const sizeClasses = [24, 40_000];
    const allocator = new SlabAllocator({ capacity: 8 << 20, maxWorkers: 1, sizeClasses });
    for (const bytes of sizeClasses) {
      const { objectsPerSlab } = allocator.stats().sizeClasses[sizeClasses.indexOf(bytes)] ?? {};
      const first = allocator.allocate(bytes);
      const behind = first + bytes * (objectsPerSlab as number);
      expectUnharmed(heapOf(allocator), "ERR_INVALID_ADDRESS", () => allocator.deallocate(behind));
    }
  });

  it("of a slab that was given back", () => {
    const allocator = new SlabAllocator({ capacity: 2 << 20, maxWorkers: 2 });
    const addresses = Array.from({ length: 3 }, () => allocator.allocate(1024));
    for (const address of addresses) allocator.deallocate(address);
    assert.equal(allocator.cleanup().slabs, 1);
    for (const address of addresses) {
      expectUnharmed(heapOf(allocator), "ERR_INVALID_ADDRESS", () => allocator.deallocate(address));
    }
  });
});

describe("double free", () => {
  it("of a cached slot, by the one who freed it and by another worker", () => {
    const { allocator, heap, freed } = busyHeap();
    const other = SlabAllocator.attach(allocator.handle);
    for (const worker of [allocator, other]) {
      for (const call of [() => worker.deallocate(freed), () => worker.deallocate(freed, 64)]) {
        expectUnharmed(heap, "ERR_DOUBLE_FREE", call);
      }
      expectUnharmed(heap, "ERR_DOUBLE_FREE", () => worker.sizeOf(freed));
      expectUnharmed(heap, "ERR_DOUBLE_FREE", () => worker.adopt(freed));
    }
    assert.deepEqual(allocator.check(), []);
  });

  it("of a slot that has gone home", () => {
    const { allocator, heap } = busyHeap();
    const [address, neighbour] = [allocator.allocate(64), allocator.allocate(64)];
    allocator.deallocate(address);
    allocator.cleanup();
    expectUnharmed(heap, "ERR_DOUBLE_FREE", () => allocator.deallocate(address));
    allocator.deallocate(neighbour);
  });

  it("of a slot that was never allocated", () => {
    const { allocator, heap, live } = busyHeap();
    expectUnharmed(heap, "ERR_DOUBLE_FREE", () => allocator.deallocate(live + 128));
  });

  it("is a stale free when the slot was allocated again in between, and frees that object", () => {
    const { allocator, freed } = busyHeap();
    const again = allocator.allocate(64);
    assert.equal(again, freed);
    allocator.deallocate(freed);
    expectCode("ERR_DOUBLE_FREE", () => allocator.deallocate(again));
    assert.deepEqual(allocator.check(), []);
  });
});

describe("options", () => {
  const given = new SharedArrayBuffer(1 << 20);
  const wrong: Record<string, unknown[]> = {
    capacity: [0, 65_535, -1, 2 ** 32 + 1, 2 ** 33, 1.5, Number.NaN, "1", 131_072],
    memory: ["heap", 5, {}, new Uint8Array(65_536), new ArrayBuffer(0), new ArrayBuffer(65_536)],
    offset: [65_536, 1, -65_536],
    maxWorkers: [0, 127, 1.5, "4", -1],
    cleanupInterval: [-1, 0.5, 2 ** 31, "100", Number.NaN],
  };
  for (const [name, values] of Object.entries(wrong)) {
    it(`${name} is checked`, () => {
      for (const value of values) {
        const options = { capacity: 2 << 20, [name]: value } as HeapOptions;
        expectCode("ERR_INVALID_OPTION", () => new SlabAllocator(options));
      }
    });
  }

  it("of a given memory are checked before a byte of it is written", () => {
    const bytes = new Uint8Array(given).fill(0xab);
    const wrongHere: HeapOptions[] = [{ offset: 1 << 20 }, { offset: 4096 }, { capacity: 2 << 20 }];
    wrongHere.push({ offset: 65_536, capacity: 1 << 20 }, { capacity: 65_536 }, { offset: Number.NaN });
    for (const options of wrongHere) {
      expectCode("ERR_INVALID_OPTION", () => new SlabAllocator({ memory: given, ...options }));
    }
    assert.ok(bytes.every((byte) => byte === 0xab));
  });

  it("are an object, and cleanup's are, too", () => {
    for (const options of [null, 5, "x"] as unknown as HeapOptions[]) {
      expectCode("ERR_INVALID_OPTION", () => new SlabAllocator(options));
      expectCode("ERR_INVALID_OPTION", () => busyHeap().allocator.cleanup(options as { all?: boolean }));
    }
  });

  it("that need the operating system say so", () => {
    expectCode("ERR_OS_UNAVAILABLE", () => new SlabAllocator({ hugePages: true } as HeapOptions));
  });
});

describe("handles", () => {
  it("that are none, or of another version", () => {
    const { handle } = busyHeap().allocator;
    const wrong = [null, undefined, 5, "x", {}, { ...handle, kind: "x" }, { ...handle, version: 99 }];
    const memory = new SharedArrayBuffer(1 << 20);
    wrong.push({ ...handle, memory: {} }, { ...handle, offset: 1 }, { ...handle, offset: 65_536 });
    wrong.push(
      { ...handle, offset: 2 ** 31 * 65_536 },
      { ...handle, offset: -65_536 },
      { ...handle, memory },
    );
    for (const bad of wrong)
      expectCode("ERR_INCOMPATIBLE_HEAP", () => SlabAllocator.attach(bad as HeapHandle));
  });

  it("to a heap with a damaged header, whichever word", () => {
    const { allocator, heap } = busyHeap();
    const { words, layout } = heap;
    const damaged = [header.magic, header.version, header.status, header.checksum, layout.classesAt];
    damaged.push(layout.classesAt + 1, ...[0, 1, 2, 3, 4, 5].map((i) => header.config + i));
    for (const at of damaged) {
      const before = words[at] as number;
      for (const value of [before ^ 8, before ^ 0x40000000, -1, 0].filter((wrong) => wrong !== before)) {
        words[at] = value;
        expectUnharmed(heap, "ERR_INCOMPATIBLE_HEAP", () => SlabAllocator.attach(allocator.handle));
      }
      words[at] = before;
    }
    SlabAllocator.attach(allocator.handle).detach();
  });

  it("to a heap that is being formatted: ERR_HEAP_BUSY", () => {
    const { allocator, heap } = busyHeap();
    heap.words[header.status] = 1;
    expectUnharmed(heap, "ERR_HEAP_BUSY", () => SlabAllocator.attach(allocator.handle));
  });

  it("to a heap cut short", () => {
    const { allocator } = busyHeap();
    const cut = new SharedArrayBuffer(1 << 20);
    new Uint8Array(cut).set(new Uint8Array(bufferOf(heapOf(allocator).source), 0, 1 << 20));
    expectCode("ERR_INCOMPATIBLE_HEAP", () => openHeap({ ...allocator.handle, memory: cut }));
  });
});

describe("workers", () => {
  it("beyond maxWorkers: ERR_TOO_MANY_WORKERS", () => {
    const { allocator, heap } = busyHeap();
    const second = SlabAllocator.attach(allocator.handle);
    expectUnharmed(heap, "ERR_TOO_MANY_WORKERS", () => SlabAllocator.attach(allocator.handle));
    second.detach();
    SlabAllocator.attach(allocator.handle);
  });

  it("that cannot be reaped: oneself, and what is no id", () => {
    const { allocator, heap } = busyHeap();
    const wrong = [allocator.workerId, 0, -1, 127, 128, 255, 1.5, Number.NaN, 2 ** 53, ...notNumbers];
    for (const id of wrong) expectUnharmed(heap, "ERR_INVALID_WORKER", () => allocator.reap(id));
  });

  it("that cannot be tracked", () => {
    const { allocator, heap } = busyHeap();
    const once = () => undefined;
    const wrong = [...notNumbers, { threadId: 1 }, { once }, { threadId: "1", once }, { threadId: -1, once }];
    for (const worker of wrong as { threadId: number; once: () => void }[]) {
      expectUnharmed(heap, "ERR_INVALID_WORKER", () => allocator.track(worker));
    }
  });
});

it("out of memory leaves every object and every count as they were", () => {
  const { allocator, heap } = busyHeap();
  fillUp(allocator, 8192);
  const before = allocator.stats();
  const states = heap.states.slice();
  expectCode("ERR_OUT_OF_MEMORY", () => allocator.allocate(8192));
  assert.deepEqual(allocator.stats(), before);
  assert.deepEqual(heap.states, states);
  assert.deepEqual(allocator.check(), []);
});

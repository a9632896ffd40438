// Limits of heaps of slabs, each met exactly, one short and one over: the largest class, the last slot of a slab, the
// last chunk, the ends of the data and of the memory, capacities, workers, magazines.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HeapOptions, MemoryPool, SizeClasses, SlabAllocator } from "offheap";
import { expectCode, expectUnharmed, heapOf, optionsFor } from "./support/heaps.ts";
import { assertZeroResidue, fillUp } from "./support/residue.ts";
import { wasmMemory } from "./support/wasm.ts";

const chunk = 65_536;
const MiB = 2 ** 20;

describe("the last slot of a slab", () => {
  for (const bytes of [8, 24, 64, 1000, 7168, 8192, 24_000, 65_536])
    it(`of ${bytes} bytes is one, what follows it in the slab is none`, () => {
      const heap = new SlabAllocator(optionsFor(32, { sizeClasses: [bytes], maxWorkers: 1 }));
      const { dataAt, layout } = heapOf(heap);
      const addresses = fillUp(heap, bytes).sort((a, b) => a - b);
      const { totalSlabs, totalObjects, free, cached } = heap.stats().sizeClasses[0] ?? assert.fail();
      assert.deepEqual([totalObjects, free, cached], [addresses.length, 0, 0]);
      const slabBytes = layout.slabChunks * chunk;
      // A slab is full to where no more fits, or to the most slots that it may have.
      const lasts = addresses.filter(
        (at, i) => (addresses[i + 1] ?? Infinity) !== at + bytes || i === addresses.length - 1,
      );
      assert.ok(lasts.length >= 1 && totalSlabs >= 1);
      for (const last of lasts) {
        const behind = last + bytes;
        const space = (slabBytes - ((behind - dataAt) % slabBytes)) % slabBytes;
        assert.ok(space < bytes || bytes < 64, `${space} bytes are left behind a slot of ${bytes}`);
        assert.equal(heap.sizeOf(last), bytes);
        if (space > 0)
          for (const call of [
            () => heap.sizeOf(behind),
            () => heap.deallocate(behind),
            () => heap.adopt(behind),
          ])
            expectCode("ERR_INVALID_ADDRESS", call);
        heap.deallocate(last, bytes);
        assert.equal(heap.allocate(bytes), last);
        expectCode("ERR_OUT_OF_MEMORY", () => heap.allocate(bytes));
      }
      for (const address of addresses) heap.deallocate(address, bytes);
      assertZeroResidue(heap, [bytes]);
    });
});

describe("the data's first and last byte", () => {
  it("are an object's, and what lies beyond them is no address", () => {
    for (const offset of [0, 3 * chunk]) {
      const memory = new SharedArrayBuffer(4 * MiB + 8 * chunk);
      const u8 = new Uint8Array(memory).fill(0xab);
      const heap = new SlabAllocator({
        memory,
        offset,
        capacity: 4 * MiB,
        maxWorkers: 1,
        sizeClasses: [64, chunk],
      });
      const { dataAt, layout } = heapOf(heap);
      const end = dataAt + layout.chunkCount * chunk;
      assert.equal(end, offset + 4 * MiB);
      const addresses = fillUp(heap, chunk);
      assert.deepEqual([Math.min(...addresses), Math.max(...addresses)], [dataAt, end - chunk]);
      for (const address of addresses) heap.u8.fill(1, address, address + chunk);
      for (const wrong of [
        dataAt - 1,
        dataAt - 8,
        dataAt - 64,
        dataAt - chunk,
        end - 1,
        end - 8,
        end,
        end + 64,
        end + chunk,
      ])
        for (const call of [() => heap.deallocate(wrong), () => heap.sizeOf(wrong), () => heap.adopt(wrong)])
          expectUnharmed(heapOf(heap), "ERR_INVALID_ADDRESS", call);
      for (const wrong of [dataAt - 8, end, end + 64])
        assert.match(
          expectCode("ERR_INVALID_ADDRESS", () => heap.sizeOf(wrong)).message,
          /outside the heap's data/,
        );
      for (const address of addresses) heap.deallocate(address);
      assertZeroResidue(heap, [chunk, 64]);
      assert.ok([...u8.subarray(0, offset), ...u8.subarray(end)].every((byte) => byte === 0xab));
    }
  });
});

describe("the number of chunks", () => {
  for (const chunks of [1, 2, 31, 32, 33, 63, 64, 65, 1023, 1024, 1025])
    it(`may be ${chunks}: the last one serves, and there is no other`, () => {
      const heap = new SlabAllocator(optionsFor(chunks, { sizeClasses: [chunk], maxWorkers: 1 }));
      const { dataAt } = heapOf(heap);
      const last = dataAt + (chunks - 1) * chunk;
      const addresses = fillUp(heap, chunk);
      assert.deepEqual([addresses.length, Math.max(...addresses)], [chunks, last]);
      assert.equal(heap.stats().spanBytes, chunks * chunk);
      heap.deallocate(last);
      heap.cleanup();
      assert.equal(heap.allocate(chunk), last);
      for (const address of addresses) heap.deallocate(address, chunk);
      assertZeroResidue(heap, [chunk]);
    });
});

describe("the largest class", () => {
  for (const [name, sizeClasses, largest] of [
    ["of powers of two", SizeClasses.powersOfTwo, 8192],
    ["of fine classes", SizeClasses.fine, 8192],
    ["of one's own", [8, 65_528], 65_528],
    ["of all", [65_536], 65_536],
  ] as const)
    it(`${name} serves its size and one less, not one more`, () => {
      const heap = new SlabAllocator({ capacity: 4 * MiB, maxWorkers: 1, sizeClasses });
      for (const size of [largest - 1, largest]) {
        const address = heap.allocate(size);
        assert.equal(heap.sizeOf(address), largest);
        heap.u8[address + largest - 1] = 1;
        expectCode("ERR_SIZE_MISMATCH", () => heap.deallocate(address, largest + 1));
        heap.deallocate(address, size);
      }
      expectUnharmed(heapOf(heap), "ERR_INVALID_SIZE", () => heap.allocate(largest + 1));
      assertZeroResidue(heap, [largest]);
    });

  it("is reached from the one before it by one byte", () => {
    for (const sizeClasses of [SizeClasses.powersOfTwo, SizeClasses.fine, SizeClasses.malloc]) {
      const heap = new SlabAllocator({ capacity: 16 * MiB, maxWorkers: 1, sizeClasses });
      sizeClasses.forEach((bytes, i) => {
        const [short, exact] = [heap.allocate((sizeClasses[i - 1] ?? 0) + 1), heap.allocate(bytes)];
        assert.deepEqual([heap.sizeOf(short), heap.sizeOf(exact)], [bytes, bytes]);
        heap.deallocate(short, bytes);
        heap.deallocate(exact, (sizeClasses[i - 1] ?? 0) + 1);
      });
      assertZeroResidue(heap, [8192]);
    }
  });
});

describe("capacities", () => {
  const refused = (options: HeapOptions) => {
    expectCode("ERR_INVALID_OPTION", () => new SlabAllocator(options));
    expectCode("ERR_INVALID_OPTION", () => new MemoryPool(options));
  };

  it("of 4 GiB are the most, and what is no multiple of 64 KiB is rounded down", () => {
    for (const capacity of [2 ** 32 + 1, 2 ** 32 + chunk, 2 ** 33]) refused({ capacity });
    for (const [capacity, real] of [
      [2 ** 32, 2 ** 32],
      [2 ** 32 - 1, 2 ** 32 - chunk],
      [4 * MiB + chunk - 1, 4 * MiB],
      [4 * MiB - 1, 4 * MiB - chunk],
    ] as const) {
      const heap = new SlabAllocator({ capacity, maxWorkers: 1 });
      assert.deepEqual([heap.stats().capacity, heap.u8.length], [real, real]);
      heap.destroy();
    }
  });

  it("have a least one, of which a chunk less is refused, and which works", () => {
    const kinds = [{ sizeClasses: [64] }, { sizeClasses: [8] }, {}, { maxWorkers: 126 }];
    for (const kind of kinds) {
      for (const Kind of [SlabAllocator, MemoryPool]) {
        let chunks = 1;
        let made: SlabAllocator | undefined;
        for (; made === undefined; chunks++) {
          const options = { ...kind, capacity: chunks * chunk };
          try {
            made = new Kind(options);
          } catch {
            expectCode("ERR_INVALID_OPTION", () => new Kind(options));
          }
        }
        assert.ok(chunks > 2, "no capacity is too small");
        const largest = kind.sizeClasses?.[0] ?? 8192;
        const addresses = fillUp(made, largest);
        assert.ok(addresses.length > 0);
        for (const address of addresses) made.deallocate(address);
        assert.deepEqual(made.check(), []);
      }
    }
  });

  it("end where a memory of someone else's does", () => {
    const memory = wasmMemory(80, 80, true);
    const bytes = 80 * chunk;
    for (const offset of [0, chunk, 16 * chunk]) {
      const heap = new SlabAllocator({
        memory,
        offset,
        capacity: bytes - offset,
        maxWorkers: 1,
        sizeClasses: [chunk],
      });
      assert.equal(Math.max(...fillUp(heap, chunk)), bytes - chunk);
      heap.destroy();
      const rest = new SlabAllocator({ memory, offset, maxWorkers: 1 });
      assert.equal(rest.stats().capacity, bytes - offset);
      rest.destroy();
      refused({ memory, offset, capacity: bytes - offset + chunk });
    }
    for (const offset of [bytes, bytes + chunk, -chunk, chunk / 2, 2 ** 32]) refused({ memory, offset });
    const behind = expectCode("ERR_INVALID_OPTION", () => new SlabAllocator({ memory, offset: bytes }));
    assert.match(behind.message, new RegExp(`offset ${bytes} is beyond the memory`));
  });
});

describe("numbers in the options", () => {
  it("have a last one that is taken, and a next one that is not", () => {
    const list = (count: number) => Array.from({ length: count }, (_, i) => (i + 1) * 8);
    const pairs: [HeapOptions, HeapOptions][] = [
      [{ maxWorkers: 126 }, { maxWorkers: 127 }],
      [{ maxWorkers: 1 }, { maxWorkers: 0 }],
      [{ cleanupInterval: 2 ** 31 - 1 }, { cleanupInterval: 2 ** 31 }],
      [{ cleanupInterval: 0 }, { cleanupInterval: -1 }],
      [{ sizeClasses: list(63) }, { sizeClasses: list(64) }],
      [{ sizeClasses: [65_536] }, { sizeClasses: [65_544] }],
      [{ sizeClasses: [8] }, { sizeClasses: [0] }],
    ];
    for (const [taken, refused] of pairs) {
      const heap = new SlabAllocator({ capacity: 16 * MiB, ...taken });
      const largest = taken.sizeClasses?.at(-1) ?? 8192;
      const address = heap.allocate(largest);
      assert.equal(heap.sizeOf(address), largest);
      heap.deallocate(address, largest);
      assert.deepEqual(heap.check(), []);
      const most = taken.maxWorkers ?? 64;
      for (let i = 1; i < most; i++) SlabAllocator.attach(heap.handle);
      expectCode("ERR_TOO_MANY_WORKERS", () => SlabAllocator.attach(heap.handle));
      expectCode("ERR_INVALID_OPTION", () => new SlabAllocator({ capacity: 16 * MiB, ...refused }));
    }
  });
});

describe("a magazine", () => {
  const few = [3, 5, 9].map((roundLimit) => [64, { roundLimit }] as const);
  for (const [bytes, tiny] of [[8, {}], [64, {}], [8192, {}], ...few] as const)
    it(`keeps as many as it has space for, and one more sends some home: ${bytes} bytes, ${JSON.stringify(tiny)}`, () => {
      const options = { capacity: 64 * MiB, maxWorkers: 1, sizeClasses: [bytes], cleanupInterval: 0 };
      const heap = new SlabAllocator(options, { tiny });
      const [roundLimit] = heapOf(heap).layout.roundLimits as [number];
      const cached = () => heap.stats().workers[0]?.cached as number;
      const addresses = Array.from({ length: 3 * roundLimit }, () => heap.allocate(bytes));
      const left = roundLimit - cached();
      for (let i = 0; i < left; i++) heap.deallocate(addresses.pop() as number);
      assert.equal(cached(), roundLimit);
      heap.deallocate(addresses.pop() as number);
      assert.ok(cached() < roundLimit && cached() > 0);
      assert.deepEqual(heap.check(), []);
      for (let i = cached(); i > 0; i--) addresses.push(heap.allocate(bytes));
      assert.equal(cached(), 0);
      addresses.push(heap.allocate(bytes));
      assert.ok(cached() > 0 && cached() <= roundLimit);
      for (const address of addresses) heap.deallocate(address);
      assertZeroResidue(heap, bytes < 8192 ? [] : [bytes]);
    });
});

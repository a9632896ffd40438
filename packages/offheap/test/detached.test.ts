// A heap whose memory was taken away: an ArrayBuffer transferred, or a resizable one made smaller. Every call says so.
// A local memory of our own cannot be transferred.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SlabAllocator } from "offheap";
import { readFill, writeFill } from "./support/fill.ts";
import { expectCode } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";

const capacity = 2 << 20;

/** Buffers that grow and shrink, which the types of ES2023 do not know. */
interface Resizable extends ArrayBuffer {
  resize(bytes: number): void;
}
const Resizing = ArrayBuffer as unknown as new (
  bytes: number,
  options: { maxByteLength: number },
) => Resizable;
const resizable = (bytes: number) => new Resizing(bytes, { maxByteLength: 2 * capacity });

function prepared<T extends SlabAllocator | MemoryPool>(heap: T) {
  const live = heap.allocate(64);
  heap.deallocate(heap.allocate(64));
  heap.deallocate(heap.allocate(64));
  return { heap, live };
}

/** A copy of what is left. */
function bytesOf(memory: ArrayBuffer): Buffer {
  return memory.byteLength === 0 ? Buffer.alloc(0) : Buffer.from(memory.slice(0));
}

type Calls = Record<string, () => unknown>;

function callsOf(heap: SlabAllocator | MemoryPool, live: number): Calls {
  return {
    allocate: () => heap.allocate(64),
    "allocate another class": () => heap.allocate(4000),
    "allocate nothing": () => heap.allocate(0),
    deallocate: () => heap.deallocate(live),
    "deallocate with a size": () => heap.deallocate(live, 64),
    "deallocate what is none": () => heap.deallocate(live + 1),
    sizeOf: () => heap.sizeOf(live),
    adopt: () => heap.adopt(live),
    cleanup: () => heap.cleanup(),
    "cleanup of all": () => heap.cleanup({ all: true }),
    stats: () => heap.stats(),
    residency: () => heap.residency(),
    check: () => heap.check(),
    reap: () => heap.reap(130),
    track: () => heap.track({ threadId: 7, once: () => assert.fail("listened to") }),
    destroy: () => heap.destroy(),
    detach: () => heap.detach(),
    dispose: () => heap[Symbol.dispose](),
  };
}

function poolCalls(pool: MemoryPool, live: number): Calls {
  const large = pool.allocate(100_000);
  const region = pool.region();
  region.allocate(100);
  const { malloc, free, calloc, realloc, aligned_alloc } = pool.asMalloc();
  return {
    ...callsOf(pool, live),
    "allocate a large object": () => pool.allocate(500_000),
    "allocate zeroed": () => pool.allocate(64, { zeroed: true }),
    "allocate aligned": () => pool.allocate(64, { align: 4096 }),
    "deallocate a large object": () => pool.deallocate(large),
    "sizeOf a large object": () => pool.sizeOf(large),
    reallocate: () => pool.reallocate(live, 64),
    "reallocate to move": () => pool.reallocate(live, 5000),
    "reallocate a large object": () => pool.reallocate(large, 64),
    reset: () => pool.reset(),
    region: () => pool.region(),
    "allocate of a region": () => region.allocate(8),
    "end of a region": () => region.end(),
    malloc: () => malloc(64),
    "malloc of much": () => malloc(100_000),
    free: () => free(live),
    calloc: () => calloc(4, 16),
    realloc: () => realloc(live, 5000),
    aligned_alloc: () => aligned_alloc(64, 64),
  };
}

/** Each takes the memory away from under a heap of `capacity` bytes. */
const losses: Record<string, { make(): ArrayBuffer; lose(memory: ArrayBuffer): void }> = {
  "posted in a transfer list": {
    make: () => new ArrayBuffer(capacity),
    lose: (memory) => structuredClone(new Uint8Array(memory, 64, 8), { transfer: [memory] }),
  },
  "resized to nothing": {
    make: () => resizable(capacity),
    lose: (memory) => (memory as Resizable).resize(0),
  },
  "made one byte smaller": {
    make: () => resizable(capacity),
    lose: (memory) => (memory as Resizable).resize(capacity - 1),
  },
};

for (const [how, { make, lose }] of Object.entries(losses)) {
  for (const Allocator of [SlabAllocator, MemoryPool]) {
    describe(`${Allocator.name}, its ArrayBuffer ${how}`, () => {
      const setUp = () => {
        const memory = make();
        const { heap, live } = prepared(new Allocator({ memory, capacity, maxWorkers: 2 }));
        const calls = heap instanceof MemoryPool ? poolCalls(heap, live) : callsOf(heap, live);
        lose(memory);
        return { heap, calls, memory };
      };
      for (const name of Object.keys(setUp().calls)) {
        it(name, () => {
          const { calls, memory } = setUp();
          const before = bytesOf(memory);
          for (let again = 0; again < 2; again++) {
            const isSecondEnd = again === 1 && (name === "detach" || name === "dispose");
            if (isSecondEnd) calls[name]?.();
            else
              assert.match(expectCode("ERR_DETACHED", calls[name] as () => unknown).message, /transferred/);
          }
          assert.ok(before.equals(bytesOf(memory)), "something was written");
        });
      }

      it("has views that are empty, and no call after detach that works", () => {
        const { heap, calls } = setUp();
        assert.equal(heap.u8.length, 0);
        expectCode("ERR_DETACHED", () => heap.detach());
        for (const [name, call] of Object.entries(calls))
          if (name !== "detach" && name !== "dispose") expectCode("ERR_DETACHED", call);
      });
    });
  }
}

describe("a resizable ArrayBuffer", () => {
  it("that still holds the heap may be made smaller or larger behind it", () => {
    const memory = resizable(capacity + 65_536);
    const { heap, live } = prepared(new MemoryPool({ memory, capacity, maxWorkers: 2 }));
    writeFill(heap, live, 3);
    memory.resize(capacity + 5);
    const zeroed = heap.asMalloc().calloc(8, 8);
    assert.ok(heap.u8.subarray(zeroed, zeroed + 64).every((byte) => byte === 0));
    readFill(heap, live, 3);
    memory.resize(2 * capacity);
    const moved = heap.reallocate(live, 3000);
    memory.resize(capacity);
    for (const address of [moved, zeroed]) heap.deallocate(address);
    assertZeroResidue(heap);
  });

  it("that is made smaller and larger again is not served after detach", () => {
    const memory = resizable(capacity);
    const { heap, live } = prepared(new SlabAllocator({ memory, maxWorkers: 2 }));
    memory.resize(capacity - 8);
    expectCode("ERR_DETACHED", () => heap.detach());
    memory.resize(capacity);
    expectCode("ERR_DETACHED", () => heap.allocate(64));
    expectCode("ERR_DETACHED", () => heap.deallocate(live));
  });

  it("that was transferred before is told at the construction", () => {
    const memory = new ArrayBuffer(capacity);
    structuredClone(memory, { transfer: [memory] });
    assert.match(
      expectCode("ERR_INVALID_OPTION", () => new SlabAllocator({ memory })).message,
      /transferred/,
    );
  });
});

it("a local memory of our own stays where it is, whoever posts its buffer", () => {
  for (const Allocator of [SlabAllocator, MemoryPool]) {
    const heap = new Allocator({ memory: "local", capacity, maxWorkers: 2 });
    const live = heap.allocate(100);
    writeFill(heap, live, 5);
    const buffer = heap.u8.buffer as ArrayBuffer;
    // Node 20 copies it, newer hosts throw; nobody may take it.
    try {
      structuredClone(heap.u8.subarray(live, live + 8), { transfer: [buffer] });
    } catch (error) {
      assert.equal((error as Error).name, "DataCloneError");
    }
    readFill(heap, live, 5);
    heap.deallocate(live);
    assertZeroResidue(heap);
  }
});

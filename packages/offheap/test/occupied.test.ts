// A heap is not made over one that is alive, nor so that the two overlap. After destroy(), or on memory that holds
// none, it is; the workers of before have other ids than those of after.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, type MemorySource, SlabAllocator } from "offheap";
import { header } from "#src/layout/layout.js";
import { heapStatus } from "#src/memory/heap.js";
import { bufferOf } from "#src/memory/kind.js";
import { readFill, writeFill } from "./support/fill.ts";
import { expectCode, heapOf } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";
import { wasmMemory } from "./support/wasm.ts";

const step = 65_536;
const capacity = 2 << 20;
const options = { capacity, maxWorkers: 3 } as const;

/** A construction that must be refused and write nothing. */
function expectBusy(memory: MemorySource, make: () => unknown): string {
  const bytes = Buffer.from(bufferOf(memory) as ArrayBuffer);
  const before = Buffer.from(bytes);
  const { message } = expectCode("ERR_HEAP_BUSY", make);
  assert.ok(bytes.equals(before), "it was refused after something had been written");
  assert.match(message, /attach.*destroy/s);
  return message;
}

const memories: Record<string, () => MemorySource> = {
  SharedArrayBuffer: () => new SharedArrayBuffer(3 * capacity),
  ArrayBuffer: () => new ArrayBuffer(3 * capacity),
  "WebAssembly.Memory, shared": () => wasmMemory((3 * capacity) / step, (3 * capacity) / step, true),
  "WebAssembly.Memory, not shared": () => wasmMemory((3 * capacity) / step, (3 * capacity) / step, false),
};

for (const [kind, make] of Object.entries(memories)) {
  describe(`in a ${kind}`, () => {
    it("a live heap is not formatted over, whoever asks", () => {
      for (const [First, Second] of [
        [SlabAllocator, SlabAllocator],
        [SlabAllocator, MemoryPool],
        [MemoryPool, SlabAllocator],
      ] as const) {
        const memory = make();
        const heap = new First({ ...options, memory });
        const object = heap.allocate(1000);
        writeFill(heap, object, 1);
        assert.match(
          expectBusy(memory, () => new Second({ ...options, memory })),
          /offset 0 of/,
        );
        expectBusy(memory, () => new Second({ memory, sizeClasses: [64], maxWorkers: 1 }));
        readFill(heap, object, 1);
        heap.deallocate(object);
        assertZeroResidue(heap);
      }
    });

    it("nor is one that others are in when its maker has left", () => {
      const memory = make();
      const heap = new SlabAllocator({ ...options, memory });
      heap.detach();
      expectBusy(memory, () => new SlabAllocator({ ...options, memory }));
    });

    it("one heap may end where the next begins, and may not overlap it by a step", () => {
      const memory = make();
      const middle = new SlabAllocator({ ...options, memory, offset: capacity });
      expectBusy(memory, () => new SlabAllocator({ ...options, memory, capacity: capacity + step }));
      expectBusy(memory, () => new SlabAllocator({ ...options, memory, offset: step }));
      expectBusy(memory, () => new SlabAllocator({ ...options, memory, offset: 2 * capacity - step }));
      expectBusy(memory, () => new SlabAllocator({ memory, maxWorkers: 3 }));
      const before = new SlabAllocator({ ...options, memory });
      const behind = new SlabAllocator({ ...options, memory, offset: 2 * capacity });
      for (const heap of [before, middle, behind]) assertZeroResidue(heap);
    });
  });
}

describe("after destroy", () => {
  it("the place is free for a heap of any shape", () => {
    const memory = new SharedArrayBuffer(2 * capacity);
    for (const shape of [{}, { sizeClasses: [64] }, { maxWorkers: 1 }, { capacity, offset: step }]) {
      const heap = new SlabAllocator({ ...options, ...shape, memory });
      heap.deallocate(heap.allocate(64));
      assertZeroResidue(heap);
      heap.destroy();
    }
  });

  it("no worker of the new heap has the id of an old one, whatever the classes", () => {
    const memory = new SharedArrayBuffer(capacity);
    const seen = new Set<number>();
    for (const sizeClasses of [[64], [8, 16, 24, 32, 40, 48, 56, 64, 72], [64, 128], [64]]) {
      const first = new SlabAllocator({ memory, maxWorkers: 2, sizeClasses });
      const second = SlabAllocator.attach(first.handle);
      for (const { workerId } of [first, second]) {
        assert.ok(!seen.has(workerId), `${workerId} again`);
        seen.add(workerId);
      }
      assert.deepEqual(first.check(), []);
      second.destroy();
    }
    assert.equal(seen.size, 8);
  });

  it("a worker of before knows that it is none of the new heap, in the same place or not", () => {
    const memory = new SharedArrayBuffer(capacity);
    const old = new SlabAllocator({ ...options, memory });
    const bystander = SlabAllocator.attach(old.handle);
    const live = bystander.allocate(64);
    old.destroy();
    const heap = new SlabAllocator({ ...options, memory });
    for (const join of [() => undefined, () => SlabAllocator.attach(heap.handle)]) {
      join();
      expectCode("ERR_DETACHED", () => bystander.stats());
      expectCode("ERR_DETACHED", () => bystander.adopt(live));
      assert.equal(heap.reap(bystander.workerId).reaped, false);
    }
    bystander.detach();
    assert.deepEqual(heap.check(), []);
    assert.equal(heap.stats().workers.length, 2);
  });
});

describe("memory that holds no heap", () => {
  const make = () => {
    const memory = new SharedArrayBuffer(2 * capacity);
    const heap = new SlabAllocator({ ...options, memory });
    return { memory, words: heapOf(heap).words };
  };
  const notAlive: Record<string, (words: Int32Array) => void> = {
    "a header whose checksum does not fit": (words) => {
      words[header.checksum] = (words[header.checksum] as number) ^ 1;
    },
    "a header with another number of workers": (words) => {
      words[header.config + 2] = 2;
    },
    "a header of another version": (words) => {
      words[header.version] = 99;
    },
    "a status that is none": (words) => {
      words[header.status] = 7;
    },
    "a header that was filled with zeros, as the message says": (words) => {
      words.fill(0, 0, 64);
    },
  };
  for (const [name, damage] of Object.entries(notAlive)) {
    it(`is what has ${name}`, () => {
      const { memory, words } = make();
      damage(words);
      assertZeroResidue(new SlabAllocator({ ...options, memory }));
    });
  }

  it("is what has a header of more bytes than there are", () => {
    const { memory } = make();
    const cut = new SharedArrayBuffer(capacity - step);
    Buffer.from(cut).set(Buffer.from(memory, 0, capacity - step));
    assertZeroResidue(new SlabAllocator({ memory: cut, maxWorkers: 3 }));
  });

  it("is not what is being formatted", () => {
    const { memory, words } = make();
    words[header.status] = heapStatus.formatting;
    expectBusy(memory, () => new SlabAllocator({ ...options, memory }));
  });

  it("a header that lies in an object is no heap of this memory's steps, nor is one behind the region", () => {
    const memory = new SharedArrayBuffer(3 * capacity);
    const heap = new SlabAllocator({ ...options, memory });
    Buffer.from(memory).copyWithin(2 * capacity, 0, step);
    Buffer.from(memory).copyWithin(capacity + 8, 0, step);
    assertZeroResidue(new SlabAllocator({ ...options, memory, offset: capacity }));
    assertZeroResidue(heap);
  });
});

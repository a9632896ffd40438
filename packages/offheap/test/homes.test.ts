// Homes: a worker goes on with slabs of its own while the heap has space, and takes others' before it is refused.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SlabAllocator } from "offheap";
import type { Heap } from "#src/memory/heap.js";
import { attachTo, makeHeap, optionsFor } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";

const size = 64;
const slots = 8;

/** A heap of slabs of 8 slots, a chunk each, and magazines of one round. */
function heapOfChunks(chunks: number, maxWorkers = 2): Heap {
  const options = optionsFor(chunks, { maxWorkers, sizeClasses: [size], cleanupInterval: 0 });
  return makeHeap(options, { slotsPerSlab: slots, slabChunks: 1, roundLimit: 1 });
}

function take(allocator: SlabAllocator, count: number): number[] {
  return Array.from({ length: count }, () => allocator.allocate(size));
}

/** The heads of the slabs in which the objects lie. */
function slabsOf(objects: readonly number[]): Set<number> {
  return new Set(objects.map((address) => address >>> 16));
}

function shared(...sets: Set<number>[]): number {
  return (
    sets.reduce((sum, { size: count }) => sum + count, 0) - new Set(sets.flatMap((set) => [...set])).size
  );
}

function end(heap: Heap, objects: readonly number[]): void {
  const last = attachTo(heap);
  for (const address of objects) last.deallocate(address);
  assert.deepEqual(last.check(), []);
  last.cleanup({ all: true });
  assertZeroResidue(last);
}

describe("two workers at work", () => {
  it("share no slab while most of the heap is free, in whatever order they allocate and free", () => {
    const heap = heapOfChunks(64);
    const [a, b] = [attachTo(heap), attachTo(heap)];
    const [ofA, ofB]: [number[], number[]] = [[], []];
    for (let i = 0; i < 3 * slots; i++) {
      ofA.push(a.allocate(size));
      ofB.push(b.allocate(size));
    }
    assert.deepEqual([slabsOf(ofA).size, slabsOf(ofB).size], [3, 3]);
    assert.equal(shared(slabsOf(ofA), slabsOf(ofB)), 0);
    for (let i = 0; i < 3 * slots; i += 2) {
      b.deallocate(ofA[i] as number); // an object's home does not change with who frees it
      a.deallocate(ofB[i] as number);
    }
    a.cleanup();
    b.cleanup();
    const spanBytes = a.stats().spanBytes;
    for (let i = 0; i < 3 * slots; i += 2) {
      ofA[i] = a.allocate(size);
      ofB[i] = b.allocate(size);
    }
    assert.equal(a.stats().spanBytes, spanBytes);
    assert.equal(shared(slabsOf(ofA), slabsOf(ofB)), 0);
    a.detach();
    b.detach();
    end(heap, [...ofA, ...ofB]);
  });

  it("take each other's slots once a quarter of the chunks is in spans, and before they are refused", () => {
    const heap = heapOfChunks(8);
    const [a, b] = [attachTo(heap), attachTo(heap)];
    const ofA = take(a, 2 * slots + 1); // three chunks of eight
    const ofB = take(b, 1);
    assert.equal(shared(slabsOf(ofA), slabsOf(ofB)), 1);
    const rest = take(b, 8 * slots - ofA.length - ofB.length);
    assert.throws(() => b.allocate(size), { code: "ERR_OUT_OF_MEMORY" });
    a.detach();
    b.detach();
    end(heap, [...ofA, ...ofB, ...rest]);
  });

  it("share where a slab more would be over a quarter of the chunks", () => {
    const heap = heapOfChunks(8);
    const [a, b] = [attachTo(heap), attachTo(heap)];
    const [ofA, ofB] = [take(a, slots + 1), take(b, 1)];
    assert.equal(shared(slabsOf(ofA), slabsOf(ofB)), 1);
    a.detach();
    b.detach();
    end(heap, [...ofA, ...ofB]);
  });

  it("keep from each other only what is half full, and the last home", () => {
    const heap = heapOfChunks(512);
    const [a, b] = [attachTo(heap), attachTo(heap)];
    const ofA = take(a, 20 * slots);
    const stay = ofA.filter((_, i) => (i < 10 * slots ? i % slots < 5 : i % slots === 0));
    for (const address of ofA) if (!stay.includes(address)) a.deallocate(address);
    a.cleanup();
    const ofB = take(b, 10 * slots);
    const kept = [...slabsOf(ofA)].filter((slab) => !slabsOf(ofB).has(slab));
    assert.equal(kept.length, 11);
    a.detach();
    b.detach();
    end(heap, [...stay, ...ofB]);
  });

  it("find their homes among many of others", () => {
    const heap = heapOfChunks(1024, 3);
    const [a, b] = [attachTo(heap), attachTo(heap)];
    const first = take(a, 40 * slots);
    const own = take(b, 2 * slots);
    const more = take(a, 40 * slots);
    for (const [i, address] of [...first, ...more].entries()) if (i % slots === 0) a.deallocate(address);
    a.cleanup();
    b.deallocate(own[slots] as number);
    b.cleanup();
    const taken = b.allocate(size);
    assert.equal(taken, own[slots]);
    a.detach();
    b.detach();
    end(heap, [...first, ...more].filter((_, i) => i % slots !== 0).concat(own));
  });
});

describe("a slab is nobody's home", () => {
  it("once its worker has left", () => {
    const heap = heapOfChunks(64);
    const [a, b] = [attachTo(heap), attachTo(heap)];
    const ofA = take(a, 1);
    a.detach();
    const ofB = take(b, slots - 1);
    assert.equal(shared(slabsOf(ofA), slabsOf(ofB)), 1);
    b.detach();
    end(heap, [...ofA, ...ofB]);
  });

  it("once its worker was reaped", () => {
    const heap = heapOfChunks(64);
    const [a, b] = [attachTo(heap), attachTo(heap)];
    const ofA = take(a, 1);
    b.reap(a.workerId);
    const ofB = take(b, slots - 1);
    assert.equal(shared(slabsOf(ofA), slabsOf(ofB)), 1);
    b.detach();
    end(heap, [...ofA, ...ofB]);
  });
});

// Two frees of one object that overlapped, as they leave the books: the slot is in the magazines of both, its byte
// names the later one, both frees are counted. The other takes its round and its free back at its next use of it.
// (The schedules that lead there: interleave/scenarios/double-free.ts.)

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SlabAllocator } from "offheap";
import { ChunkSet } from "#src/arena/chunk-set.js";
import { claimClaimed, classOf, lengthOf } from "#src/arena/claim.js";
import type { ChunkIndex, ClassIndex, WorkerPlace } from "#src/base/brands.js";
import type { SizeClass } from "#src/layout/class-table.js";
import { counter } from "#src/layout/layout.js";
import { chunkSetAt, counterAt } from "#src/layout/offsets.js";
import type { Heap } from "#src/memory/heap.js";
import { roundCountIn, setRoundCount } from "#src/slab/counters.js";
import { attachTo, makeHeap } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";

const size = 64;
const slots = 16;

function fixture(): { heap: Heap; loser: SlabAllocator; winner: SlabAllocator } {
  const tiny = { slotsPerSlab: slots, slabChunks: 1, roundLimit: 4 };
  const heap = makeHeap({ capacity: 2 << 20, maxWorkers: 3, sizeClasses: [size, 128] }, tiny);
  return { heap, loser: attachTo(heap), winner: attachTo(heap) };
}

function slotAt(heap: Heap, address: number, bytes = size): number {
  const offset = address - heap.dataAt;
  return (Math.floor(offset / 65_536) << heap.layout.stateShift) + (offset % 65_536) / bytes;
}

/** Both have read the byte before either wrote it. */
function freeTwice(heap: Heap, loser: SlabAllocator, winner: SlabAllocator, address: number): void {
  const slot = slotAt(heap, address);
  const live = heap.states[slot] as number;
  loser.deallocate(address);
  heap.states[slot] = live;
  winner.deallocate(address);
}

function end(...workers: SlabAllocator[]): void {
  for (const worker of workers) worker.cleanup();
  const [first, ...others] = workers as [SlabAllocator, ...SlabAllocator[]];
  assert.deepEqual(first.check(), []);
  for (const other of others) other.detach();
  assertZeroResidue(first);
}

describe("the earlier of two overlapping frees is taken back", () => {
  it("by its worker's next allocation", () => {
    const { heap, loser, winner } = fixture();
    const address = winner.allocate(size);
    const other = winner.allocate(size);
    freeTwice(heap, loser, winner, address);
    assert.notDeepEqual(loser.check(), []);
    const own = loser.allocate(size);
    assert.notEqual(own, address);
    assert.deepEqual(loser.check(), []);
    assert.equal(winner.allocate(size), address);
    for (const object of [own, other, address]) loser.deallocate(object);
    end(loser, winner);
  });

  it("by its worker's next drain", () => {
    const { heap, loser, winner } = fixture();
    const objects = Array.from({ length: 8 }, () => winner.allocate(size));
    freeTwice(heap, loser, winner, objects.shift() as number);
    for (const address of objects.splice(0, 4)) loser.deallocate(address);
    assert.deepEqual(loser.check(), []);
    for (const address of objects) loser.deallocate(address);
    end(loser, winner);
  });

  for (const isGone of [false, true]) {
    it(`by a drain that passes a held slab by${isGone ? ", when the slab is gone" : ""}`, () => {
      const { heap, loser, winner } = fixture();
      const { words, layout } = heap;
      const objects = Array.from({ length: 2 * slots }, () => winner.allocate(size)).sort((a, b) => a - b);
      const spare = attachTo(heap);
      loser.deallocate(objects[0] as number);
      freeTwice(heap, loser, spare, objects[slots] as number);
      loser.deallocate(objects[1] as number);
      loser.deallocate(objects[2] as number);
      const at = layout.claimsAt;
      const claim = words[at] as number;
      words[at] = claimClaimed(classOf(claim), lengthOf(claim), 2 as WorkerPlace);
      const map = words[layout.mapAt + 1] as number;
      if (isGone) words[layout.mapAt + 1] = 0;
      loser.deallocate(objects[3] as number);
      words[layout.mapAt + 1] = map;
      words[at] = claim;
      assert.deepEqual(loser.check(), []);
    });
  }
});

describe("when the later one came after the slab had gone", () => {
  /** The loser has a round of a slab that is gone, or another's; its byte was written there all the same. */
  function late(reuse?: number): { heap: Heap; loser: SlabAllocator; slot: number } {
    const { heap, loser, winner } = fixture();
    const objects = Array.from({ length: 8 }, () => winner.allocate(size)).sort((a, b) => a - b);
    const address = objects.pop() as number;
    const slot = slotAt(heap, address);
    loser.deallocate(address);
    for (const other of objects) winner.deallocate(other);
    const own = heap.states[slot] as number;
    // The other free came first, and its slot has gone home.
    heap.states[slot] = 0;
    const sizeClass = winner["slow"].classes[1] as SizeClass;
    setRoundCount(heap, sizeClass, roundCountIn(heap, sizeClass), 1);
    new ChunkSet(heap, chunkSetAt(heap.layout, 1)).add(0 as ChunkIndex);
    assert.equal(winner.cleanup().slabs, 1);
    if (reuse !== undefined) winner.allocate(reuse);
    heap.states[slot] = own;
    return { heap, loser, slot };
  }

  it("the byte is free again", () => {
    const { heap, loser, slot } = late();
    loser["slow"]["core"].uncount(1, slot);
    assert.equal(heap.states[slot], 0);
    assert.deepEqual(loser.check(), []);
  });

  it("a byte that nobody looked at is free in the next slab", () => {
    const { heap, loser, slot } = late();
    loser.cleanup();
    loser.detach();
    heap.states[slot] = 1;
    const other = attachTo(heap);
    const objects = Array.from({ length: slots }, () => other.allocate(size));
    assert.ok(objects.some((address) => slotAt(heap, address) === slot));
    assert.deepEqual(other.check(), []);
  });

  it("the slot is a stray of the slab that stands there now, until the next clean-up", () => {
    const { heap, loser } = late(128);
    loser.allocate(size);
    const strays = heap.words[counterAt(heap.layout, 1 as WorkerPlace, 2 as ClassIndex) + counter.strays];
    assert.equal(strays, 1);
    loser.cleanup();
    assert.deepEqual(loser.check(), []);
  });
});

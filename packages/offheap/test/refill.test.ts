// What a refill makes of a slab whose info words are wrong, as only a race of illegal frees or a death leaves them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { slabInfo } from "#src/layout/layout.js";
import { infoAt } from "#src/layout/offsets.js";
import { attachTo, makeHeap } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";

const size = 64;

describe("a refill", () => {
  for (let extra = 1; extra <= 3; extra++) {
    it(`of a slab that counts ${extra} free slots too many takes those that there are`, () => {
      const heap = makeHeap(
        { capacity: 2 << 20, maxWorkers: 2, sizeClasses: [size] },
        { slotsPerSlab: 8, slabChunks: 1, roundLimit: 8 },
      );
      const [first, second] = [attachTo(heap), attachTo(heap)];
      const objects = Array.from({ length: 8 }, () => first.allocate(size)).sort((a, b) => a - b);
      for (const i of [5, 2]) first.deallocate(objects[i] as number);
      first.detach(); // or the second one builds a slab of its own
      const count = infoAt(heap.layout, 0) + slabInfo.freeCount;
      assert.equal(heap.words[count], 2);
      heap.words[count] = 2 + extra;
      assert.equal(second.allocate(size), objects[2]);
      assert.equal(second.allocate(size), objects[5]);
      assert.equal(heap.words[count], extra);
      // The next one finds none in it, and puts the count right.
      const next = second.allocate(size);
      assert.equal(heap.words[count], 0);
      assert.deepEqual(second.check(), []);
      for (const address of [...objects, next]) second.deallocate(address);
      second.cleanup();
      assertZeroResidue(second);
    });
  }
});

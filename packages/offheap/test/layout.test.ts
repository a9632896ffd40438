// The literals of the fast path against the layout that they stand for, in heaps of every shape.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SizeClasses, SlabAllocator } from "offheap";
import type { ClassIndex, WorkerPlace } from "#src/base/brands.js";
import { gauge } from "#src/layout/gauge.js";
import {
  classEntry,
  classesWord,
  inverseOfNone,
  mapWord,
  maxClassCount,
  wordsPerClassEntry,
  wordsPerRound,
} from "#src/layout/layout.js";
import { gaugesAt, magazineAt, roundsAt } from "#src/layout/offsets.js";
import { heapOf } from "./support/heaps.ts";

const most = Array.from({ length: maxClassCount }, (_, i) => 8 * (i + 1));
const heaps = [
  new SlabAllocator({ capacity: 1 << 20, maxWorkers: 2 }),
  new SlabAllocator({ capacity: 64 << 20, sizeClasses: most }),
  new MemoryPool({ capacity: 8 << 20, maxWorkers: 126, sizeClasses: [8, 65_536] }),
  new MemoryPool({ capacity: 2 ** 30, sizeClasses: SizeClasses.malloc }),
];

describe("what the fast path has as literals", () => {
  it("is where the layout has it", () => {
    for (const heap of heaps) {
      const { layout, words } = heapOf(heap);
      const worker = layout.maxWorkers as WorkerPlace;
      assert.equal(roundsAt(layout, worker), gaugesAt(layout, worker) + gauge.toRounds);
      assert.equal(gauge.toAbove, gauge.toRounds + wordsPerRound);
      assert.equal(inverseOfNone, classesWord - wordsPerClassEntry + classEntry.inverse);
      assert.equal(words[inverseOfNone], 0);
      assert.equal(layout.mapAt, mapWord);
      assert.ok(classesWord + maxClassCount * wordsPerClassEntry <= mapWord);
    }
  });

  it("leaves a round that is none below each magazine, and space for one more above", () => {
    for (const heap of heaps) {
      const { layout, words } = heapOf(heap);
      const worker = 1 as WorkerPlace;
      layout.roundLimits.forEach((roundLimit, i) => {
        const classIndex = (i + 1) as ClassIndex;
        const lowest = magazineAt(layout, worker, classIndex);
        assert.equal(words[lowest - wordsPerRound + 1], 0);
        if (i + 1 === layout.roundLimits.length) return;
        const next = magazineAt(layout, worker, (classIndex + 1) as ClassIndex);
        assert.ok(lowest + (roundLimit + 1) * wordsPerRound <= next - wordsPerRound);
      });
    }
  });

  it("leads a request that is not served to no class", () => {
    for (const heap of heaps) {
      const { layout, bytes } = heapOf(heap);
      const largest = layout.objectBytes.at(-1) as number;
      assert.equal(bytes[0], 0);
      assert.equal(bytes[largest / 8], layout.objectBytes.length);
      assert.ok(layout.tableBytes > largest / 8);
      assert.deepEqual(heap.check(), []);
    }
  });
});

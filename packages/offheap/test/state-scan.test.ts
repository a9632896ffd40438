// State bytes searched, counted and freed four at a time: from and to anywhere, and no byte of another's written.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { verbsOver } from "#core/built/instance.js";
import { type Access, hardwareAccess } from "#src/memory/block.js";
import { clearStates, countStates, firstUsed, freeStates } from "#src/slab/state-scan.js";
import { makeHeap } from "./support/heaps.ts";
import { Random } from "./support/random.ts";

const size = 64;

describe("state bytes, four at a time", () => {
  it("tells the first that is not 0, wherever it begins and ends, and reads nothing beside", () => {
    const heap = makeHeap({ capacity: 4 << 20, maxWorkers: 1, sizeClasses: [size] });
    for (let used = 0; used < 20; used++) {
      heap.states[used] = 7;
      for (let from = 0; from < 20; from++)
        for (let end = from; end < 20; end++)
          assert.equal(firstUsed(heap, from, end), used >= from && used < end ? used : end);
      heap.states[used] = 0;
    }
    heap.states.fill(7, 0, 20);
    clearStates(heap, 3, 14);
    assert.deepEqual([...heap.states.subarray(0, 20)], [7, 7, 7, ...Array(11).fill(0), 7, 7, 7, 7, 7, 7]);
  });

  it("counts a worker's slots and frees them, and no byte beside, whatever stands there", () => {
    const worker = 5;
    const same = worker * 0x01010101;
    let isOurs = true;
    const verbs: Access["verbs"] = (buffer) => {
      const plain = verbsOver(buffer);
      const storeQuad = (at: number, value: number) => {
        // Another worker's byte may change at any time: a quad with one in it is not to be written as a whole.
        if (plain.loadQuad(at) !== same) isOurs = false;
        plain.storeQuad(at, value);
      };
      return { ...plain, storeQuad };
    };
    const options = { capacity: 4 << 20, maxWorkers: 1, sizeClasses: [size] } as const;
    const heap = makeHeap({ ...options, memory: "local" }, {}, { ...hardwareAccess, verbs });
    const bytes = [0, worker, 128 + worker, 128, 7, 133, worker ^ 128, worker + 1];
    const random = new Random(11);
    for (let round = 0; round < 2000; round++) {
      const before = Array.from({ length: 80 }, () => {
        const kind = random.below(round % 2 === 0 ? 2 : bytes.length);
        return bytes[kind] as number;
      });
      if (round % 3 === 0) before.fill(worker, 8, 8 + random.below(40));
      const from = 4 * random.below(8);
      const end = from + random.below(80 - from + 1);
      heap.states.set(before, 0);
      const ours = before.slice(from, end).filter((byte) => byte === worker).length;
      assert.equal(countStates(heap, from, end, worker), ours);
      assert.deepEqual([...heap.states.subarray(0, 80)], before);
      freeStates(heap, from, end, worker);
      const after = before.map((byte, slot) => (slot >= from && slot < end && byte === worker ? 0 : byte));
      assert.deepEqual([...heap.states.subarray(0, 80)], after);
    }
    assert.ok(isOurs);
  });
});

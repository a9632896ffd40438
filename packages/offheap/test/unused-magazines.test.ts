// A magazine that was never used has a gauge of 0: no rounds, and no space. Whoever meets one leaves it so, and its
// memory untouched; the first free by its worker gives it space.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SlabAllocator } from "offheap";
import { recordAt } from "#src/layout/offsets.js";
import { roundCountIn } from "#src/slab/counters.js";
import { journal } from "#src/worker/journal.js";
import { counts, end, type Fixture, fixture, isLive, size } from "./support/cut-short.ts";
import { attachTo } from "./support/heaps.ts";

describe("a magazine that was never used", () => {
  const meetings: Record<string, (fresh: SlabAllocator, made: Fixture) => void> = {
    "a reap of its worker": (fresh, { heir }) => assert.ok(heir.reap(fresh.workerId).reaped),
    "one that frees objects": (fresh, { heir }) =>
      assert.ok(heir.reap(fresh.workerId, { live: true }).reaped),
    "a detach": (fresh) => fresh.detach(),
    "clean-ups": (fresh) => {
      fresh.cleanup();
      fresh.cleanup({ all: true });
    },
    "a reap by its worker": (fresh, { victim }) => assert.ok(fresh.reap(victim.workerId).reaped),
    "an exception before": (fresh, { heap }) => {
      heap.words[recordAt(heap.layout, fresh["slow"].place)] = journal.moving;
      fresh.cleanup();
    },
  };
  for (const [name, meet] of Object.entries(meetings)) {
    it(`stays so, and its memory untouched: ${name}`, () => {
      const made = fixture();
      const { heap, heir } = made;
      const fresh = attachTo(heap);
      const { place, classes } = fresh["slow"];
      const at = recordAt(heap.layout, place);
      meet(fresh, made);
      const words = heap.words.subarray(at, at + heap.layout.recordWords);
      assert.deepEqual(
        [...words.keys()].filter((i) => words[i] !== 0),
        [],
      );
      assert.deepEqual(
        classes.slice(1, 3).map((own) => roundCountIn(heap, own)),
        [0, 0],
      );
      assert.deepEqual(heir.check(), []);
      assert.deepEqual(counts(made), [12, 3]);
      end(made, name === "a reap by its worker");
    });
  }

  it("takes what its worker frees, counts it, and gives it out again", () => {
    const made = fixture();
    const fresh = attachTo(made.heap);
    for (let i = 0; i < 5; i++) {
      fresh.deallocate(made.objects[i] as number);
      assert.deepEqual(counts(made), [12, 4 + i]);
      assert.deepEqual(fresh.check(), []);
    }
    assert.equal(fresh.allocate(size), made.objects[4]);
    fresh.deallocate(made.objects[4] as number);
    fresh.detach();
    end(made, false);
  });

  it("takes the objects of a dead worker that its worker frees", () => {
    const made = fixture();
    const fresh = attachTo(made.heap);
    assert.equal(fresh.reap(made.heir.workerId, { live: true }).freedObjects, 9);
    assert.deepEqual(fresh.check(), []);
    assert.deepEqual([fresh.stats().allocs, fresh.stats().deallocs], [12, 12]);
    end({ ...made, heir: fresh }, false);
  });

  it("takes it also when its worker's free is cut short before any of its stores", () => {
    for (let n = 0, isCut = true; isCut; n++) {
      const made = fixture();
      const fresh = attachTo(made.heap, made.victim["heap"].access);
      isCut = made.cut(n, () => fresh.deallocate(made.objects[0] as number));
      const isFree = !isLive(made.heap, made.objects[0] as number);
      made.heir.reap(fresh.workerId);
      assert.deepEqual(counts(made), [12, isFree ? 4 : 3]);
      assert.deepEqual(made.heir.check(), []);
      end(made, false);
    }
  });

  it("is whole again when its first refill is cut short before any of its stores, and a free follows", () => {
    const refill = (n: number): { made: Fixture; fresh: SlabAllocator; isCut: boolean } => {
      const made = fixture();
      const fresh = attachTo(made.heap, made.victim["heap"].access);
      return { made, fresh, isCut: made.cut(n, () => fresh.allocate(size)) };
    };
    let stores = 0;
    while (refill(stores).isCut) stores++;
    // The last is the gauge's, before which no exception can pass: the byte's comes just before it, without a call.
    for (let n = 0; n < stores - 1; n++) {
      const { made, fresh } = refill(n);
      fresh.deallocate(made.objects[0] as number);
      fresh.cleanup();
      assert.deepEqual(counts(made), [12, 4], `before store ${n} of ${stores}`);
      assert.deepEqual(made.heir.check(), []);
      fresh.detach();
      end(made, false);
    }
  });
});

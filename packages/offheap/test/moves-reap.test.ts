// A clean-up in the midst of a move looks for no dead: whoever reaps settles its own move, and the new object would end.

import assert from "node:assert/strict";
import { it } from "node:test";
import { MemoryPool } from "offheap";
import { record, recordAt } from "#src/layout/index.js";
import { kitOf } from "./support/kits.ts";

interface Inside {
  readonly slow: { readonly dead: { reapNowAndThen(): void } };
}

it("looks for the dead only while no object moves", () => {
  for (const engine of ["wasm", "js"] as const) {
    const pool = new MemoryPool({ capacity: 16 << 20, cleanupInterval: 1, engine });
    const { heap, place } = kitOf(pool);
    let looks = 0;
    (pool as unknown as Inside).slow.dead.reapNowAndThen = () => {
      looks++;
      assert.equal(heap.words[recordAt(heap.layout, place) + record.doomed], 0);
    };
    for (const [from, to] of [
      [20_000, 5000],
      [700_000, 5000],
      [5000, 20_000],
      [100, 7000],
    ] as const)
      for (let i = 0; i < 200; i++) {
        const moved = pool.reallocate(pool.allocate(from + i), to);
        pool.deallocate(moved);
      }
    assert.ok(looks > 0);
    assert.deepEqual([pool.stats().liveObjects, pool.check()], [0, []]);
    pool.destroy();
  }
});

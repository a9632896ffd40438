// Large objects that grow by a little at a time, many in turn: they move into space that lets them double, and so are
// copied about once altogether. Where there is no such space, they go where there is some.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool } from "offheap";
import { Random } from "./support/random.ts";

const step = 65_536;
const mebi = 2 ** 20;

interface Growth {
  readonly copied: number;
  readonly grown: number;
  readonly refused: number;
}

/** Lets `count` objects grow to `most` bytes, the next one of them each time, or one at random. */
function grow(pool: MemoryPool, count: number, most: number, random?: Random): Growth {
  const objects = Array.from({ length: count }, () => ({ at: 0, bytes: 0 }));
  let copied = 0;
  let refused = 0;
  for (let turn = 0; turn < (count * most) / step; turn++) {
    const object = objects[random === undefined ? turn % count : random.below(count)] as (typeof objects)[0];
    const bytes = Math.min(object.bytes + step, most);
    try {
      const at = object.at === 0 ? pool.allocate(bytes) : pool.reallocate(object.at, bytes);
      if (object.at !== 0 && at !== object.at) copied += object.bytes;
      Object.assign(object, { at, bytes });
    } catch (error) {
      assert.equal((error as { code?: unknown }).code, "ERR_OUT_OF_MEMORY");
      refused++;
    }
    if (object.at === 0) continue;
    pool.i32[object.at / 4] = object.at;
    pool.i32[(object.at + object.bytes) / 4 - 1] = object.bytes;
  }
  for (const { at, bytes } of objects.filter((object) => object.at !== 0)) {
    assert.equal(pool.i32[(at + bytes) / 4 - 1], bytes);
    pool.deallocate(at, bytes);
  }
  const grown = objects.reduce((sum, { bytes }) => sum + bytes, 0);
  return { copied, grown, refused };
}

describe("large objects that grow by turns", () => {
  for (const engine of ["wasm", "js"] as const)
    for (const isRandom of [false, true])
      it(`are copied twice at most${isRandom ? ", in any order" : ""}: ${engine}`, () => {
        const pool = new MemoryPool({ capacity: 256 * mebi, engine });
        const { copied, grown, refused } = grow(pool, 16, 8 * mebi, isRandom ? new Random(3) : undefined);
        assert.equal(refused, 0);
        assert.ok(copied <= 2 * grown, `${copied} bytes were copied for ${grown}`);
        pool.cleanup({ all: true });
        assert.deepEqual(pool.check(), []);
        assert.equal(pool.stats().liveObjects, 0);
        pool.destroy();
      });

  it("fill a pool that has no room beside them", () => {
    const pool = new MemoryPool({ capacity: 64 * mebi });
    const { grown, refused } = grow(pool, 30, 4 * mebi, new Random(5));
    assert.ok(refused > 0);
    assert.ok(grown > 0.8 * pool.stats().capacity, `${grown} bytes`);
    assert.deepEqual(pool.check(), []);
    pool.destroy();
  });
});

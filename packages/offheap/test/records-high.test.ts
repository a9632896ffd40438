// Records whose addresses are above 2 GiB, where they are no small integers, and go through signed words.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { array, atomic, f64, Records, ref, struct, u8, u16, u32, utf8 } from "offheap/records";
import { expectCode } from "./support/heaps.ts";
import { places, poolAt } from "./support/high.ts";

const S = struct({
  a: u32,
  b: f64,
  c: u8,
  d: u16,
  name: utf8(12),
  list: array(u16, 4),
  self: ref(() => S),
  seen: atomic(u32),
});

describe("records above 2 GiB", () => {
  for (const place of places) {
    it(`hold what they are set to: ${place.name}`, () => {
      const pool = poolAt(place);
      const records = new Records(pool, S);
      const handles = Array.from({ length: 3000 }, (_, i) =>
        records.create({ a: i, name: `é${i}`, list: [i, 1] }),
      );
      handles.forEach((handle, i) => {
        const at = records.at(handle);
        Object.assign(at, { b: i / 2, c: i & 255, d: i, self: handle });
        at.seen.add(i);
      });
      for (const at of records) {
        const i = at.a;
        assert.deepEqual([at.b, at.c, at.d, at.name, at.list.get(0)], [i / 2, i & 255, i, `é${i}`, i]);
        assert.deepEqual([at.self, at.seen.load(), at.handle], [handles[i], i, handles[i]]);
      }
      assert.equal(records.size, handles.length);
      for (const handle of handles) records.free(handle);
      expectCode("ERR_STALE_HANDLE", () => records.at(handles[0] as number));
      records.destroy();
      assert.deepEqual(pool.check(), []);
    });
  }
});

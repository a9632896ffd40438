// Structures in a memory that is not shared, and has grown: all views over it are empty then, and each call makes new ones first.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool } from "offheap";
import { SharedMap } from "offheap/map";
import { Records, struct, u32 } from "offheap/records";
import { Ring } from "offheap/ring";
import { wasmMemory } from "./support/wasm.ts";

for (const engine of ["wasm", "js"] as const)
  describe(`a memory that has grown, ${engine}`, () => {
    const grown = () => {
      const memory = wasmMemory(64, 200, false);
      return { pool: new MemoryPool({ memory, maxWorkers: 1, engine }), grow: () => memory.grow(1) };
    };

    it("has the entries of a map, each by its own key", () => {
      const { pool, grow } = grown();
      const map = new SharedMap(pool);
      for (const key of ["a1", "b2", "c3", "d4"]) map.set(key, `of ${key}`);
      const calls: [unknown, () => unknown][] = [
        ["of a1", () => map.get("a1")],
        ["of b2", () => map.get("b2")],
        [true, () => map.has("c3")],
        [false, () => map.has("e5")],
        [true, () => map.delete("c3")],
        ["of a1", () => map.get("a1")],
        ["of d4!", () => map.update("d4", (old) => `${old}!`)],
        [true, () => map.replace("a1", "of a1", "other")],
        [false, () => map.insert("a1", "third")],
        [5, () => map.getInto("a1", new Uint8Array(9))],
        [6, () => map.read("d4", (_view, _at, length) => length)],
        ["a1,b2,d4", () => [...map.keys()].sort().join()],
        [3, () => map.size],
        [undefined, () => map.clear()],
        [0, () => [...map].length],
      ];
      for (const [expected, call] of calls) {
        grow();
        assert.equal(call(), expected, String(call));
      }
      assert.deepEqual(pool.check(), []);
    });

    it("has the messages of a ring", () => {
      const { pool, grow } = grown();
      const ring = new Ring(pool);
      const batch = [0, 1].map(() => ({ address: 0, length: 0, tag: 0 }));
      const own = pool.allocate(8);
      const calls: [unknown, () => unknown][] = [
        [true, () => ring.write("a", 1)],
        [true, () => ring.write("b", 2)],
        [true, () => ring.read((bytes, tag) => assert.deepEqual([bytes[0], tag], [97, 1]))],
        [true, () => ring.send(own, 8, 3)],
        [2, () => ring.size],
        [2, () => ring.receiveMany(batch)],
        ["2,3", () => batch.map(({ tag }) => tag).join()],
        [2, () => ring.sendMany(batch)],
        [2, () => ring.receive()?.tag],
        [3, () => ring.take()?.tag],
        [undefined, () => ring.done()],
        [undefined, () => ring.receive()],
      ];
      for (const [expected, call] of calls) {
        grow();
        assert.equal(call(), expected, String(call));
      }
      assert.deepEqual(pool.check(), []);
    });

    it("has records, one by one and in spans", () => {
      const { pool, grow } = grown();
      const records = new Records(pool, struct({ number: u32 }));
      for (let number = 1; number <= 3; number++) records.create({ number });
      grow();
      assert.equal(records.size, 3);
      grow();
      assert.deepEqual(
        Array.from(records, ({ number }) => number),
        [1, 2, 3],
      );
      grow();
      let sum = 0;
      for (const span of records.spans()) {
        const { values, first, step } = span.u32("number");
        for (let i = span.nextLive(0); i < span.count; i = span.nextLive(i + 1))
          sum += values[first + i * step] as number;
      }
      assert.equal(sum, 6);
    });
  });

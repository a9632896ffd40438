// What a look at a message may do: receive from other rings, and from its own. Each message ends once.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool } from "offheap";
import { SharedMap } from "offheap/map";
import { Ring } from "offheap/ring";
import { expectCode } from "./support/heaps.ts";

for (const engine of ["wasm", "js"] as const)
  describe(`within a look at a message, ${engine}`, () => {
    const made = () => {
      const pool = new MemoryPool({ capacity: 4 << 20, maxWorkers: 2, engine });
      const [ring, other] = [new Ring(pool, { capacity: 8 }), new Ring(pool, { capacity: 8 })];
      for (const each of [ring, other]) {
        each.write("first");
        each.read(() => {});
      }
      const before = pool.stats().liveObjects;
      const assertEmpty = () => {
        assert.deepEqual(pool.check(), []);
        assert.equal(pool.stats().liveObjects, before);
      };
      return { pool, ring, other, assertEmpty };
    };

    it("another ring may be received from", () => {
      const { pool, ring, other, assertEmpty } = made();
      const looks = [
        () => other.read(() => {}),
        () => pool.deallocate(other.receive()?.address ?? 0),
        () => {
          other.take();
          other.done();
        },
      ];
      for (const look of looks) {
        ring.write("one");
        other.write("two");
        ring.read((bytes) => {
          look();
          assert.equal(String.fromCharCode(...bytes), "one");
        });
        assertEmpty();
      }
    });

    it("what the inner look throws ends both, at the next call of each", () => {
      const { ring, other, assertEmpty } = made();
      ring.write("one");
      other.write("two");
      const thrown = new Error("of the look");
      const read = () =>
        ring.read(() => {
          other.read(() => {
            throw thrown;
          });
        });
      assert.throws(read, thrown);
      for (const each of [ring, other]) assert.equal(each.receive(), undefined);
      assertEmpty();
    });

    it("the same ring may be received from: that ends what is shown", () => {
      const { ring, assertEmpty } = made();
      for (const text of ["one", "two", "three"]) ring.write(text);
      let seen = 0;
      ring.read(() => {
        while (ring.read(() => seen++));
      });
      assert.equal(seen, 2);
      assertEmpty();
    });

    it("what was sent on is another's", () => {
      const { pool, ring, other, assertEmpty } = made();
      ring.write("one");
      ring.read((bytes) => other.send(bytes.byteOffset));
      const message = other.receive();
      assert.equal(message?.length, 8);
      pool.deallocate(message.address);
      assertEmpty();
    });

    it("bytes whose buffer was transferred are refused, and nothing is sent or set", () => {
      const { pool, ring } = made();
      const gone = new Uint8Array(8);
      structuredClone(gone.buffer, { transfer: [gone.buffer] });
      const map = new SharedMap(pool, { keys: "integer", values: "bytes" });
      expectCode("ERR_INVALID_OPTION", () => ring.write(gone));
      expectCode("ERR_INVALID_OPTION", () => map.set(1, gone));
      expectCode("ERR_INVALID_OPTION", () => map.replace(1, gone, gone));
      assert.equal(ring.size + map.size, 0);
      assert.equal(ring.write(new Uint8Array(0)), true);
    });
  });

// A shared map, call by call, and all that it refuses.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SlabAllocator } from "offheap";
import { SharedMap } from "offheap/map";
import { entryWords, mapWords } from "#src/layout/index.js";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";
import { kitOf, variants } from "./support/kits.ts";
import { assertZeroResidue } from "./support/residue.ts";

function end(slab: SlabAllocator, map: { destroy(): void }): void {
  map.destroy();
  assertZeroResidue(slab);
}

/** Two keys of so many bytes whose hashes in a map are the same. */
function alike(
  slab: SlabAllocator,
  map: { readonly handle: { readonly address: number } },
  bytes: number,
): [Uint8Array, Uint8Array] {
  const { core } = kitOf(slab);
  const at = slab.allocate(8);
  const numbers = new Map<number, number>();
  for (let number = 0; ; number++) {
    slab.u32[at / 4] = number;
    const order = core.orderOf(map.handle.address, at, bytes);
    const other = numbers.get(order);
    numbers.set(order, number);
    if (other === undefined) continue;
    slab.deallocate(at);
    return [other, number].map((each) => new Uint8Array(Uint32Array.of(each).buffer, 0, bytes)) as never;
  }
}

for (const { name, make, join } of variants)
  describe(`SharedMap: ${name}`, () => {
    it("has what was set, in every worker", () => {
      const slab = make();
      const map = new SharedMap(slab);
      const other = join(slab);
      const there = SharedMap.attach(other, map.handle);
      assert.equal(map.set("a", "1").set("b", "2"), map);
      assert.deepEqual([there.get("a"), there.get("b"), there.get("c")], ["1", "2", undefined]);
      there.set("a", "one");
      assert.equal(map.get("a"), "one");
      assert.deepEqual([map.has("a"), map.has("c"), map.size], [true, false, 2]);
      assert.deepEqual([there.delete("a"), map.delete("a"), map.size], [true, false, 1]);
      assert.deepEqual([map.insert("b", "x"), map.insert("c", "x")], [false, true]);
      assert.deepEqual(
        [map.replace("c", "y", "z"), map.replace("c", "x", "z"), map.get("c")],
        [false, true, "z"],
      );
      assert.equal(map.replace("d", "x", "z"), false);
      assert.deepEqual([...map].sort(), [
        ["b", "2"],
        ["c", "z"],
      ]);
      assert.deepEqual(
        [[...map.keys()].sort(), [...map.values()].sort()],
        [
          ["b", "c"],
          ["2", "z"],
        ],
      );
      map.clear();
      assert.deepEqual([map.size, map.bytes, [...there]], [0, 0, []]);
      other.detach();
      end(slab, map);
    });

    it("is found by its name, and stays when who made it dies", () => {
      const slab = make();
      const maker = join(slab);
      const made = new SharedMap(maker, { keys: "integer", values: "json" });
      made.set(7, { a: [1] });
      slab.roots.set("map", made.handle);
      slab.reap(maker.workerId, { live: true });
      const map = SharedMap.attach<"integer", "json">(slab, slab.roots.get("map"));
      assert.deepEqual(map.get(7), { a: [1] });
      slab.roots.delete("map");
      end(slab, map);
    });

    it("knows its size when workers died before they counted, also when their places are taken again first", () => {
      const slab = make();
      const map = new SharedMap(slab, { keys: "integer", values: "i32" });
      const known = () => assert.deepEqual([map.size, map.bytes / 40], [[...map].length, [...map].length]);
      for (let life = 0; life < 4; life++) {
        const other = join(slab);
        const there = SharedMap.attach<"integer", "i32">(other, map.handle);
        there.set(life, life);
        // As a death between the exchange and the count leaves it.
        const { core, place } = kitOf(other);
        const row = core.rowOf(map.handle.address, place);
        core.putWord(row, core.getWord(row) - 1);
        core.putWord(row + mapWords.rowBytes, core.getWord(row + mapWords.rowBytes) - 5);
        core.putWord(row + mapWords.rowTurn, core.getWord(row + mapWords.rowTurn) - 1);
        slab.reap(other.workerId);
        if (life % 2 === 1) known();
        const next = join(slab);
        const again = SharedMap.attach<"integer", "i32">(next, map.handle);
        again.set(100 + life, 1);
        assert.equal(kitOf(next).place, place);
        known();
        assert.equal(again.size, map.size);
        next.detach();
      }
      end(slab, map);
    });

    it("tells all keys apart", () => {
      const slab = make();
      const texts = [
        "",
        "a",
        "aa",
        "\ud800",
        "\udfff",
        "\ud800\udc00",
        "\ufffd",
        "é",
        "e\u0301",
        "𝄞",
        "a\0",
        "a\0\0",
        ...["", "\ud800", "\ufffd", "é", "𝄞"].map(
          (end) => "long, so that the host writes it: ".padEnd(99, "-") + end,
        ),
      ];
      const map = new SharedMap(slab, { values: "i32" });
      for (const [i, text] of texts.entries()) map.set(text, i);
      for (const [i, text] of texts.entries()) assert.equal(map.get(text), i);
      assert.deepEqual([...map.keys()].sort(), [...texts].sort());
      end(slab, map);
      const integers = [
        0,
        1,
        -1,
        2 ** 31,
        -(2 ** 31),
        2 ** 32,
        -(2 ** 32),
        Number.MAX_SAFE_INTEGER,
        Number.MIN_SAFE_INTEGER,
      ];
      const byNumber = new SharedMap(slab, { keys: "integer", values: "f64" });
      for (const integer of integers) byNumber.set(integer, integer / 3);
      for (const integer of integers) assert.equal(byNumber.get(integer), integer / 3);
      assert.equal(byNumber.get(-0), 0);
      assert.deepEqual(new Set(byNumber.keys()), new Set(integers));
      end(slab, byNumber);
      const byBytes = new SharedMap(slab, { keys: "bytes", values: "bytes" });
      const keys = [[], [0], [0, 0], [0, 0, 0, 0], [0, 0, 0, 0, 0], [255, 1]].map((each) =>
        Uint8Array.from(each),
      );
      for (const key of keys) byBytes.set(key, key);
      for (const key of keys) assert.deepEqual(byBytes.get(key), key);
      assert.equal(byBytes.size, keys.length);
      end(slab, byBytes);
    });

    it("tells keys apart whose hashes are the same", () => {
      const slab = make();
      for (const bytes of [3, 4]) {
        const map = new SharedMap(slab, { keys: "bytes", values: "i32" });
        const [a, b] = alike(slab, map, bytes);
        map.set(a, 1);
        assert.deepEqual([map.get(b), map.insert(b, 2), map.get(a), map.get(b)], [undefined, true, 1, 2]);
        map.set(a, 3);
        assert.deepEqual([...map.values()].sort(), [2, 3]);
        assert.deepEqual([map.delete(a), map.get(a), map.get(b), map.size], [true, undefined, 2, 1]);
        map.destroy();
      }
      assertZeroResidue(slab);
    });

    it("tells a key from the begin of another, also if their hashes were the same", () => {
      const slab = make();
      const { core } = kitOf(slab);
      const map = new SharedMap(slab, { keys: "bytes", values: "i32" });
      const bytes = Uint8Array.of(1, 2, 3, 4, 5);
      const at = slab.allocate(8);
      slab.u8.set(bytes, at);
      map.set(bytes, 1);
      const entry = core.findEntry(map.handle.address, at, 5);
      core.putWord(entry + entryWords.order * 4, core.orderOf(map.handle.address, at, 4));
      core.letGoEntry();
      assert.equal(map.get(bytes.subarray(0, 4)), undefined);
      core.putWord(entry + entryWords.order * 4, core.orderOf(map.handle.address, at, 5));
      slab.deallocate(at);
      end(slab, map);
    });

    it("gives back values of every kind", () => {
      const slab = make();
      const texts = new SharedMap(slab);
      for (const text of ["", "é", "\ud800x", "x".repeat(3000), "€".repeat(1000), "\ufeffa"]) {
        texts.set("a", text);
        assert.equal(texts.get("a"), text);
      }
      texts.destroy();
      const numbers = new SharedMap(slab, { values: "f64" });
      for (const number of [0, -0, Number.NaN, Number.NEGATIVE_INFINITY, 5e-324]) {
        numbers.set("a", number);
        assert.ok(Object.is(numbers.get("a"), number), `${number}`);
      }
      numbers.destroy();
      const clones = new SharedMap(slab, { values: "structured" });
      clones.set("a", new Map([[1, new Set(["x"])]]));
      assert.deepEqual(clones.get("a"), new Map([[1, new Set(["x"])]]));
      end(slab, clones);
    });

    it("counts", () => {
      const slab = make();
      const map = new SharedMap(slab, { values: "f64" });
      const other = join(slab);
      const there = SharedMap.attach<"text", "f64">(other, map.handle);
      assert.deepEqual(
        [map.increment("a"), there.increment("a", 2.5), map.increment("a", -1)],
        [1, 3.5, 2.5],
      );
      assert.equal(
        map.update("a", (old) => (old ?? 0) * 2),
        5,
      );
      assert.deepEqual([map.update("a", () => undefined), map.has("a")], [undefined, false]);
      other.detach();
      end(slab, map);
    });

    it("shows values in place, also within a look, and after a look that threw", () => {
      const slab = make();
      const map = new SharedMap(slab);
      map.set("a", "one").set("b", "two");
      const textOf = (view: Uint8Array, address: number, length: number) =>
        Buffer.from(view.subarray(address, address + length)).toString();
      const both = map.read("a", (view, address, length) => {
        map.set("a", "another");
        return textOf(view, address, length) + map.read("b", textOf);
      });
      assert.equal(both, "onetwo");
      const second = new SharedMap(slab);
      second.set("a", "of the second");
      const nested = map.read("a", (view, address, length) => {
        const inner = second.read("a", textOf);
        second.delete("a");
        map.set("a", "one more");
        for (let i = 0; i < 40; i++) map.set(`filler ${i % 2}`, "filler".repeat(2));
        return [textOf(view, address, length), inner];
      });
      assert.deepEqual(nested, ["another", "of the second"]);
      map.set("a", "another");
      second.destroy();
      assert.equal(map.read("c", textOf), undefined);
      assert.throws(() => map.read("a", () => assert.fail("thrown by the look")), /thrown by the look/);
      assert.equal(map.read("a", textOf), "another");
      const bytes = new Uint8Array(8);
      assert.deepEqual([map.getInto("b", bytes), map.getInto("c", bytes)], [3, undefined]);
      assert.equal(textOf(bytes, 0, 3), "two");
      expectCode("ERR_INVALID_SIZE", () => map.getInto("a", bytes.subarray(0, 2)));
      end(slab, map);
    });

    it("goes on over entries that come and go meanwhile", () => {
      const slab = make();
      const map = new SharedMap(slab, { keys: "integer", values: "i32" });
      for (let i = 0; i < 500; i++) map.set(i, i);
      const seen = new Map<number, number>();
      for (const [key, value] of map) {
        assert.equal(seen.has(key), false, `${key} twice`);
        seen.set(key, value);
        if (key < 500) map.set(key + 1000, 0);
        map.delete(key % 2 === 0 ? key : -1);
      }
      for (let i = 0; i < 500; i++) assert.equal(seen.get(i), i);
      end(slab, map);
    });

    it("grows with its entries", () => {
      const slab = make();
      const map = new SharedMap(slab, { keys: "integer", values: "i32" });
      for (let i = 0; i < 200; i++) map.set(i, i);
      assert.ok(2 ** kitOf(slab).core.getWord(map.handle.address + mapWords.log) > 100);
      end(slab, map);
    });

    it("ends what is fresh before it takes entries out, and is gone for all when it was destroyed", () => {
      const slab = make();
      const kit = kitOf(slab);
      const map = new SharedMap(slab);
      for (const call of [() => map.delete("a"), () => map.clear()]) {
        const fresh = kit.allocate(64);
        call();
        assert.equal(kit.isLive(fresh), false);
      }
      const other = join(slab);
      const there = SharedMap.attach(other, map.handle);
      end(slab, map);
      expectCode("ERR_DETACHED", () => [...there.keys()]);
      other.detach();
    });

    it("is none once it was destroyed, also when another stands in its place", () => {
      const slab = make();
      const map = new SharedMap(slab);
      map.set("a", "1");
      const { address } = map.handle;
      map.destroy();
      // Another one may begin where it did: this one leads there no more.
      assert.notEqual(map.handle.address, address);
      const next = new SharedMap(slab);
      next.set("a", "2");
      for (const call of [() => map.get("a"), () => map.set("a", "3"), () => map.size, () => map.destroy()])
        expectCode("ERR_DETACHED", call);
      assert.equal(next.get("a"), "2");
      end(slab, next);
    });

    it("takes functions where it calls them", () => {
      const slab = make();
      const map = new SharedMap(slab);
      map.set("a", "1");
      expectCode("ERR_INVALID_OPTION", () => map.update("a", undefined as never));
      expectCode("ERR_INVALID_OPTION", () => map.read("a", "look" as never));
      assert.equal(map.get("a"), "1");
      end(slab, map);
    });

    it("takes no change when it is frozen", () => {
      const slab = make();
      const map = new SharedMap(slab, { values: "i32" });
      const other = join(slab);
      const there = SharedMap.attach<"text", "i32">(other, map.handle);
      map.set("a", 1).freeze();
      assert.deepEqual([map.isFrozen, there.isFrozen, there.get("a")], [true, true, 1]);
      const changes = [
        () => there.set("a", 2),
        () => there.insert("b", 2),
        () => there.replace("a", 1, 2),
        () => there.update("a", () => 2),
        () => there.increment("a"),
        () => there.delete("a"),
        () => there.clear(),
      ];
      for (const change of changes) expectCode("ERR_INVALID_OPTION", change);
      assert.deepEqual([...map], [["a", 1]]);
      other.detach();
      end(slab, map);
    });

    it("refuses what it cannot take, and changes nothing", () => {
      const slab = make();
      const map = new SharedMap(slab);
      const of = (value: unknown) => value as never;
      map.set("a", "1");
      for (const key of [1, null, undefined, {}, Symbol("a"), new Uint8Array(1)])
        for (const call of [
          () => map.get(of(key)),
          () => map.set(of(key), ""),
          () => map.delete(of(key)),
          () => map.has(of(key)),
        ])
          expectUnharmedOf(slab, "ERR_INVALID_OPTION", call);
      for (const value of [1, null, undefined, new Uint8Array(1)])
        expectUnharmedOf(slab, "ERR_INVALID_OPTION", () => map.set("a", of(value)));
      expectUnharmedOf(slab, "ERR_INVALID_SIZE", () => map.get("x".repeat(65_536)));
      expectUnharmedOf(slab, "ERR_INVALID_SIZE", () => map.set("é".repeat(32_768), ""));
      // As bytes one more than fit, wherever the last unit is cut.
      for (const units of [65_532, 65_533, 65_534, 65_535])
        expectUnharmedOf(slab, "ERR_INVALID_SIZE", () =>
          map.get(`${"x".repeat(units - 4)}é€𝄞`.padEnd(units, "é")),
        );
      expectUnharmedOf(slab, "ERR_INVALID_OPTION", () => map.getInto("a", of([])));
      expectUnharmedOf(slab, "ERR_INVALID_OPTION", () => map.increment("a", of("1")));
      for (const options of [{ keys: "texts" }, { values: "number" }, { values: {} }, { key: "text" }, 1])
        expectUnharmedOf(slab, "ERR_INVALID_OPTION", () => new SharedMap(slab, of(options)));
      expectUnharmedOf(slab, "ERR_INCOMPATIBLE_HEAP", () => SharedMap.attach(slab, undefined));
      expectUnharmedOf(slab, "ERR_INCOMPATIBLE_HEAP", () =>
        SharedMap.attach(slab, of({ kind: "ring", address: 8 })),
      );
      expectUnharmedOf(slab, "ERR_INCOMPATIBLE_HEAP", () =>
        SharedMap.attach(slab, map.handle, of({ keys: "integer" })),
      );
      expectUnharmedOf(slab, "ERR_INVALID_ADDRESS", () =>
        SharedMap.attach(slab, of({ kind: "map", address: 8 })),
      );
      expectCode("ERR_INVALID_OPTION", () => map.increment("a"));
      assert.deepEqual([...map], [["a", "1"]]);
      assert.deepEqual(slab.check(), []);
      end(slab, map);
      expectCode("ERR_DETACHED", () => map.get("a"));
      expectCode("ERR_DETACHED", () => map.set("a", "1"));
      expectCode("ERR_DETACHED", () => map.size);
    });

    it("is whole when a codec throws", () => {
      const slab = make();
      const fault = new Error("a fault of the codec's");
      let throwsAt = "";
      const codec = {
        encode: (value: string) => {
          if (throwsAt === "encode") throw fault;
          return new TextEncoder().encode(value);
        },
        decode: (bytes: Uint8Array) => {
          if (throwsAt === "decode") throw fault;
          return new TextDecoder().decode(bytes);
        },
      };
      const map = new SharedMap<"text", typeof codec>(slab, { values: codec });
      map.set("a", "1");
      expectCode("ERR_INVALID_OPTION", () => SharedMap.attach(slab, map.handle));
      throwsAt = "encode";
      assert.throws(
        () => map.set("a", "2"),
        (error) => error === fault,
      );
      throwsAt = "decode";
      assert.throws(
        () => map.get("a"),
        (error) => error instanceof Error && error.cause === fault && error.message.includes('"a"'),
      );
      throwsAt = "";
      assert.equal(map.get("a"), "1");
      end(slab, map);
    });
  });

function expectUnharmedOf(
  slab: SlabAllocator,
  code: Parameters<typeof expectUnharmed>[1],
  call: () => unknown,
): void {
  expectUnharmed(heapOf(slab), code, call);
}

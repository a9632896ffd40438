// Bad input to records: structs, values, handles. Each a typed error, nothing written.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AllocatorError, type ErrorCode, MemoryPool, SlabAllocator } from "offheap";
import {
  array,
  atomic,
  bool,
  bytes,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  Records,
  type RecordsHandle,
  ref,
  struct,
  u8,
  u16,
  u32,
  u64,
  utf8,
} from "offheap/records";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";
import { Random, runSeed } from "./support/random.ts";

/** What is no number, or none that a handle could be; a symbol, a bigint and an object throw when they are made one. */
const complaining = {
  valueOf() {
    throw new Error("nobody may ask this value for a number");
  },
};
const anyValues = [
  undefined,
  null,
  true,
  "7",
  7n,
  Symbol("7"),
  [],
  {},
  complaining,
  () => 7,
  0,
  -0,
  Number.NaN,
  2 ** 53,
];

const loose = (value: unknown) => value as never;

describe("a struct is refused", () => {
  const cases: Record<string, [ErrorCode, () => unknown]> = {
    "without fields": ["ERR_INVALID_OPTION", () => struct({})],
    "for what is none": ["ERR_INVALID_OPTION", () => struct(loose(7))],
    "with a field of no type": ["ERR_INVALID_OPTION", () => struct({ a: loose("u8") })],
    "that has itself as a field": [
      "ERR_INVALID_OPTION",
      () => {
        const fields: Record<string, unknown> = { a: u8 };
        fields["self"] = fields;
        return struct(loose(fields));
      },
    ],
    "with a name that every cursor has": ["ERR_INVALID_OPTION", () => struct({ handle: u8 })],
    "with a name of Object.prototype's": [
      "ERR_INVALID_OPTION",
      () => struct(loose({ ["__proto__"]: u8, constructor: u8 })),
    ],
    "with a name that JavaScript would sort": ["ERR_INVALID_OPTION", () => struct({ b: u8, "0": u8 })],
    "longer than the largest object": ["ERR_INVALID_SIZE", () => struct({ a: bytes(8000), b: bytes(200) })],
    "with an option that it does not know": [
      "ERR_INVALID_OPTION",
      () => struct({ a: u8 }, loose({ pack: true })),
    ],
    "with packed neither true nor false": [
      "ERR_INVALID_OPTION",
      () => struct({ a: u8 }, loose({ packed: 1 })),
    ],
    "packed, with an atomic that is not aligned": [
      "ERR_INVALID_OPTION",
      () => struct({ a: u8, b: atomic(u32) }, { packed: true }),
    ],
    "packed, with such an atomic in an array of structs": [
      "ERR_INVALID_OPTION",
      () => struct({ a: array(struct({ b: atomic(u16), c: u8 }, { packed: true }), 2) }),
    ],
    "with an atomic of no integer": ["ERR_INVALID_OPTION", () => atomic(loose(f64))],
    "with a text that is cut by what is no answer": ["ERR_INVALID_OPTION", () => utf8(4, loose({ cut: 1 }))],
    "with a ref that is no function": ["ERR_INVALID_OPTION", () => ref(loose({}))],
  };
  for (const [name, [code, call]] of Object.entries(cases)) it(name, () => void expectCode(code, call));

  it("with capacities of every odd kind", () => {
    for (const odd of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 8193, "8", null, undefined, 8n, {}])
      for (const make of [utf8, bytes, (count: number) => array(u8, count)])
        expectCode("ERR_INVALID_SIZE", () => make(loose(odd)));
  });
});

const ranges = {
  u8: [u8, [0, 255], [-1, 256, 1.5]],
  i8: [i8, [-128, 127], [-129, 128]],
  u16: [u16, [0, 65_535], [-1, 65_536]],
  i16: [i16, [-32_768, 32_767], [-32_769, 32_768]],
  u32: [u32, [0, 2 ** 32 - 1], [-1, 2 ** 32, Number.NaN]],
  i32: [i32, [-(2 ** 31), 2 ** 31 - 1], [-(2 ** 31) - 1, 2 ** 31]],
  f32: [f32, [0.5, -1e38, Number.POSITIVE_INFINITY, 2 ** 127 * 1.5], [1e39, -1e300]],
  f64: [f64, [0.1, -1e300, Number.NEGATIVE_INFINITY], [1n]],
  i64: [i64, [-(2n ** 63n), 2n ** 63n - 1n], [2n ** 63n, 1]],
  u64: [u64, [0n, 2n ** 64n - 1n], [-1n, 2n ** 64n, 0]],
  bool: [bool, [true, false], [0, 1, "true"]],
} as const;

describe("numbers", () => {
  for (const [name, [type, good, bad]] of Object.entries(ranges)) {
    it(`of ${name} in its range come back, others are refused, aligned or not`, () => {
      for (const isPacked of [false, true]) {
        const heap = new SlabAllocator({ capacity: 2 ** 20 });
        const records = new Records(heap, struct({ before: u8, it: type, after: u8 }, { packed: isPacked }));
        const at = records.at(records.create({ before: 1, after: 2 })) as { it: unknown; after: number };
        for (const value of good) {
          at.it = value;
          assert.equal(at.it, name === "f32" ? Math.fround(value as number) : value);
        }
        for (const value of [...bad, "1", null, undefined, complaining, Symbol("1")])
          expectUnharmed(heapOf(heap), "ERR_INVALID_OPTION", () => {
            at.it = value;
          });
        assert.equal(at.after, 2);
        for (const value of bad)
          expectUnharmed(heapOf(heap), "ERR_INVALID_OPTION", () => records.create({ it: loose(value) }));
      }
    });
  }

  it("of types that wrap are stored modulo 2^bits, but what is no number is refused", () => {
    const heap = new SlabAllocator({ capacity: 2 ** 20 });
    const wrapping = struct({ a: u8.wrap, b: i16.wrap, c: u32.wrap, d: u64.wrap, e: i64.wrap });
    const records = new Records(heap, wrapping);
    const at = records.at(records.create({ a: 257, b: 32_768, c: -1, d: -1n, e: 2n ** 63n }));
    assert.deepEqual([at.a, at.b, at.c, at.d, at.e], [1, -32_768, 2 ** 32 - 1, 2n ** 64n - 1n, -(2n ** 63n)]);
    at.a = -1;
    assert.equal(at.a, 255);
    for (const value of ["1", null, 1n, complaining])
      expectCode("ERR_INVALID_OPTION", () => {
        at.a = loose(value);
      });
  });
});

describe("texts, bytes and lists", () => {
  const S = struct({ name: utf8(6), cut: utf8(6, { cut: true }), raw: bytes(3), list: array(u8, 3) });

  it("that are too long are refused, or cut at a whole code point", () => {
    const heap = new MemoryPool({ capacity: 4 * 2 ** 20 });
    const records = new Records(heap, S);
    const at = records.at(records.create());
    for (const [text, cut] of [
      ["ééé", "ééé"],
      ["éééé", "ééé"],
      ["ab😀", "ab😀"],
      ["abc😀", "abc"],
      ["\ud800\ud800\ud800", "\ufffd\ufffd"],
    ] as const) {
      at.cut = text;
      assert.equal(at.cut, cut);
      if (text === cut) at.name = text;
      else
        expectUnharmed(heapOf(heap), "ERR_INVALID_SIZE", () => {
          at.name = text;
        });
    }
    expectUnharmed(heapOf(heap), "ERR_INVALID_SIZE", () => {
      at.raw = new Uint8Array(4);
    });
    expectUnharmed(heapOf(heap), "ERR_INVALID_SIZE", () => records.create({ list: [1, 2, 3, 4] }));
    expectUnharmed(heapOf(heap), "ERR_INVALID_OPTION", () => records.create({ list: [1, 2, 300] }));
    expectUnharmed(heapOf(heap), "ERR_INVALID_OPTION", () => {
      at.name = "a\0b";
    });
    for (const index of [-1, 3, 0.5, Number.NaN, "0"])
      expectUnharmed(heapOf(heap), "ERR_INVALID_OPTION", () => at.list.set(loose(index), 1));
  });

  it("that are shorter than before leave nothing of what was there", () => {
    const records = new Records(new SlabAllocator({ capacity: 2 ** 20 }), S);
    const at = records.at(
      records.create({ name: "abcdef", raw: new Uint8Array([1, 2, 3]), list: [1, 2, 3] }),
    );
    at.name = "x";
    at.raw = new Uint8Array([9]);
    S.set(new SlabAllocator({ capacity: 2 ** 20 }), 2 ** 19, "list", [7]);
    assert.deepEqual([at.name, [...at.raw]], ["x", [9, 0, 0]]);
  });
});

describe("handles", () => {
  it("that are none, stale, foreign or made up are refused, and nothing is written", () => {
    const seed = runSeed();
    const random = new Random(seed);
    for (const heap of [
      new SlabAllocator({ capacity: 2 ** 20 }),
      new MemoryPool({ capacity: 4 * 2 ** 20 }),
    ]) {
      const records = new Records(heap, struct({ a: f64, b: bytes(72) }));
      const good = new Set(records.createMany(50));
      for (const handle of [...good].slice(0, 20)) {
        records.free(handle);
        good.delete(handle);
      }
      const some = [...good];
      const calls = [records.at, records.free, records.publish, records.adopt, records.own];
      for (let i = 0; i < 300; i++) {
        const near = random.pick(some) + random.pick([1, 4, 8, 16, 80, 2 ** 32, -(2 ** 32), 2 ** 16]);
        const wild = random.word() * random.pick([1, 2 ** 20, 2 ** 32]);
        const handle = random.pick([near, wild, -near, near + 0.5, ...anyValues]);
        if (good.has(handle as number)) continue;
        const call = random.pick(calls);
        try {
          call.call(records, loose(handle));
          assert.fail(`seed ${seed}: the handle ${String(handle)} was taken`);
        } catch (error) {
          assert.ok(error instanceof AllocatorError, `seed ${seed}: ${error}`);
          assert.match(error.code, /ERR_(STALE_HANDLE|INVALID_ADDRESS)/);
        }
      }
      assert.deepEqual(heap.check(), [], `seed ${seed}`);
      assert.equal(records.size, good.size);
    }
  });

  it("of Records that are of another kind, version or heap are refused", () => {
    const heap = new SlabAllocator({ capacity: 2 ** 20 });
    const S = struct({ a: u32 });
    const { handle } = new Records(heap, S);
    const address = heap.allocate(64);
    const wrong: unknown[] = [
      undefined,
      null,
      7,
      {},
      heap.handle,
      { ...handle, kind: "ring" },
      { ...handle, version: 1 },
      { ...handle, address: address },
      { ...handle, address: handle.address + 8 },
      { ...handle, address: 0 },
      { ...handle, address: 2 ** 32 },
      { ...handle, address: "1" },
    ];
    for (const each of wrong)
      expectUnharmed(heapOf(heap), "ERR_INCOMPATIBLE_HEAP", () =>
        Records.attach(heap, each as RecordsHandle, S),
      );
    for (const each of [undefined, null, {}, [], heap.handle, new Uint8Array(8)])
      expectCode("ERR_INVALID_OPTION", () => new Records(loose(each), S));
    for (const each of [undefined, null, {}, u32, "S"])
      expectUnharmed(heapOf(heap), "ERR_INVALID_OPTION", () => new Records(heap, loose(each)));
    heap.detach();
    expectCode("ERR_DETACHED", () => new Records(heap, S));
  });

  it("are refused by a worker that has detached, before anything is written", () => {
    const heap = new SlabAllocator({ capacity: 2 ** 20 });
    const records = new Records(heap, struct({ a: u32 }));
    const handle = records.create({ a: 5 });
    heap.detach();
    for (const call of [() => records.free(handle), () => records.create(), () => records.publish(handle)])
      expectUnharmed(heapOf(heap), "ERR_DETACHED", call);
    assert.equal(records.at(handle).a, 5);
  });
});

it("bytes whose buffer was transferred are none", () => {
  const heap = new MemoryPool({ capacity: 4 << 20, maxWorkers: 1 });
  const records = new Records(heap, struct({ content: bytes(8) }));
  const transferred = new Uint8Array(8);
  structuredClone(transferred, { transfer: [transferred.buffer] });
  assert.deepEqual(records.at(records.create({ content: transferred })).content, new Uint8Array(8));
});

it("a value that turns out wrong when it is written leaves no object behind", () => {
  const heap = new MemoryPool({ capacity: 4 << 20, maxWorkers: 1 });
  const records = new Records(heap, struct({ number: u32, content: bytes(8) }));
  records.create({ number: 1, content: Uint8Array.of(1) });
  const { liveObjects } = heap.stats();
  const turning = () => {
    let looks = 0;
    return {
      get content(): Uint8Array {
        if (looks++ > 0) throw new Error("it has turned");
        return Uint8Array.of(1);
      },
    };
  };
  for (let i = 0; i < 3; i++) assert.throws(() => records.create(turning()), /it has turned/);
  // The last one's object goes with the next record.
  assert.equal(heap.stats().liveObjects, liveObjects + 1);
  records.create({ number: 2 });
  assert.equal(heap.stats().liveObjects, liveObjects + 1);
  assert.deepEqual(
    Array.from(records, ({ number }) => number),
    [1, 2],
  );
  assert.throws(() => records.create(turning()), /it has turned/);
  records.destroy();
  assert.equal(records.size, 0);
  assert.deepEqual(heap.check(), []);
});

// What malloc's calls are told when JavaScript calls them, or a module for another address width: each call, each
// argument. A size over the limit is NULL, what is no integer a typed error, and nothing is written.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { AllocatorError, type ErrorCode, type MallocImports, MemoryPool } from "offheap";
import { readFill, writeFill } from "./support/fill.ts";
import { anything, notNumber, oddNumber, outcome, runs } from "./support/fuzz/values.ts";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";

const MiB = 1 << 20;
const chunk = 65_536;

/** A pool with two chunks below it, where a module would have its data. */
function made() {
  const memory = new SharedArrayBuffer(8 * MiB);
  const pool = new MemoryPool({ memory, offset: 2 * chunk, maxWorkers: 2 });
  const live = pool.allocate(100);
  writeFill(pool, live, 1);
  return { pool, heap: heapOf(pool), live, calls: pool.asMalloc() };
}
type Made = ReturnType<typeof made>;

type Kind = "size" | "address" | "alignment" | "out";
interface Argument {
  readonly name: string;
  readonly kind: Kind;
  readonly call: (made: Made, value: number) => unknown;
}

/** Every argument of every call; the others are right. */
const every: readonly Argument[] = [
  { name: "malloc's size", kind: "size", call: ({ calls }, size) => calls.malloc(size) },
  { name: "free's address", kind: "address", call: ({ calls }, address) => calls.free(address) },
  { name: "calloc's count", kind: "size", call: ({ calls }, count) => calls.calloc(count, 8) },
  { name: "calloc's count of none", kind: "size", call: ({ calls }, count) => calls.calloc(count, 0) },
  { name: "calloc's size", kind: "size", call: ({ calls }, size) => calls.calloc(8, size) },
  { name: "calloc's size, none of it", kind: "size", call: ({ calls }, size) => calls.calloc(0, size) },
  { name: "realloc's address", kind: "address", call: ({ calls }, address) => calls.realloc(address, 100) },
  { name: "realloc's size", kind: "size", call: ({ calls, live }, size) => calls.realloc(live, size) },
  { name: "realloc's size after NULL", kind: "size", call: ({ calls }, size) => calls.realloc(0, size) },
  {
    name: "reallocarray's address",
    kind: "address",
    call: ({ calls }, address) => calls.reallocarray(address, 10, 10),
  },
  {
    name: "reallocarray's address, too much wanted",
    kind: "address",
    call: ({ calls }, address) => calls.reallocarray(address, 2 ** 31, 10),
  },
  {
    name: "reallocarray's count",
    kind: "size",
    call: ({ calls, live }, count) => calls.reallocarray(live, count, 10),
  },
  {
    name: "reallocarray's size",
    kind: "size",
    call: ({ calls, live }, size) => calls.reallocarray(live, 10, size),
  },
  {
    name: "aligned_alloc's alignment",
    kind: "alignment",
    call: ({ calls }, align) => calls.aligned_alloc(align, 64),
  },
  { name: "aligned_alloc's size", kind: "size", call: ({ calls }, size) => calls.aligned_alloc(8, size) },
  {
    name: "aligned_alloc's size, pages",
    kind: "size",
    call: ({ calls }, size) => calls.aligned_alloc(4096, size),
  },
  { name: "memalign's alignment", kind: "alignment", call: ({ calls }, align) => calls.memalign(align, 64) },
  { name: "memalign's size", kind: "size", call: ({ calls }, size) => calls.memalign(64, size) },
  {
    name: "posix_memalign's pointer",
    kind: "out",
    call: ({ calls }, out) => calls.posix_memalign(out, 16, 64),
  },
  {
    name: "posix_memalign's alignment",
    kind: "alignment",
    call: ({ calls }, align) => calls.posix_memalign(64, align, 64),
  },
  {
    name: "posix_memalign's size",
    kind: "size",
    call: ({ calls }, size) => calls.posix_memalign(64, 64, size),
  },
  {
    name: "malloc_usable_size's address",
    kind: "address",
    call: ({ calls }, address) => calls.malloc_usable_size(address),
  },
];

const codeOf: Record<Kind, ErrorCode> = {
  size: "ERR_INVALID_SIZE",
  address: "ERR_INVALID_ADDRESS",
  alignment: "ERR_INVALID_ALIGNMENT",
  out: "ERR_INVALID_ADDRESS",
};
const notIntegers = [0.5, 64.5, -1.5, 2 ** 32 + 0.5, 2 ** 31 - 0.5, Number.NaN, Number.MIN_VALUE]
  .concat([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -(2 ** 31) - 1, -(2 ** 40)])
  .map((value): unknown => value)
  .concat(["64", "", null, undefined, true, [64], { valueOf: () => 64 }, Symbol("64"), Object(64)]);
const bigints = [0n, 8n, -1n, 2n ** 40n];
const beyond = [2 ** 32, 2 ** 32 + 16, 2 ** 40 + 16, 2 ** 53 - 1, 2 ** 53, 2 ** 64, Number.MAX_VALUE];

describe("every call of malloc's has all its arguments looked at", () => {
  it("this list has each of them, with each of its arguments", () => {
    const { calls } = made();
    for (const [name, call] of Object.entries(calls) as [
      keyof MallocImports,
      (...a: number[]) => unknown,
    ][]) {
      const kinds = new Set(
        every.filter((each) => each.name.startsWith(`${name}'s`)).map(({ name }) => name.split(",")[0]),
      );
      assert.ok(kinds.size >= call.length, `${name} has ${call.length} arguments`);
    }
  });

  for (const argument of every)
    it(argument.name, () => {
      const all = made();
      const { heap, pool, live } = all;
      const code = codeOf[argument.kind];
      for (const value of notIntegers) expectUnharmed(heap, code, () => argument.call(all, value as number));
      for (const value of bigints) {
        const call = () => argument.call(all, value as unknown as number);
        assert.match(expectUnharmed(heap, code, call).message, /memory64 is not supported/);
      }
      for (const value of beyond) {
        const call = () => argument.call(all, value);
        if (argument.kind === "address" || argument.kind === "out") expectUnharmed(heap, code, call);
        else assert.ok([0, 12, 22].includes(call() as number), `${argument.name} of ${value}`);
      }
      readFill(pool, live, 1);
      assert.equal(pool.stats().liveObjects, 1);
      assert.deepEqual(pool.check(), []);
    });
});

describe("an address that only looks like one", () => {
  it("frees nothing: a fraction more, 2^32 more, or a text", () => {
    const { heap, pool, live, calls } = made();
    for (const wrong of [live + 0.5, live + 2 ** 32, live - 2 ** 33, String(live), BigInt(live), [live]]) {
      const address = wrong as number;
      expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => calls.free(address));
      expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => calls.realloc(address, 8));
      expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => calls.reallocarray(address, 1, 8));
      expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => calls.malloc_usable_size(address));
    }
    readFill(pool, live, 1);
    calls.free(live);
    assert.deepEqual(pool.check(), []);
  });
});

it("a negative i32 is the unsigned number of its 32 bits", () => {
  const { pool, calls } = made();
  assert.equal(calls.malloc(-1), 0);
  assert.equal(calls.malloc(-(2 ** 31)), 0);
  assert.equal(calls.aligned_alloc(-(2 ** 31), 8), 0);
  expectCode("ERR_INVALID_ADDRESS", () => calls.free(-8));
  assert.equal(calls.posix_memalign(64, -(2 ** 31), 8), 12);
  assert.ok(calls.malloc(-0) > 0);
  calls.free(-0);
  assert.deepEqual(pool.check(), []);
});

it("any values: a number, NULL or a typed error; the heap stays whole", () => {
  const all = made();
  const { pool, calls } = all;
  const value = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.integer({ min: 0, max: 300 }).map((n) => ({ name: String(n), value: (): unknown => n })),
    },
    { weight: 2, arbitrary: oddNumber },
    { weight: 2, arbitrary: notNumber },
    { weight: 1, arbitrary: anything },
  );
  const names = Object.keys(calls) as (keyof MallocImports)[];
  const codes: ErrorCode[] = [
    ...(["ERR_INVALID_SIZE", "ERR_INVALID_ADDRESS", "ERR_INVALID_ALIGNMENT", "ERR_DOUBLE_FREE"] as const),
  ];
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.tuple(value, value, value), (name, values) => {
      // Without a pointer to what lies at a small address, so that nothing of the pool is freed by chance.
      const call = calls[name] as (...args: unknown[]) => unknown;
      let returned: unknown;
      const error = outcome(codes, () => {
        returned = call(...values.map((each) => each.value()));
      });
      if (error === undefined && name !== "free") {
        assert.ok(Number.isInteger(returned) && (returned as number) >= 0, `${name} returned ${returned}`);
        if (/alloc$|memalign$|reallocarray/.test(name) && name !== "posix_memalign" && returned !== 0)
          pool.deallocate(returned as number);
      }
    }),
    runs(3000),
  );
  pool.cleanup();
  assert.deepEqual(pool.check(), []);
  readFill(pool, all.live, 1);
});

describe("the pointer that posix_memalign returns an address in", () => {
  it("is a word of the memory: not NULL, not beyond, no books, a multiple of 4", () => {
    const { heap, pool, calls } = made();
    const end = pool.u8.length;
    const books = [heap.offset, heap.dataAt - 4];
    for (const out of [0, 1, 2, 3, 66, end - 2, end, end + 4, -4, ...books]) {
      const error = expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => calls.posix_memalign(out, 16, 8));
      assert.match(error.message, /pointer to return an address in/);
    }
    for (const out of [4, heap.offset - 4, end - 4]) {
      assert.equal(calls.posix_memalign(out, 16, 8), 0);
      pool.deallocate(pool.u32[out / 4] as number);
    }
  });

  it("is left as it was where there is an error", () => {
    const { pool, calls } = made();
    pool.u32[16] = 0xabcd;
    for (const [align, size, told] of [
      [3, 8, 22],
      [0, 8, 22],
      [2, 8, 22],
      [48, 8, 22],
      [2 ** 22, 8, 12],
      [16, 2 ** 31, 12],
      [4096, -1, 12],
    ] as const) {
      assert.equal(calls.posix_memalign(64, align, size), told, `align ${align}, ${size} bytes`);
      assert.equal(pool.u32[16], 0xabcd);
    }
    pool.detach();
    expectCode("ERR_DETACHED", () => calls.posix_memalign(64, 16, 8));
    expectCode("ERR_DETACHED", () => calls.posix_memalign(0, 16, 8));
    assert.equal(pool.u32[16], 0xabcd);
  });
});

it("errors are AllocatorErrors", () => {
  const { calls } = made();
  assert.throws(() => calls.free(8n as unknown as number), AllocatorError);
});

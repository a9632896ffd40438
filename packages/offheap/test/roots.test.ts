// The names of a heap's structures: set, replaced, deleted and listed by any worker; all that is no name and no
// handle is refused, and nothing is written then.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type MemoryPool, SlabAllocator } from "offheap";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";
import { type Variant, variants } from "./support/kits.ts";
import { assertEmpty, assertZeroResidue } from "./support/residue.ts";
import { wasmMemory } from "./support/wasm.ts";

const mostNames = 64;

function handle(address: number, kind = "test") {
  return { kind, address } as const;
}

/** All names go, and with them all that was made for them. */
function assertNothingLeft(slab: SlabAllocator, targets: readonly number[]): void {
  for (const { name } of slab.roots.list()) assert.ok(slab.roots.delete(name));
  assert.deepEqual(slab.roots.list(), []);
  for (const address of targets) slab.deallocate(address);
  assertZeroResidue(slab);
}

function byName(slab: SlabAllocator): [string, string, number][] {
  return slab.roots
    .list()
    .map(({ name, kind, address }): [string, string, number] => [name, kind, address])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function testNames({ make, join }: Variant): void {
  it("are set, found, replaced, listed and deleted", () => {
    const slab = make();
    const [a, b] = [slab.allocate(64), slab.allocate(1000)];
    assert.deepEqual(slab.roots.list(), []);
    assert.equal(slab.roots.get("a"), undefined);
    assert.equal(slab.roots.delete("a"), false);
    slab.roots.set("a", handle(a, "ring"));
    slab.roots.set("b", handle(b, "records"));
    assert.deepEqual(slab.roots.get("a"), { kind: "ring", address: a });
    slab.roots.set("a", handle(b, "k".repeat(16)));
    assert.deepEqual(slab.roots.get("a"), { kind: "k".repeat(16), address: b });
    assert.deepEqual(byName(slab), [
      ["a", "k".repeat(16), b],
      ["b", "records", b],
    ]);
    // What one name led to lives on, under its address.
    assert.equal(slab.sizeOf(a), 64);
    assert.deepEqual(slab.check(), []);
    assert.equal(slab.roots.delete("a"), true);
    assert.equal(slab.roots.delete("a"), false);
    assert.deepEqual(byName(slab), [["b", "records", b]]);
    assertNothingLeft(slab, [a, b]);
  });

  it("are there for every worker, and outlive the one that set them", () => {
    const slab = make();
    const other = join(slab);
    const [a, b] = [other.allocate(64), other.allocate(64)];
    other.roots.set("left", handle(a));
    other.detach();
    const dead = join(slab);
    dead.roots.set("dead", handle(b));
    assert.deepEqual(slab.roots.get("left"), handle(a));
    const report = slab.reap(dead.workerId, { live: true });
    assert.deepEqual([report.reaped, report.freedObjects], [true, 0]);
    assert.deepEqual(slab.roots.get("dead"), handle(b));
    const third = join(slab);
    assert.equal(third.roots.delete("dead"), true);
    // What it took away ends with its next look, or when it leaves.
    third.detach();
    assert.equal(slab.roots.get("dead"), undefined);
    assertNothingLeft(slab, [a, b]);
  });

  it(`are ${mostNames} at most; what has a name can be replaced then, too`, () => {
    const slab = make();
    const target = slab.allocate(64);
    const names = Array.from({ length: mostNames }, (_, i) => `name ${i}`);
    for (const name of names) slab.roots.set(name, handle(target));
    assert.deepEqual(
      byName(slab).map(([name]) => name),
      [...names].sort(),
    );
    const last = slab.allocate(64);
    const { liveObjects } = slab.stats();
    for (let tries = 0; tries < 3; tries++)
      expectCode("ERR_OUT_OF_MEMORY", () => slab.roots.set("one more", handle(last)));
    assert.equal(slab.stats().liveObjects, liveObjects);
    assert.deepEqual(slab.check(), []);
    slab.roots.set("name 7", handle(last, "other"));
    assert.deepEqual(slab.roots.get("name 7"), handle(last, "other"));
    assert.equal(slab.roots.get("one more"), undefined);
    assert.ok(slab.roots.delete("name 63"));
    slab.roots.set("one more", handle(target));
    assert.deepEqual(slab.roots.get("one more"), handle(target));
    assertNothingLeft(slab, [target, last]);
  });

  it("are set only where nobody has them, and say whether they were; what got none is its owner's", () => {
    const slab = make();
    const other = join(slab);
    const [a, b] = [slab.allocate(64), other.allocate(64)];
    assert.equal(slab.roots.setIfAbsent("a", handle(a, "ring")), true);
    assert.equal(other.roots.setIfAbsent("a", handle(b)), false);
    assert.deepEqual(byName(slab), [["a", "ring", a]]);
    assert.equal(slab.roots.delete("a"), true);
    assert.equal(slab.roots.setIfAbsent("a", handle(a)), true);
    slab.roots.set("a", handle(a, "other"));
    assert.deepEqual(byName(slab), [["a", "other", a]]);
    // The object without a name ends with its owner, and the one that has had one does not.
    assert.equal(slab.reap(other.workerId, { live: true }).freedObjects, 1);
    assert.deepEqual(slab.check(), []);
    assertNothingLeft(slab, [a]);
  });

  it(`are set so where ${mostNames} others are not`, () => {
    const slab = make();
    const target = slab.allocate(64);
    for (let i = 0; i < mostNames; i++) assert.ok(slab.roots.setIfAbsent(`name ${i}`, handle(target)));
    expectCode("ERR_OUT_OF_MEMORY", () => slab.roots.setIfAbsent("one more", handle(target)));
    assert.equal(slab.roots.setIfAbsent("name 7", handle(target)), false);
    assert.deepEqual(slab.check(), []);
    assertNothingLeft(slab, [target]);
  });

  it("that are one too many leave an object its owner", () => {
    const slab = make();
    const target = slab.allocate(64);
    for (let i = 0; i < mostNames; i++) slab.roots.set(`name ${i}`, handle(target));
    const other = join(slab);
    const own = other.allocate(64);
    expectCode("ERR_OUT_OF_MEMORY", () => other.roots.set("one more", handle(own)));
    assert.equal(slab.reap(other.workerId, { live: true }).freedObjects, 1);
    expectCode("ERR_DOUBLE_FREE", () => slab.sizeOf(own));
    assertNothingLeft(slab, [target]);
  });

  it("are any text of 1 to 64 bytes", () => {
    const slab = make();
    const target = slab.allocate(64);
    const names = [
      "a",
      "\0",
      " ",
      "x".repeat(64),
      "λ".repeat(32),
      "€".repeat(21),
      "𝄞".repeat(16),
      "a\u0301",
      "á",
    ];
    for (const name of names) {
      slab.roots.set(name, handle(target, "é".repeat(8)));
      assert.deepEqual(slab.roots.get(name), handle(target, "é".repeat(8)));
    }
    assert.deepEqual(
      byName(slab).map(([name]) => name),
      [...names].sort(),
    );
    for (const name of names) assert.ok(slab.roots.delete(name), name);
    assertNothingLeft(slab, [target]);
  });
}

const noNames: readonly unknown[] = [
  undefined,
  null,
  "",
  1,
  1n,
  true,
  Symbol("name"),
  {},
  [],
  ["a"],
  new String("a"),
  "x".repeat(65),
  "x".repeat(100_000),
  "é".repeat(33),
  "€".repeat(22),
  "\ud800",
  "\udfff",
  "a\ud800b",
  "\udc00\ud800",
];
const noHandles: readonly unknown[] = [
  undefined,
  null,
  64,
  "test",
  {},
  [],
  { address: 64 },
  { kind: "", address: 64 },
  { kind: "k".repeat(17), address: 64 },
  { kind: "é".repeat(9), address: 64 },
  { kind: "\ud800", address: 64 },
  { kind: 7, address: 64 },
  { kind: null, address: 64 },
];
const noAddresses: readonly unknown[] = [
  undefined,
  null,
  Number.NaN,
  -1,
  0.5,
  2 ** 32,
  2 ** 53,
  "64",
  64n,
  {},
  Infinity,
];

function testWrong({ make, isPool }: Variant): void {
  it("that are none, and handles that are none, are refused", () => {
    const slab = make();
    const heap = heapOf(slab);
    const target = slab.allocate(64);
    slab.roots.set("there", handle(target));
    const roots = slab.roots as unknown as Record<
      "set" | "setIfAbsent" | "get" | "delete",
      (...args: unknown[]) => unknown
    >;
    for (const name of noNames) {
      expectUnharmed(heap, "ERR_INVALID_OPTION", () => roots.set(name, handle(target)));
      expectUnharmed(heap, "ERR_INVALID_OPTION", () => roots.setIfAbsent(name, handle(target)));
      expectUnharmed(heap, "ERR_INVALID_OPTION", () => roots.get(name));
      expectUnharmed(heap, "ERR_INVALID_OPTION", () => roots.delete(name));
    }
    for (const wrong of noHandles)
      for (const call of ["set", "setIfAbsent"] as const)
        expectUnharmed(heap, "ERR_INVALID_OPTION", () => roots[call]("there", wrong));
    for (const address of noAddresses)
      expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => roots.set("there", { kind: "test", address }));
    assert.deepEqual(slab.roots.list(), [{ name: "there", ...handle(target) }]);
    assertNothingLeft(slab, [target]);
  });

  it("are given to live objects only", () => {
    const slab = make();
    const heap = heapOf(slab);
    const [target, freed] = [slab.allocate(64), slab.allocate(64)];
    slab.roots.set("there", handle(target));
    slab.deallocate(freed);
    const end = heap.dataAt + heap.layout.chunkCount * 65_536;
    const wrong = [freed, target + 8, target + 1, 0, heap.dataAt - 8, end, end - 8, 2 ** 32 - 8];
    for (const address of wrong) {
      expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => slab.roots.set("there", handle(address)));
      expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => slab.roots.set("new", handle(address)));
    }
    if (isPool) {
      const [run, span] = [slab.allocate(20_000), slab.allocate(600_000)];
      slab.roots.set("run", handle(run));
      slab.roots.set("span", handle(span));
      for (const address of [run + 2048, run + 8, span + 65_536, span + 8])
        expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => slab.roots.set("new", handle(address)));
      assert.deepEqual(slab.check(), []);
      return assertNothingLeft(slab, [target, run, span]);
    }
    assertNothingLeft(slab, [target]);
  });

  it("want memory, and say so; what is there stays", () => {
    const slab = make({ capacity: 1 << 20, sizeClasses: [64, 8192] });
    const target = slab.allocate(64);
    slab.roots.set("there", handle(target));
    const taken: number[] = [];
    for (;;) {
      try {
        taken.push(slab.allocate(taken.length % 2 === 0 ? 8192 : 64));
      } catch {
        break;
      }
    }
    for (;;) {
      try {
        taken.push(slab.allocate(64));
      } catch {
        break;
      }
    }
    const other = taken[0] as number;
    expectCode("ERR_OUT_OF_MEMORY", () => slab.roots.set("there", handle(other)));
    expectCode("ERR_OUT_OF_MEMORY", () => slab.roots.set("new", handle(other)));
    assert.deepEqual(slab.roots.list(), [{ name: "there", ...handle(target) }]);
    for (const address of taken) slab.deallocate(address);
    assert.deepEqual(slab.check(), []);
    assertNothingLeft(slab, [target]);
  });

  it("of a worker that has left, or of a heap that is gone, are no more", () => {
    const slab = make();
    const target = slab.allocate(64);
    const { roots } = slab;
    slab.detach();
    for (const call of [
      () => roots.set("a", handle(target)),
      () => roots.get("a"),
      () => roots.delete("a"),
      () => roots.list(),
    ])
      expectCode("ERR_DETACHED", call);
  });
}

for (const variant of variants) {
  describe(`names: ${variant.name}`, () => {
    testNames(variant);
    testWrong(variant);
    if (!variant.isPool) return;
    it("are forgotten by a reset", () => {
      const pool = variant.make() as MemoryPool;
      const other = variant.join(pool);
      for (let i = 0; i < 10; i++) other.roots.set(`name ${i}`, handle(pool.allocate(64)));
      pool.reset();
      assert.deepEqual(pool.roots.list(), []);
      assert.equal(other.roots.get("name 1"), undefined);
      assertEmpty(pool);
      const target = other.allocate(64);
      for (let i = 0; i < mostNames; i++) pool.roots.set(`other ${i}`, handle(target));
      assert.equal(other.roots.list().length, mostNames);
      other.detach();
      assertNothingLeft(pool, [target]);
    });
  });
}

describe("names above 2 GiB", () => {
  for (const engine of ["wasm", "js"] as const)
    it(`lead to addresses that are no signed words: ${engine}`, () => {
      const [offset, capacity] = [2 ** 31, 2 << 20];
      const pages = (offset + capacity) / 65_536;
      const memory = wasmMemory(pages, pages, true);
      const slab = new SlabAllocator({ memory, offset, capacity, engine, sizeClasses: [64], maxWorkers: 2 });
      const target = slab.allocate(64);
      assert.ok(target > offset);
      slab.roots.set("high", handle(target));
      slab.roots.set("high", handle(target, "other"));
      assert.deepEqual(slab.roots.list(), [{ name: "high", ...handle(target, "other") }]);
      assertNothingLeft(slab, [target]);
    });
});

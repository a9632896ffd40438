// Each line of the table "What is caught, and what is not" in SECURITY.md, tried: what is caught is an error and
// leaves the heap as it was; what is not does what the table says, and leaves the books whole.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorCode, MemoryPool, SlabAllocator } from "offheap";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";

const MiB = 2 ** 20;
const options = { capacity: 4 * MiB, maxWorkers: 3 };

function makePool(): { pool: MemoryPool; objects: Record<"slot" | "run" | "span", number> } {
  const pool = new MemoryPool(options);
  const [slot, run, span] = [100, 20_000, 600_000].map((size) => pool.allocate(size)) as [
    number,
    number,
    number,
  ];
  return { pool, objects: { slot, run, span } };
}

describe("caught", () => {
  const { pool, objects } = makePool();
  const { slot, run, span } = objects;
  const heap = heapOf(pool as unknown as SlabAllocator);
  const end = heap.dataAt + heap.layout.chunkCount * 65_536;
  const freed = [100, 20_000, 600_000].map((size) => pool.allocate(size));
  for (const address of freed) pool.deallocate(address);
  const [freedSlot, freedRun, freedSpan] = freed as [number, number, number];

  const wrong: Record<string, readonly [ErrorCode, ...(() => unknown)[]]> = {
    "an address outside of the heap, or in its books": [
      "ERR_INVALID_ADDRESS",
      ...[0, 8, heap.offset, heap.dataAt - 8, end, 2 ** 32 - 8, -8].map((at) => () => pool.deallocate(at)),
    ],
    "an address where nothing has been allocated": [
      "ERR_INVALID_ADDRESS",
      () => pool.deallocate(end - 65_536),
    ],
    "an address inside an object": [
      "ERR_INVALID_ADDRESS",
      ...[slot + 1, slot + 8, run + 8, run + 2048, span + 8, span + 65_536].map(
        (at) => () => pool.deallocate(at),
      ),
    ],
    "no number": [
      "ERR_INVALID_ADDRESS",
      ...["8", 8n, null, undefined, Number.NaN].map((at) => () => pool.deallocate(at as number)),
    ],
    "a second free of a slot or a page run": [
      "ERR_DOUBLE_FREE",
      () => pool.deallocate(freedSlot),
      () => pool.deallocate(freedRun),
    ],
    "a second free of a large span, which was given back": [
      "ERR_INVALID_ADDRESS",
      () => pool.deallocate(freedSpan),
    ],
    "a size that is another class's, or another number of pages or chunks": [
      "ERR_SIZE_MISMATCH",
      () => pool.deallocate(slot, 50),
      () => pool.deallocate(run, 18_000),
      () => pool.deallocate(span, 700_000),
    ],
    "a pointer of another allocator that a module frees": [
      "ERR_INVALID_ADDRESS",
      () => pool.asMalloc().free(1024),
    ],
    "a text or bytes that reach beyond their object": [
      "ERR_INVALID_SIZE",
      () => pool.copyIn(slot, new Uint8Array(200)),
      () => pool.readText(slot + 100, 100),
    ],
  };
  for (const [call, [code, ...acts]] of Object.entries(wrong))
    it(`${call}: ${code}`, () => {
      for (const act of acts) expectUnharmed(heap, code, act);
    });

  it("and the heap is whole", () => {
    for (const address of Object.values(objects)) pool.deallocate(address);
    assert.deepEqual(pool.check(), []);
  });
});

describe("not caught", () => {
  it("a stale free: it ends the newer object", () => {
    const { pool } = makePool();
    for (const size of [100, 20_000, 600_000]) {
      const old = pool.allocate(size);
      pool.deallocate(old);
      const newer = pool.allocate(size);
      assert.equal(newer, old, "the place is taken again");
      pool.deallocate(old);
      assert.throws(() => pool.deallocate(newer), { name: "AllocatorError" });
    }
    assert.deepEqual(pool.check(), []);
  });

  it("an address of another heap of the same shape: it ends what this heap has there", () => {
    const [one, other] = [new SlabAllocator(options), new SlabAllocator(options)];
    const theirs = other.allocate(100);
    const ours = one.allocate(100);
    assert.equal(theirs, ours);
    one.deallocate(theirs);
    expectCode("ERR_DOUBLE_FREE", () => one.deallocate(ours));
    assert.deepEqual([one.stats().liveObjects, other.stats().liveObjects], [0, 1]);
    assert.deepEqual([...one.check(), ...other.check()], []);
  });

  it("of such an address caught is what this heap has not live, or not of the size given back", () => {
    const [one, other] = [new SlabAllocator(options), new SlabAllocator(options)];
    const theirs = [1, 2, 3].map(() => other.allocate(100));
    expectUnharmed(heapOf(one), "ERR_INVALID_ADDRESS", () => one.deallocate(theirs[0] as number));
    one.allocate(100);
    expectUnharmed(heapOf(one), "ERR_DOUBLE_FREE", () => one.deallocate(theirs[2] as number));
    expectUnharmed(heapOf(one), "ERR_SIZE_MISMATCH", () => one.deallocate(theirs[0] as number, 1000));
    assert.deepEqual([...one.check(), ...other.check()], []);
  });

  it("a size that rounds to the same class, pages or chunks", () => {
    const { pool, objects } = makePool();
    pool.deallocate(objects.slot, 99);
    pool.deallocate(objects.run, 20_400);
    pool.deallocate(objects.span, 599_000);
    assert.deepEqual(pool.check(), []);
  });

  it("a write past the end, and a use after the free: the neighbour, or the next, has other bytes", () => {
    const heap = new SlabAllocator({ ...options, sizeClasses: [64] });
    const two = [heap.allocate(64), heap.allocate(64)].sort((a, b) => a - b) as [number, number];
    assert.equal(two[1] - two[0], 64);
    heap.u8[two[0] + 64] = 7;
    assert.equal(heap.u8[two[1]], 7);
    heap.deallocate(two[0]);
    heap.u8[two[0]] = 9;
    assert.equal(heap.u8[heap.allocate(64)], 9);
    assert.deepEqual(heap.check(), []);
  });

  it("a wild write into memory that was never used: a zeroed object is not zero", () => {
    const { pool } = makePool();
    const { words, dataAt, layout } = heapOf(pool as unknown as SlabAllocator);
    for (let chunk = 0; chunk < layout.chunkCount; chunk++)
      if (words[layout.claimsAt + chunk] === 0) pool.u8[dataAt + chunk * 65_536] = 5;
    const address = pool.allocate(600_000, { zeroed: true });
    assert.equal(pool.u8[address], 5);
    pool.destroy();
  });
});

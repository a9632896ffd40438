// Limits of pools, each met exactly, one short and one over: where slots end and page runs begin, where those end and
// spans begin, the last page of a span, the last chunk of the heap, the whole of it, alignments, regions.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SizeClasses } from "offheap";
import { readFill, writeFill } from "./support/fill.ts";
import { expectCode, expectUnharmed, heapOf, keepingNone, optionsFor } from "./support/heaps.ts";
import { assertZeroResidue, fillUp } from "./support/residue.ts";

const KiB = 1024;
const MiB = 2 ** 20;
const chunk = 64 * KiB;
const page = 2 * KiB;
const runLimit = 448 * KiB;

/** A pool of 64 MiB, whose page spans have 16 chunks, 512 pages. */
function makePool(sizeClasses = SizeClasses.fine): MemoryPool {
  return keepingNone(new MemoryPool({ capacity: 64 * MiB, maxWorkers: 2, sizeClasses }));
}

function chunksOf(pool: MemoryPool): number {
  return heapOf(pool).layout.chunkCount;
}

describe("sizes where one kind of object ends and the next begins", () => {
  const table = [
    [8191, 8192, "slot"],
    [8192, 8192, "slot"],
    [8193, 5 * page, "run"],
    [5 * page, 5 * page, "run"],
    [5 * page + 1, 6 * page, "run"],
    [runLimit - 1, runLimit, "run"],
    [runLimit, runLimit, "run"],
    [runLimit + 1, 8 * chunk, "span"],
    [8 * chunk, 8 * chunk, "span"],
    [8 * chunk + 1, 9 * chunk, "span"],
  ] as const;
  for (const [size, bytes, kind] of table)
    it(`${size} bytes are a ${kind} of ${bytes}`, () => {
      const pool = makePool();
      const address = pool.allocate(size);
      const { large, sizeClasses, spanBytes } = pool.stats();
      assert.equal(pool.sizeOf(address), bytes);
      assert.deepEqual(
        [large.objects, large.bytes, large.pageSpans, sizeClasses.at(-1)?.allocated],
        [
          kind === "slot" ? 0 : 1,
          kind === "slot" ? 0 : bytes,
          kind === "run" ? 1 : 0,
          kind === "slot" ? 1 : 0,
        ],
      );
      if (kind === "span") assert.equal(spanBytes, bytes);
      writeFill(pool, address, size);
      const unit = kind === "run" ? page : chunk;
      const wrong = kind === "slot" ? [7168, 8193] : [bytes + 1, bytes - unit];
      for (const given of wrong) expectCode("ERR_SIZE_MISMATCH", () => pool.deallocate(address, given));
      readFill(pool, address, size);
      pool.deallocate(address, kind === "slot" ? 8000 : bytes - unit + 1);
      assertZeroResidue(pool, [8192]);
    });

  it("are crossed by reallocate in one step, and back", () => {
    const pool = makePool();
    for (const [at, over] of [
      [8192, 8193],
      [5 * page, 5 * page + 1],
      [runLimit, runLimit + 1],
      [8 * chunk, 8 * chunk + 1],
    ] as const) {
      let address = pool.allocate(at);
      for (const size of [over, at, over]) {
        pool.u8[address] = 3;
        pool.u8[address + at - 1] = 4;
        address = pool.reallocate(address, size);
        assert.deepEqual([pool.u8[address], pool.u8[address + at - 1]], [3, 4]);
        assert.ok(pool.sizeOf(address) >= size);
      }
      assert.deepEqual([pool.stats().liveObjects, pool.check()], [1, []]);
      pool.deallocate(address);
    }
    assertZeroResidue(pool, [8192]);
  });
});

describe("the last page of a span of pages", () => {
  const spanPages = 512;
  /** Runs that fill a span but for `rest` pages, which are its last. */
  const filled = (rest: number) => {
    const pool = makePool();
    const runs = [224, 200, spanPages - 424 - rest].map((pages) => pool.allocate(pages * page));
    const [first] = runs as [number];
    assert.deepEqual(
      runs.map((address) => (address - first) / page),
      [0, 224, 424],
    );
    assert.deepEqual([pool.stats().large.pageSpans, pool.stats().large.freeBytes], [1, rest * page]);
    return { pool, runs, end: first + spanPages * page };
  };
  const finish = (pool: MemoryPool, addresses: readonly number[]) => {
    assert.deepEqual(pool.check(), []);
    for (const address of addresses) pool.deallocate(address);
    assertZeroResidue(pool, [8192]);
  };

  for (const rest of [5, 31, 32, 33, 64])
    it(`is taken by a run of the ${rest} that are left, is left by one less, and does for none of one more`, () => {
      for (const [pages, spans, free] of [
        [rest, 1, 0],
        [rest - 1, 1, 1],
        [rest + 1, 2, rest + spanPages - rest - 1],
      ] as const) {
        if (pages < 5) continue;
        const { pool, runs, end } = filled(rest);
        const address = pool.allocate(pages * page);
        assert.deepEqual([pool.stats().large.pageSpans, pool.stats().large.freeBytes], [spans, free * page]);
        if (spans === 1) assert.equal(address + pages * page, end - free * page);
        writeFill(pool, address, 5);
        pool.u8[end - 1] = pages === rest ? (pool.u8[end - 1] as number) : 1;
        readFill(pool, address, 5);
        finish(pool, [...runs, address]);
      }
    });

  it("is what a run grows up to, and not beyond", () => {
    const { pool, runs, end } = filled(20);
    const [, , last] = runs as [number, number, number];
    writeFill(pool, last, 1);
    assert.equal(pool.reallocate(last, end - last), last);
    assert.equal(pool.stats().large.freeBytes, 0);
    assert.equal(pool.reallocate(last, end - last - page), last);
    assert.equal(pool.stats().large.freeBytes, page);
    const moved = pool.reallocate(last, end - last + 1);
    assert.notEqual(moved, last);
    assert.equal(pool.stats().large.pageSpans, 2);
    finish(pool, [runs[0] as number, runs[1] as number, moved]);
  });

  it("is no address of its own in the run that it is the end of, and free behind it", () => {
    const { pool, runs, end } = filled(5);
    const address = pool.allocate(5 * page);
    assert.equal(address, end - 5 * page);
    for (const wrong of [end - page, end - 8])
      expectCode("ERR_INVALID_ADDRESS", () => pool.deallocate(wrong));
    expectCode("ERR_INVALID_ADDRESS", () => pool.sizeOf(end));
    pool.deallocate(address);
    expectCode("ERR_DOUBLE_FREE", () => pool.deallocate(end - page));
    finish(pool, runs);
  });
});

describe("the largest run that a span has left", () => {
  it("goes to a request that is as long, and to none that is longer", () => {
    const pool = makePool();
    // Gaps of 10, 30 and 20 pages, with runs between them.
    const runs = [10, 5, 30, 5, 20, 442].map(
      (pages) => [pages, pool.allocate(Math.min(pages, 224) * page)] as const,
    );
    const gaps = runs.filter(([pages]) => pages === 10 || pages === 20 || pages === 30);
    const rest = fillUp(pool, 5 * page, (512 - 10 - 5 - 30 - 5 - 20 - 224) / 5);
    for (const [, address] of gaps) pool.deallocate(address);
    const spans = pool.stats().large.pageSpans;
    for (const [pages, address] of gaps) {
      assert.equal(pool.allocate(pages * page), address, `${pages} pages fit best where ${pages} are`);
      pool.deallocate(address);
    }
    const over = pool.allocate(31 * page);
    assert.ok(!gaps.some(([, address]) => address === over));
    assert.ok(pool.stats().large.pageSpans >= spans);
    const kept = runs.filter((run) => !gaps.includes(run)).map(([, address]) => address);
    for (const address of [over, ...kept, ...rest]) pool.deallocate(address);
    assertZeroResidue(pool, [8192]);
  });
});

describe("the last chunk of the heap", () => {
  for (const chunks of [9, 31, 32, 33, 63, 64, 65, 1023, 1024, 1025])
    it(`of ${chunks} goes with an object of those that are left, is left by one shorter, does for none longer`, () => {
      const pool = new MemoryPool(optionsFor(chunks, { sizeClasses: [64], maxWorkers: 1 }, true));
      const { dataAt } = heapOf(pool);
      const end = dataAt + chunks * chunk;
      const left = 9;
      const first = chunks > left ? pool.allocate((chunks - left) * chunk) : 0;
      for (const size of [left * chunk, left * chunk - 1]) {
        const address = pool.allocate(size);
        assert.equal(address, end - left * chunk);
        pool.u8[end - 1] = 1;
        expectCode("ERR_OUT_OF_MEMORY", () => pool.allocate(1));
        pool.deallocate(address, size);
      }
      if (chunks > left) expectCode("ERR_OUT_OF_MEMORY", () => pool.allocate(left * chunk + 1));
      const shorter = pool.allocate(left * chunk - chunk);
      assert.equal(pool.stats().spanBytes, (chunks - 1) * chunk);
      writeFill(pool, shorter, 3);
      expectCode("ERR_INVALID_ADDRESS", () => pool.sizeOf(end - chunk));
      assert.equal(pool.reallocate(shorter, left * chunk), shorter);
      assert.equal(pool.sizeOf(shorter), left * chunk);
      const codes = ["ERR_OUT_OF_MEMORY", "ERR_INVALID_SIZE"];
      assert.throws(
        () => pool.reallocate(shorter, left * chunk + 1),
        (error: { code: string }) => codes.includes(error.code),
      );
      assert.equal(pool.reallocate(shorter, left * chunk - chunk), shorter);
      readFill(pool, shorter, 3);
      pool.deallocate(shorter);
      if (first !== 0) pool.deallocate(first);
      assertZeroResidue(
        pool,
        [64].filter(() => chunks < 100),
      );
    });
});

describe("the whole heap", () => {
  it("is the largest object: one byte more is none, one chunk less leaves one", () => {
    const pool = makePool();
    const most = chunksOf(pool) * chunk;
    for (const size of [most, most - 1, most - chunk + 1]) {
      const address = pool.allocate(size);
      assert.deepEqual([address, pool.sizeOf(address)], [heapOf(pool).dataAt, most]);
      pool.deallocate(address, size);
    }
    for (const over of [most + 1, most + chunk, 2 ** 32, 2 ** 53])
      expectCode("ERR_INVALID_SIZE", () => pool.allocate(over));
    const address = pool.allocate(most - chunk);
    const slot = pool.allocate(8);
    expectCode("ERR_OUT_OF_MEMORY", () => pool.reallocate(address, most));
    pool.deallocate(slot);
    pool.cleanup();
    assert.equal(pool.reallocate(address, most), address);
    expectUnharmed(heapOf(pool), "ERR_INVALID_SIZE", () => pool.reallocate(address, most + 1));
    assert.equal(pool.reallocate(address, most - chunk), address);
    pool.deallocate(address, most - chunk);
    assertZeroResidue(pool, [8192]);
  });
});

describe("alignments", () => {
  it("up to a chunk keep a run a run, above it is a span; 2 MiB is the most", () => {
    const pool = makePool();
    for (const size of [8193, runLimit - 1, runLimit]) {
      for (const [align, unit] of [
        [chunk / 2, page],
        [chunk, page],
        [2 * chunk, chunk],
        [2 * MiB, chunk],
      ] as const) {
        const address = pool.allocate(size, { align });
        assert.equal(address % align, 0);
        assert.equal(pool.sizeOf(address), Math.ceil(size / unit) * unit);
        pool.deallocate(address);
      }
      for (const align of [2 * MiB + 1, 4 * MiB, 2 ** 31, 2 ** 32])
        expectUnharmed(heapOf(pool), "ERR_INVALID_ALIGNMENT", () => pool.allocate(size, { align }));
    }
    assertZeroResidue(pool, [8192]);
  });

  it("of slots end with the largest class that is a multiple of them", () => {
    const pool = makePool(SizeClasses.powersOfTwo);
    for (const [size, align, bytes] of [
      [8, 4096, 4096],
      [4096, 4096, 4096],
      [4097, 4096, 8192],
      [8192, 8192, 8192],
      [8, 8192, 8192],
      [8, 16_384, page],
      [8193, 8192, 5 * page],
    ] as const) {
      const address = pool.allocate(size, { align });
      assert.deepEqual([address % align, pool.sizeOf(address)], [0, bytes]);
      pool.deallocate(address);
    }
    assertZeroResidue(pool, [8192]);
  });
});

describe("the stretch of a region", () => {
  it("is filled to its last byte, and the next object begins another", () => {
    const pool = makePool();
    const region = pool.region();
    const objects = () => pool.stats().liveObjects;
    const addresses = Array.from({ length: 511 }, () => region.allocate(8));
    assert.equal(objects(), 1);
    assert.equal((addresses.at(-1) as number) - (addresses[0] as number), 510 * 8);
    assert.equal(((addresses.at(-1) as number) + 8) % 4096, 0);
    region.allocate(1);
    assert.equal(objects(), 2);
    region.end();
    assert.equal(objects(), 0);
    assertZeroResidue(pool, [8192]);
  });

  it("has no room for objects of over a quarter of the next one: they are the pool's own", () => {
    for (const [size, own] of [
      [4096 / 4 - 8, 0],
      [4096 / 4 - 7, 1],
    ] as const) {
      const pool = makePool(SizeClasses.powersOfTwo);
      const region = pool.region();
      const address = region.allocate(size);
      // A stretch is of 4,096 bytes; one's own object of what it takes.
      const class4096 = pool.stats().sizeClasses.find(({ objectSize }) => objectSize === 4096);
      assert.equal(class4096?.allocated, 1 - own);
      pool.u8.fill(1, address, address + size);
      region.end();
      assertZeroResidue(pool, [8192]);
    }
  });
});

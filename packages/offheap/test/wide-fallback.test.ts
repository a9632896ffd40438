// What page runs do for wide classes where no slab can be built, and what reallocate makes of objects over 8 KiB.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SlabAllocator } from "offheap";
import { expectCode } from "./support/heaps.ts";
import { assertEmpty, assertZeroResidue, fillUp } from "./support/residue.ts";
import { isSlot, wellUsed } from "./support/wide.ts";

const chunk = 65_536;
const page = 2048;
const MiB = 2 ** 20;

const pagesOf = (size: number) => Math.ceil(size / page);

/** A pool whose chunks are all taken, but for pages of a span: room for one run of so many bytes. */
function withPagesOnly(runBytes: number): { pool: MemoryPool; live: number[] } {
  const options = { capacity: 24 * chunk, maxWorkers: 2, sizeClasses: [64, 1024, 24_000] };
  const pool = new MemoryPool(options, { tiny: { slabChunks: 2, roundLimit: 4 } });
  const hole = pool.allocate(runBytes, { align: page });
  const live = [pool.allocate(24_000), ...fillUp(pool, 24_000), ...fillUp(pool, 64)];
  for (let isFull = false; !isFull; ) {
    try {
      live.push(pool.allocate(page, { align: page }));
    } catch (error) {
      isFull = (error as { code?: string }).code === "ERR_OUT_OF_MEMORY";
      if (!isFull) throw error;
    }
  }
  pool.deallocate(hole);
  return { pool, live };
}

function end(pool: MemoryPool, live: readonly number[]): void {
  for (const address of live) pool.deallocate(address);
  pool.cleanup();
  assertEmpty(pool);
  assert.deepEqual(pool.check(), []);
}

describe("where no slab can be built for a wide class", () => {
  it("a page run serves, before any slab or magazine is given up for it", () => {
    const { pool, live } = withPagesOnly(24_576);
    const cached = () => pool.stats().sizeClasses.map((entry) => entry.cached);
    pool.deallocate(live.pop() as number);
    const before = cached();
    const address = pool.allocate(19_000);
    assert.deepEqual(cached(), before);
    assert.equal(pool.sizeOf(address), pagesOf(19_000) * page);
    for (const wrong of [64, 1024, 24_001, 30_000])
      expectCode("ERR_SIZE_MISMATCH", () => pool.deallocate(address, wrong));
    pool.deallocate(address, 19_000);
    for (const size of [1025, 20_000, 24_000]) {
      for (const given of [1025, size, 24_000]) {
        const each = pool.allocate(size);
        assert.equal(pool.sizeOf(each), pagesOf(size) * page);
        pool.deallocate(each, given);
      }
    }
    end(pool, live);
  });

  it("it is aligned and zeroed as asked, and serves regions and reallocate", () => {
    const { pool, live } = withPagesOnly(24_576);
    const aligned = pool.allocate(5000, { align: 4096, zeroed: true });
    assert.equal(aligned % 4096, 0);
    assert.ok(pool.u8.subarray(aligned, aligned + 5000).every((byte) => byte === 0));
    pool.deallocate(aligned);
    const region = pool.region();
    assert.ok(region.allocate(10_000) > 0);
    region.end();
    const small = live.pop() as number;
    pool.u8.fill(7, small, small + 64);
    const grown = pool.reallocate(small, 20_000);
    assert.ok(pool.u8.subarray(grown, grown + 64).every((byte) => byte === 7));
    live.push(grown);
    end(pool, live);
  });

  it("and where there are no pages either, out of memory says how many bytes in a row", () => {
    const { pool, live } = withPagesOnly(10_240);
    const error = expectCode("ERR_OUT_OF_MEMORY", () => pool.allocate(19_000));
    assert.match(
      error.message,
      /: no 19000 bytes in a row can be had: .* the largest free run has 10240 bytes$/,
    );
    live.push(pool.allocate(10_240));
    end(pool, live);
  });

  it("slots serve reallocate where no run can be had", () => {
    const pool = new MemoryPool({ capacity: 12 * chunk, maxWorkers: 2, sizeClasses: [64, 9216, 24_576] });
    const live = fillUp(pool, 24_576);
    const small = pool.reallocate(live.pop() as number, 64);
    const { large } = pool.stats();
    const back = pool.reallocate(small, 20_000);
    assert.equal(pool.sizeOf(back), 24_576);
    assert.equal(pool.stats().large.objects, large.objects);
    end(pool, [...live, back]);
  });
});

describe("reallocate over 8 KiB", () => {
  it("keeps what fits its class, and the bytes where it moves", () => {
    const pool = wellUsed({ capacity: 64 * MiB, maxWorkers: 4 });
    const first = pool.allocate(9000);
    pool.u8.fill(9, first, first + 9000);
    assert.equal(pool.reallocate(first, 8193), first);
    assert.equal(pool.reallocate(first, 9216), first);
    const grown = pool.reallocate(first, 10_000);
    assert.notEqual(grown, first);
    assert.ok(pool.u8.subarray(grown, grown + 9000).every((byte) => byte === 9));
    expectCode("ERR_DOUBLE_FREE", () => pool.deallocate(first));
    pool.deallocate(grown, 10_000);
    end(pool, []);
  });

  it("leaves what grows where it is while there is room behind it", () => {
    const pool = wellUsed({ capacity: 64 * MiB, maxWorkers: 4 });
    let address = pool.reallocate(pool.allocate(1000), 9000);
    const start = address;
    for (let size = 10_000; size <= 300_000; size += 1000) address = pool.reallocate(address, size);
    assert.equal(address, start);
    pool.deallocate(address, 300_000);
    end(pool, []);
  });

  it("gives what shrinks a slot of its class", () => {
    const pool = wellUsed({ capacity: 64 * MiB, maxWorkers: 4 });
    for (const [from, to] of [
      [32_768, 9000],
      [600_000, 20_000],
    ] as const) {
      const address = pool.reallocate(pool.allocate(from), to);
      assert.equal(isSlot(pool, to, address), true);
    }
    end(pool, []);
  });
});

describe("a slab allocator with wide classes", () => {
  it("has no page runs: it is out of memory when no slab can be had", () => {
    const heap = new SlabAllocator({ capacity: 16 * chunk, maxWorkers: 2, sizeClasses: [64, 24_000] });
    const live = fillUp(heap, 24_000);
    assert.match(
      expectCode("ERR_OUT_OF_MEMORY", () => heap.allocate(20_000)).message,
      /: no slot of 24000 bytes can be had/,
    );
    for (const address of live) heap.deallocate(address, 24_000);
    assertZeroResidue(heap);
  });
});

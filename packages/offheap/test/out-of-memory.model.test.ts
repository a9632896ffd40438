// What a pool says when it is full, held against a model that counts for itself: where all its bytes are, and the
// largest request that would still be served, to the byte.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AllocatorError, MemoryPool } from "offheap";
import { claimPagesHeld, lengthOf } from "#src/arena/claim.js";
import type { WorkerPlace } from "#src/base/brands.js";
import { attachPoolTo, expectCode, heapOf } from "./support/heaps.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertZeroResidue, fillUp } from "./support/residue.ts";

const chunk = 65_536;

/** The numbers of a message, by what stands before and behind them. */
function numbersOf(error: AllocatorError) {
  const found =
    /^ERR_OUT_OF_MEMORY: no (.+) can be had: of (\d+) bytes, (\d+) are live \((\d+) in slabs, (\d+) in large objects\), (\d+) cached by workers, (\d+) free in slabs, (\d+) free in pages, (\d+) in no span \(64 KiB chunks: (\d+)\), (\d+) books; the largest free run has (\d+) bytes$/.exec(
      error.message,
    );
  assert.ok(found, error.message);
  const [wanted, ...rest] = found.slice(1) as [string, ...string[]];
  const numbers = rest.map(Number);
  const [capacity, live, inSlabs, inLarge, cached, freeSlots, freePages, noSpan, chunks, books, largest] =
    numbers as [number, number, number, number, number, number, number, number, number, number, number];
  return {
    ...{ wanted, capacity, live, inSlabs, inLarge, cached, freeSlots },
    ...{ freePages, noSpan, chunks, books, largest },
  };
}

interface Counted {
  readonly pool: MemoryPool;
  readonly live: ReadonlyMap<number, boolean>;
  readonly error: AllocatorError;
}

/** What this test knows of a pool without asking its books. */
function assertTrue({ pool, live, error }: Counted): ReturnType<typeof numbersOf> {
  const told = numbersOf(error);
  const bytesOf = (isLarge: boolean) =>
    [...live].reduce((sum, [address, large]) => sum + (large === isLarge ? pool.sizeOf(address) : 0), 0);
  const { layout } = heapOf(pool);
  const stats = pool.stats();
  assert.equal(told.capacity, layout.capacityBytes);
  assert.equal(told.inSlabs, bytesOf(false));
  assert.equal(told.inLarge, bytesOf(true));
  assert.equal(told.live, told.inSlabs + told.inLarge);
  assert.equal(told.books, layout.capacityBytes - layout.chunkCount * chunk);
  assert.equal(told.noSpan, told.chunks * chunk);
  assert.equal(told.noSpan + stats.spanBytes + told.books, told.capacity);
  // All of it, but for what is left over at the ends of slabs.
  const sum = told.live + told.cached + told.freeSlots + told.freePages + told.noSpan + told.books;
  const ends = stats.sizeClasses.reduce((most, { totalSlabs }) => most + totalSlabs * chunk, 0);
  assert.ok(
    sum <= told.capacity && told.capacity - sum <= ends,
    `${sum} of ${told.capacity}: ${error.message}`,
  );
  return told;
}

/** The largest request is served, and no larger one. */
function assertLargest(pool: MemoryPool, largest: number): void {
  if (largest <= 8192) return;
  const most = heapOf(pool).layout.chunkCount * chunk;
  if (largest < most) expectCode("ERR_OUT_OF_MEMORY", () => pool.allocate(largest + 1));
  const address = pool.allocate(largest);
  assert.equal(pool.sizeOf(address), largest);
  pool.deallocate(address, largest);
}

function live(seed: number): void {
  const random = new Random(seed);
  const capacity = (16 + random.below(60)) * chunk;
  const pool = new MemoryPool({ capacity, maxWorkers: 3 });
  const other = attachPoolTo(heapOf(pool));
  const objects = new Map<number, boolean>();
  const sizes = [8, 100, 1000, 8192, 8193, 30_000, 200_000, 500_000, 2_000_000];
  let refused = 0;
  const call = (worker: MemoryPool, size: number): void => {
    try {
      objects.set(worker.allocate(size), size > 8192);
    } catch (error) {
      assert.ok(error instanceof AllocatorError);
      if (error.code === "ERR_INVALID_SIZE") return;
      refused++;
      const told = assertTrue({ pool, live: objects, error });
      assert.ok(size <= 8192 || told.largest < size, error.message);
      if (worker === pool) assertLargest(pool, told.largest);
    }
  };
  for (let step = 0; step < 300 && refused < 25; step++) {
    const worker = random.chance(70) ? pool : other;
    if (random.chance(65) || objects.size === 0) {
      const size = random.pick(sizes);
      for (let i = random.below(8); i >= 0; i--) call(worker, size);
    } else if (random.chance(90)) {
      const address = random.pick([...objects.keys()]);
      worker.deallocate(address);
      objects.delete(address);
    } else call(worker, capacity - heapOf(pool).layout.bookBytes - chunk);
  }
  assert.ok(refused > 0);
  for (const address of objects.keys()) pool.deallocate(address);
  other.detach();
  assertZeroResidue(pool, [64, 8192]);
}

describe("a pool that is out of memory", () => {
  it("says where all its bytes are, and the largest request that would be served", (t) => {
    const seed = runSeed();
    t.diagnostic(`OFFHEAP_SEED=${seed}, 10 runs from it on`);
    for (let run = 0; run < 10; run++) live(seed + run);
  });

  it("says so by every call, in words of what was wanted", () => {
    const pool = new MemoryPool({ capacity: 4 << 20, maxWorkers: 1 });
    const objects = new Map<number, boolean>();
    const region = pool.region();
    for (const size of [1 << 20, 100_000, 8193]) for (const at of fillUp(pool, size)) objects.set(at, true);
    const kept = [...objects.keys()].at(-1) as number;
    const wanted = (call: () => unknown) =>
      assertTrue({ pool, live: objects, error: expectCode("ERR_OUT_OF_MEMORY", call) }).wanted;
    assert.equal(
      wanted(() => pool.allocate(100)),
      "slot of 104 bytes",
    );
    assert.equal(
      wanted(() => pool.allocate(100, { align: 64 })),
      "slot of 192 bytes",
    );
    assert.equal(
      wanted(() => pool.allocate(100_000)),
      "100000 bytes in a row",
    );
    assert.equal(
      wanted(() => pool.allocate(9000, { align: 4096 })),
      "9000 bytes in a row, aligned to 4096,",
    );
    assert.equal(
      wanted(() => pool.reallocate(kept, 200_000)),
      "200000 bytes in a row",
    );
    assert.equal(
      wanted(() => region.allocate(100)),
      "slot of 120 bytes",
    );
    assert.equal(
      wanted(() => region.allocate(50_000)),
      "50008 bytes in a row",
    );
    const { malloc, calloc, realloc, aligned_alloc, memalign, posix_memalign } = pool.asMalloc();
    for (const null0 of [malloc(100), malloc(100_000), calloc(10, 10), realloc(kept, 200_000), realloc(0, 5)])
      assert.equal(null0, 0);
    for (const null0 of [aligned_alloc(4096, 5), memalign(65_536, 9)]) assert.equal(null0, 0);
    assert.equal(pool.u8.length, 4 << 20);
    assert.equal(posix_memalign(kept, 16, 100), 12);
    for (const address of objects.keys()) pool.deallocate(address);
    assertZeroResidue(pool, [64, 8192]);
  });

  it("says of a slot that could not move to a larger class what it wanted", () => {
    const pool = new MemoryPool({ capacity: 4 << 20, maxWorkers: 1 });
    const objects = new Map(fillUp(pool, 64).map((address) => [address, false]));
    const [first] = [...objects.keys()] as [number];
    const call = () => pool.reallocate(first, 4000);
    const told = assertTrue({ pool, live: objects, error: expectCode("ERR_OUT_OF_MEMORY", call) });
    assert.match(told.wanted, /^slot of [45]\d\d\d bytes$/);
    assert.equal(told.inSlabs, objects.size * 64);
    assert.equal(told.largest, 0);
    for (const address of objects.keys()) pool.deallocate(address);
    assertZeroResidue(pool, [64]);
  });

  it("does not count pages of a span that another worker holds for what could be had", () => {
    const pool = new MemoryPool({ capacity: 16 * chunk, maxWorkers: 2 });
    const { words, layout, dataAt } = heapOf(pool);
    const runs = fillUp(pool, 10_000).sort((a, b) => a - b);
    const [first, second, kept] = runs as [number, number, number];
    assert.equal(kept, first + 2 * 10_240);
    for (const address of [first, second]) pool.deallocate(address);
    const told = () => numbersOf(expectCode("ERR_OUT_OF_MEMORY", () => pool.allocate(100_000)));
    const free = told().largest;
    assert.equal(free, 2 * 10_240);
    const at = layout.claimsAt + Math.floor((first - dataAt) / chunk);
    const claim = words[at] as number;
    words[at] = claimPagesHeld(lengthOf(claim), 2 as WorkerPlace);
    assert.ok(told().largest < 10_240);
    words[at] = claim;
    assert.equal(told().largest, free);
  });
});

describe("a region in a pool that is nearly full", () => {
  it("serves small objects as long as there is any place for them", () => {
    const pool = new MemoryPool({ capacity: 4 << 20, maxWorkers: 1 });
    const region = pool.region();
    // So that the next stretch would have 256 KiB.
    for (let i = 0; i < 600; i++) region.allocate(1000);
    const rest = [chunk, 20_000, 8193].flatMap((size) => fillUp(pool, size));
    // Four chunks in a row are not to be had again, but one is.
    const hole = rest.splice(1, 1)[0] as number;
    assert.equal(pool.sizeOf(hole), chunk);
    pool.deallocate(hole);
    const before = pool.stats().liveBytes;
    const objects = Array.from({ length: 400 }, () => region.allocate(100));
    assert.equal(new Set(objects).size, 400);
    assert.ok(pool.stats().liveBytes >= before);
    region.end();
    for (const address of rest) pool.deallocate(address);
    assertZeroResidue(pool, [64, 8192]);
  });
});

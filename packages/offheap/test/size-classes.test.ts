// Size classes: the two presets, lists of one's own, and which class a request gets.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SizeClasses, SlabAllocator } from "offheap";
import { expectCode } from "./support/heaps.ts";

/** The class a request must get, by the definition: the smallest that holds it. */
function leastClass(classes: readonly number[], size: number): number | undefined {
  return classes.find((bytes) => bytes >= size);
}

/** The largest power of two that divides a size. */
function alignmentOf(bytes: number): number {
  let alignment = 1;
  while (bytes % (alignment * 2) === 0) alignment *= 2;
  return alignment;
}

function smallHeap(sizeClasses: readonly number[]): SlabAllocator {
  return new SlabAllocator({ capacity: 16 << 20, maxWorkers: 1, memory: "local", sizeClasses });
}

const lists = fc
  .uniqueArray(fc.integer({ min: 1, max: 8192 }), { minLength: 1, maxLength: 40 })
  .map((granules) => granules.sort((a, b) => a - b).map((granule) => granule * 8));

describe("size-class creation", () => {
  it("offers eleven powers of two, 8 bytes to 8 KiB, as the default", () => {
    const expected = [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];
    assert.deepEqual(SizeClasses.powersOfTwo, expected);
    const heap = new SlabAllocator({ capacity: 8 << 20, memory: "local" });
    assert.deepEqual(
      heap.stats().sizeClasses.map((entry) => entry.objectSize),
      expected,
    );
  });

  it("aims at slabs of 1 MiB with 16 to 16,384 objects", () => {
    const list = [8, 64, 1024, 8192, 40_000, 65_536];
    const heap = new SlabAllocator({ capacity: 256 << 20, maxWorkers: 1, sizeClasses: list });
    for (const { objectSize, objectsPerSlab } of heap.stats().sizeClasses) {
      assert.ok(objectsPerSlab >= 16 && objectsPerSlab <= 16_384, `${objectSize}: ${objectsPerSlab}`);
      const aimed = Math.min(16_384, Math.floor(2 ** 20 / objectSize));
      assert.ok(objectsPerSlab >= aimed, `${objectSize}: ${objectsPerSlab} objects, aimed at ${aimed}`);
      assert.ok(objectsPerSlab * objectSize <= 2 ** 20);
    }
  });

  it("presets cannot be changed", () => {
    assert.ok(Object.values(SizeClasses).every(Object.isFrozen));
  });

  it("takes a list of one's own, and keeps a copy of it", () => {
    const list = [24, 40, 1000];
    const heap = smallHeap(list);
    list[1] = 48;
    assert.equal(heap.sizeOf(heap.allocate(30)), 40);
  });

  it("refuses lists that are none", () => {
    const tooMany = Array.from({ length: 64 }, (_, i) => 8 * (i + 1));
    const bad: unknown[] = [[], [0], [-8], [12], [8, 8], [16, 8], [8.5], [Number.NaN], ["8"], [65_544]];
    bad.push(tooMany, "8,16", 8, {}, [8, undefined, 16], [Number.POSITIVE_INFINITY], [2 ** 32], new Set([8]));
    for (const sizeClasses of bad) {
      const options = { capacity: 8 << 20, memory: "local", sizeClasses } as ConstructorParameters<
        typeof SlabAllocator
      >[0];
      expectCode("ERR_INVALID_OPTION", () => new SlabAllocator(options));
    }
    assert.equal(smallHeap(tooMany.slice(0, 63)).stats().sizeClasses.length, 63);
  });
});

describe("the malloc preset", () => {
  it("has multiples of 16 only, but for 8, and wastes at most 12.5 % over 112 bytes", () => {
    const [first, ...others] = SizeClasses.malloc;
    assert.equal(first, 8);
    for (const bytes of others) assert.equal(bytes % 16, 0);
    for (let size = 1; size <= 8192; size++) {
      const slot = leastClass(SizeClasses.malloc, size) as number;
      assert.ok(size > 112 ? (slot - size) / slot <= 0.125 : slot - size < 16, `${size} in ${slot}`);
    }
  });
});

describe("the fine preset", () => {
  it("wastes at most 12.5 % of a slot for every request over 64 bytes", () => {
    const heap = smallHeap(SizeClasses.fine);
    for (let size = 65; size <= 8192; size++) {
      const address = heap.allocate(size);
      const slot = heap.sizeOf(address);
      assert.ok(slot >= size && (slot - size) / slot <= 0.125, `${size} bytes in a slot of ${slot}`);
      heap.deallocate(address, size);
    }
    assert.deepEqual(heap.check(), []);
  });

  it("wastes less than 8 bytes up to 64, and serves 1 to 8192", () => {
    for (let size = 1; size <= 64; size++) {
      assert.ok((leastClass(SizeClasses.fine, size) as number) - size < 8);
    }
    assert.equal(SizeClasses.fine.at(-1), 8192);
  });

  it("needs no more classes than that takes", () => {
    // One class fewer anywhere, and some request over 64 bytes would waste more.
    const classes = SizeClasses.fine;
    for (let i = 1; i + 1 < classes.length; i++) {
      const slot = classes[i + 1] as number;
      const least = (classes[i - 1] as number) + 1;
      if (least > 64) assert.ok((slot - least) / slot > 0.125, `${classes[i]} is not needed`);
    }
  });
});

describe("class selection", () => {
  it("rounds up to the next class, 100 to 128", () => {
    const heap = smallHeap(SizeClasses.powersOfTwo);
    assert.equal(heap.sizeOf(heap.allocate(100)), 128);
    for (let size = 1; size <= 8192; size++) {
      const address = heap.allocate(size);
      assert.equal(heap.sizeOf(address), leastClass(SizeClasses.powersOfTwo, size));
      heap.deallocate(address, size);
    }
  });

  it("takes the smallest class that holds the request, whatever the list", () => {
    const property = fc.property(lists, fc.array(fc.nat(70_000), { maxLength: 30 }), (list, sizes) => {
      const heap = smallHeap(list);
      const edges = list.flatMap((bytes) => [bytes - 7, bytes, bytes + 1]);
      for (const size of [...edges, ...sizes].filter((bytes) => bytes > 0)) {
        const expected = leastClass(list, size);
        if (expected === undefined) expectCode("ERR_INVALID_SIZE", () => heap.allocate(size));
        else {
          const address = heap.allocate(size);
          assert.equal(heap.sizeOf(address), expected);
          heap.deallocate(address, size);
        }
      }
    });
    fc.assert(property, { numRuns: 60 });
  });

  it("frees with any size of the same class, and no other", () => {
    const heap = smallHeap([24, 40, 1000]);
    for (const [allocated, given] of [
      [1, 24],
      [25, 40],
      [40, 33],
      [41, 1000],
    ] as const) {
      heap.deallocate(heap.allocate(allocated), given);
      const address = heap.allocate(allocated);
      for (const wrong of [24, 40, 1000].filter((bytes) => bytes !== heap.sizeOf(address))) {
        expectCode("ERR_SIZE_MISMATCH", () => heap.deallocate(address, wrong));
      }
      heap.deallocate(address);
    }
  });
});

describe("alignment", () => {
  it("is the largest power of two that divides the class size", () => {
    const property = fc.property(lists, (list) => {
      const heap = smallHeap(list);
      for (const bytes of list) {
        const alignment = alignmentOf(bytes);
        for (let i = 0; i < 5; i++)
          assert.equal(heap.allocate(bytes) % alignment, 0, `class of ${bytes} bytes`);
      }
    });
    fc.assert(property, { numRuns: 40 });
  });

  it("of a power of two is its own size, so that no object crosses a page needlessly", () => {
    const heap = smallHeap(SizeClasses.powersOfTwo);
    for (const bytes of SizeClasses.powersOfTwo) {
      for (let i = 0; i < 100; i++) assert.equal(heap.allocate(bytes) % bytes, 0);
    }
  });
});

// Accesses to shared memory, counted on the shipped code and fixed in golden/accesses.json: the fast path to
// the access, and a maximum for the slow halves, so that no single call pays for many.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { MemoryPool, SizeClasses, type SlabAllocator } from "offheap";
import { Heap } from "#src/memory/heap.js";
import { type Accesses, CountingAccess } from "./support/counting.ts";
import { attachTo, heapOf, makeHeap } from "./support/heaps.ts";
import { Random } from "./support/random.ts";
import { seldom } from "./support/wide.ts";

interface Golden {
  readonly fast: Readonly<Record<string, Accesses>>;
  /** At most so many for a page run of any length, in a span that there is. */
  readonly run: Readonly<Record<string, Accesses>>;
  /** Of a run that is kept, and allocated again. */
  readonly kept: Readonly<Record<string, Accesses>>;
  /** The most accesses of one call, of all kinds together. */
  readonly most: Readonly<Record<string, number>>;
}

const golden = JSON.parse(
  readFileSync(new URL("../test/golden/accesses.json", import.meta.url), "utf8"),
) as Golden;

function counted(options: Parameters<typeof makeHeap>[0]): [CountingAccess, SlabAllocator] {
  const access = new CountingAccess();
  return [access, attachTo(makeHeap({ memory: "local", ...options }, {}, access), access)];
}

function total({ loads, stores, atomics }: Accesses): number {
  return loads + stores + atomics;
}

describe("the fast path", () => {
  for (const sizeClasses of [[64], [24, 40, 1000], undefined]) {
    const options = { capacity: 8 << 20, maxWorkers: 2, ...(sizeClasses && { sizeClasses }) };
    it(`costs what is written down, with classes ${sizeClasses ?? "by default"}`, () => {
      const [access, allocator] = counted(options);
      const live = [1, 2, 3, 4].map(() => allocator.allocate(20));
      let address = 0;
      const fast = {
        allocate: access.during(() => {
          address = allocator.allocate(20);
        }),
        deallocate: access.during(() => allocator.deallocate(address)),
        "deallocate with size": access.during(() => allocator.deallocate(live[0] as number, 20)),
      };
      assert.deepEqual(fast, golden.fast);
    });
  }

  it("is the same for any object, also far into a slab of many chunks, and one that another worker had", () => {
    const [access, allocator] = counted({ capacity: 256 << 20, maxWorkers: 2, sizeClasses: [64, 1024] });
    const other = attachTo(allocator["heap"], access);
    const live = Array.from({ length: 2000 }, () => allocator.allocate(1024));
    for (const address of live.slice(0, 20)) allocator.deallocate(address);
    const foreign = Array.from({ length: 10 }, () => other.allocate(1024));
    for (const address of [...live.slice(-3), ...foreign]) {
      assert.deepEqual(
        access.during(() => allocator.deallocate(address, 1000)),
        golden.fast["deallocate with size"],
      );
      assert.deepEqual(
        access.during(() => allocator.allocate(1024)),
        golden.fast["allocate"],
      );
    }
  });

  it("has no atomic; two stores to allocate and four to deallocate, of which statistics are one each", () => {
    for (const { atomics } of Object.values(golden.fast)) assert.equal(atomics, 0);
    assert.equal(golden.fast["allocate"]?.stores, 2);
    assert.equal(golden.fast["deallocate"]?.stores, 4);
    assert.equal(golden.fast["deallocate with size"]?.stores, 4);
  });
});

/** A worker of a pool whose accesses are counted. */
function countedPool(sizeClasses?: readonly number[]): [CountingAccess, MemoryPool] {
  const access = new CountingAccess();
  const options = { capacity: 64 << 20, maxWorkers: 2, ...(sizeClasses && { sizeClasses }) };
  const { source, offset, layout } = heapOf(new MemoryPool(options));
  return [access, new MemoryPool({}, { heap: new Heap(source, offset, layout, access) })];
}

function assertAtMost(calls: Record<string, Accesses>, most: Golden["run"], what: string): void {
  for (const [call, accesses] of Object.entries(calls))
    for (const kind of ["loads", "stores", "atomics"] as const) {
      const limit = most[call]?.[kind] as number;
      assert.ok(accesses[kind] <= limit, `${what}: ${call} has ${accesses[kind]} ${kind}, ${limit} allowed`);
    }
}

describe("an object of 8 to 32 KiB in a pool", () => {
  it("costs what any other does, once its class has a slab", () => {
    const [access, pool] = countedPool();
    for (const size of [8193, 20_000, 32_768]) {
      for (let i = 0; i < 2 * seldom; i++) pool.deallocate(pool.allocate(size));
      let address = 0;
      const allocate = access.during(() => {
        address = pool.allocate(size);
      });
      assert.deepEqual(allocate, golden.fast["allocate"]);
      assert.deepEqual(
        access.during(() => pool.deallocate(address, size)),
        golden.fast["deallocate with size"],
      );
    }
  });
});

describe("page runs", () => {
  it("cost about the same whatever their length; the longest changes the room of its span", (t) => {
    const [access, pool] = countedPool(SizeClasses.fine);
    // The span that the others lie in, with a free run at its start.
    const [first] = [pool.allocate(8193), pool.allocate(8193)];
    pool.deallocate(first as number);
    for (const size of [10_000, 20_000, 100_000, 400_000]) {
      let address = 0;
      const calls = {
        allocate: access.during(() => {
          address = pool.allocate(size);
        }),
        deallocate: access.during(() => pool.deallocate(address, size)),
      };
      t.diagnostic(`${size} bytes: ${JSON.stringify(calls)}`);
      assertAtMost(calls, golden.run, `${size} bytes`);
    }
  });
});

describe("a page run that comes and goes", () => {
  it("is kept by its worker: two exchanges free what one allocates, whatever its length", () => {
    const [access, pool] = countedPool();
    for (const size of [40_000, 100_000, 400_000]) {
      for (let i = 0; i < 2; i++) pool.deallocate(pool.allocate(size));
      let address = 0;
      const allocate = access.during(() => {
        address = pool.allocate(size);
      });
      const deallocate = access.during(() => pool.deallocate(address));
      assertAtMost({ allocate, deallocate }, golden.kept, `${size} bytes`);
    }
  });
});

describe("the slow halves", () => {
  /** The most accesses of a single call, over a life that scatters its objects over many slabs. */
  function mostAccesses(size: number, cleanupInterval: number): Record<string, number> {
    const options = { capacity: 96 << 20, maxWorkers: 2, sizeClasses: [16, 64, 1024], cleanupInterval };
    const [access, allocator] = counted(options);
    const random = new Random(size);
    const live: number[] = [];
    const most = { allocate: 0, deallocate: 0 };
    const allocate = () => {
      live.push(allocator.allocate(size));
    };
    for (let step = 0; step < 70_000; step++) {
      most.allocate = Math.max(most.allocate, total(access.during(allocate)));
    }
    // The second half in the order of the addresses: whole slabs come free one after the other.
    while (live.length > 0) {
      const i = live.length > 50_000 ? random.below(live.length) : live.length - 1;
      const address = live[i] as number;
      live[i] = live.at(-1) as number;
      live.pop();
      most.deallocate = Math.max(most.deallocate, total(access.during(() => allocator.deallocate(address))));
    }
    return most;
  }

  for (const [name, size, interval] of [
    ["64 bytes", 64, 0],
    ["64 bytes, with clean-up", 64, 100],
    ["1024 bytes, with clean-up", 1024, 100],
    ["16 bytes, with clean-up", 16, 100],
  ] as const) {
    it(`stay under a fixed maximum: ${name}`, (t) => {
      const most = mostAccesses(size, interval);
      t.diagnostic(JSON.stringify(most));
      for (const [call, accesses] of Object.entries(most)) {
        const limit = golden.most[interval === 0 ? `${call} without clean-up` : call] as number;
        assert.ok(accesses <= limit, `${call} took ${accesses} accesses, at most ${limit} are allowed`);
      }
    });
  }
});

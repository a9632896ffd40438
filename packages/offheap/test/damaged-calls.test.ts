// Calls on heaps whose books were damaged. What they answer nobody can say; but each comes to an end, and an error is
// an AllocatorError: the engine's TypeErrors and RangeErrors never come out of the library.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SlabAllocator } from "offheap";
import { claimUnclaimed } from "#src/arena/claim.js";
import { mapEntry } from "#src/arena/span-map.js";
import type { ClassIndex, WorkerPlace } from "#src/base/brands.js";
import { type Layout, wordsPerRound } from "#src/layout/layout.js";
import { chunkSetAt, gaugesAt, magazineAt } from "#src/layout/offsets.js";
import { capacity, sizeClasses, slabs } from "./support/fuzz/damaged.ts";
import { endsWell, foreignError } from "./support/fuzz/damaged-calls.ts";
import { outcome } from "./support/fuzz/values.ts";
import { expectCode, heapOf } from "./support/heaps.ts";
import { kitOf } from "./support/kits.ts";
import { wasmMemory } from "./support/wasm.ts";

const { live } = slabs;
const addresses = [...live.keys()];

/** Each takes a number that chooses among what it can be called with. */
const calls: Record<string, (allocator: SlabAllocator, choice: number) => unknown> = {
  allocate: (allocator, choice) => allocator.allocate(sizeClasses[choice % 3] as number),
  deallocate: (allocator, choice) => allocator.deallocate(addresses[choice % addresses.length] as number),
  "deallocate with a size": (allocator, choice) => {
    const address = addresses[choice % addresses.length] as number;
    allocator.deallocate(address, live.get(address));
  },
  sizeOf: (allocator, choice) => allocator.sizeOf(addresses[choice % addresses.length] as number),
  adopt: (allocator, choice) => allocator.adopt(addresses[choice % addresses.length] as number),
  disown: (allocator, choice) => allocator.disown(addresses[choice % addresses.length] as number),
  "a name set": (allocator, choice) =>
    allocator.roots.set(`name ${choice % 9}`, {
      kind: "test",
      address: addresses[choice % addresses.length] as number,
    }),
  "a name looked for": (allocator, choice) => allocator.roots.get(`name ${choice % 9}`),
  "a name deleted": (allocator, choice) => allocator.roots.delete(`name ${choice % 9}`),
  names: (allocator) => allocator.roots.list(),
  "a fresh object": (allocator, choice) => {
    kitOf(allocator).allocate(sizeClasses[choice % 3] as number);
    if (choice % 2 === 0) kitOf(allocator).abandon();
  },
  cleanup: (allocator) => allocator.cleanup(),
  stats: (allocator) => allocator.stats(),
  check: (allocator) => allocator.check(),
  reap: (allocator, choice) => allocator.reap(128 * (1 + (choice % 3)) + 1 + (choice % 5)),
  "reap with objects": (allocator, choice) => allocator.reap(129 + (choice % 5), { live: true }),
  track: (allocator, choice) => allocator.track({ threadId: choice, once: (_event, end) => end() }),
  detach: (allocator) => allocator.detach(),
};

describe("calls on a heap with damaged books", () => {
  it("end, and throw nothing but AllocatorErrors", async () => {
    await endsWell(slabs, (handle) => SlabAllocator.attach(handle), calls);
  });

  it("say so instead of walking over rounds that are not there", () => {
    const three: ((allocator: SlabAllocator, address: number) => unknown)[] = [
      (allocator) => allocator.allocate(64),
      (allocator, address) => allocator.deallocate(address),
      (allocator) => allocator.cleanup(),
    ];
    for (const call of three) {
      const allocator = new SlabAllocator({ capacity, maxWorkers: 2, sizeClasses });
      const address = allocator.allocate(64);
      allocator.cleanup();
      const at = gaugesAt(heapOf(allocator).layout, 1 as WorkerPlace) + 1;
      heapOf(allocator).words[at] = (1 << 31) | 2000;
      assert.ok(
        outcome(["ERR_CORRUPT_HEAP"], () => call(allocator, address)),
        `${call} returned`,
      );
    }
  });
});

describe("a heap in which one word is wrong", () => {
  const size = 64;
  const classIndex = 1 as ClassIndex;
  const one = 1 as WorkerPlace;

  function fresh(): { allocator: SlabAllocator; words: Int32Array; books: Layout } {
    const allocator = new SlabAllocator({ capacity, maxWorkers: 3, sizeClasses });
    return { allocator, words: heapOf(allocator).words, books: heapOf(allocator).layout };
  }

  it("a claim word with a class beyond the last is no slab to anyone", () => {
    for (const claim of [claimUnclaimed(63 as ClassIndex, 1), claimUnclaimed(0 as ClassIndex, 1)]) {
      const { allocator, words, books } = fresh();
      const other = SlabAllocator.attach(allocator.handle);
      const objects = Array.from({ length: 3 }, () => allocator.allocate(size));
      allocator.cleanup();
      words[books.claimsAt] = claim;
      for (const set of [1, 2]) words[chunkSetAt(books, set)] = 1;
      for (let i = 0; i < 40; i++) other.allocate(size);
      for (const address of objects) expectCode("ERR_INVALID_ADDRESS", () => other.sizeOf(address));
      other.cleanup();
      other.reap(allocator.workerId);
      assert.ok(other.check().some(({ invariant }) => invariant === "claim"));
      other.detach();
    }
  });

  it("a slab whose map names another class: the allocation gives up", () => {
    const { allocator, words, books } = fresh();
    allocator.allocate(size);
    allocator.cleanup();
    for (let i = 0; i < books.slabChunks; i++) words[books.mapAt + i] = mapEntry(2 as ClassIndex, 6, i);
    const error = expectCode("ERR_CORRUPT_HEAP", () => allocator.allocate(size));
    assert.match(error.message, /lost as soon as they are had/);
    assert.ok(allocator.check().some(({ invariant }) => invariant === "map"));
    // The other classes have slabs of their own.
    allocator.deallocate(allocator.allocate(8192));
  });

  it("a slab whose map leads before the first chunk, or behind the last", () => {
    for (const entry of [mapEntry(classIndex, 6, 9), mapEntry(classIndex, 6, 2 ** 18), -1]) {
      const { allocator, words, books } = fresh();
      const objects = Array.from({ length: 3000 }, () => allocator.allocate(size));
      words[books.mapAt] = entry;
      for (const address of objects) foreignError(() => allocator.deallocate(address));
      for (const call of Object.values(calls))
        assert.equal(
          foreignError(() => call(allocator, 1)),
          undefined,
        );
    }
  });

  it("a class of more rounds than a magazine has space for: nothing is looked for before the memory's start", () => {
    const memory = wasmMemory(64, 64, true);
    const allocator = new SlabAllocator({ memory, maxWorkers: 3, sizeClasses });
    const { words, layout } = heapOf(allocator);
    const other = SlabAllocator.attach(allocator.handle);
    for (let i = 0; i < 3; i++) words[layout.classesAt + (i << 2) + 1] = 2 ** 16;
    assert.equal(
      foreignError(() => other.reap(allocator.workerId)),
      undefined,
    );
    for (const call of Object.values(calls))
      assert.equal(
        foreignError(() => call(other, 1)),
        undefined,
      );
  });

  it("a round that is no slot is dropped", () => {
    for (const round of [-1, 2 ** 31 - 1, 2 ** 20]) {
      const { allocator, words, books } = fresh();
      const objects = Array.from({ length: 8 }, () => allocator.allocate(size));
      for (const address of objects) allocator.deallocate(address);
      const at = magazineAt(books, one, classIndex);
      for (let i = 0; i < 8; i++) words[at + i * wordsPerRound + 1] = round;
      assert.equal(
        foreignError(() => allocator.allocate(size)),
        undefined,
      );
      assert.equal(
        foreignError(() => allocator.cleanup()),
        undefined,
      );
    }
  });

  it("a reap that frees objects stores nothing beside its magazine, and does not walk for long", () => {
    for (const index of [1, 1500, 0xffff, 0xffff - 2 ** 31]) {
      const { allocator, words, books } = fresh();
      const dead = SlabAllocator.attach(allocator.handle);
      dead.allocate(size);
      words[gaugesAt(books, one) + classIndex] = index;
      const before = words.slice(0, books.recordsAt);
      expectCode("ERR_CORRUPT_HEAP", () => allocator.reap(dead.workerId, { live: true }));
      // But for the worker word of the dead, which is being reaped.
      before[books.workersAt + 4] = words[books.workersAt + 4] as number;
      assert.deepEqual(words.slice(0, books.recordsAt), before);
    }
  });

  it("a byte inside a page run is named, before a free of the run shows it", () => {
    const pool = new MemoryPool({ capacity: 4 << 20, maxWorkers: 2 });
    const address = pool.allocate(100_000);
    const { states } = heapOf(pool);
    const slot = states.indexOf(129);
    assert.ok(slot >= 0 && pool.sizeOf(address) >= 100_000);
    for (const [at, isNamed] of [
      [slot + 2, true],
      [slot + 97, true],
      [slot + 98, false],
    ] as const) {
      states[at] = 4;
      const names = pool.check().map(({ message }) => message);
      assert.equal(
        names.some((message) => message.endsWith("has state byte 4 inside")),
        isNamed,
        `${at - slot}: ${names}`,
      );
      states[at] = 0;
      assert.deepEqual(pool.check(), []);
    }
  });

  it("a worker that is there and has never joined is named", () => {
    const { allocator, books } = fresh();
    for (const kind of [1n, 2n, 3n]) {
      heapOf(allocator).wide[books.workersAt / 2 + 3] = kind;
      assert.ok(
        allocator.check().some(({ message }) => message === "worker 3 is there and has never joined"),
        `state ${kind}`,
      );
    }
    heapOf(allocator).wide[books.workersAt / 2 + 3] = 0n;
    assert.deepEqual(allocator.check(), []);
  });
});

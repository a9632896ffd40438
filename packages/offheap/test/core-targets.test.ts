// The core is one source for two targets. Both leave the same bytes behind and give the same results: seeded calls of
// several workers, illegal ones too, of heaps and pools, also above 2 GiB. And the compiled module stores in the order
// of the source, whatever its optimiser made of the loads.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type MemoryPool, SizeClasses, type SlabAllocator } from "offheap";
import { kitOf } from "./support/kits.ts";
import { Random, runSeed } from "./support/random.ts";
import { SharedStack } from "./support/stack.ts";
import { mapCalls, slabCalls, storesOf } from "./support/stores.ts";
import { memoryOf, Twins } from "./support/twins.ts";

const seed = runSeed();
const GiB = 2 ** 30;

function play(twins: Twins, random: Random, steps: number, sizes: readonly number[]): void {
  const { live } = twins;
  for (let step = 0; step < steps; step++) {
    const worker = random.below(twins.sides[0]?.workers.length as number);
    const choice = random.below(1000);
    const at = random.below(live.length + 1);
    const wild = random.pick([1, 8, 65_536]);
    const odd = random.pick([0, -1, 2 ** 33, 0.5]);
    const anywhere = random.below(2 ** 32);
    const address = live[at] ?? anywhere;
    if (choice < 470 || live.length === 0) {
      const size = 1 + random.below(random.pick(sizes));
      const made = twins.both(worker, (heap) => heap.allocate(size));
      if (typeof made === "number") live.push(made);
    } else if (choice < 930) {
      twins.both(worker, (heap) => heap.deallocate(address));
      live.splice(at, 1);
    } else if (choice < 950) twins.both(worker, (heap) => heap.deallocate(address + wild));
    else if (choice < 960) twins.both(worker, (heap) => heap.allocate(odd));
    else if (choice < 970) twins.both(worker, (heap) => heap.deallocate(anywhere));
    else if (choice < 980) twins.both(worker, (heap) => heap.adopt(address));
    else if (choice < 985) twins.both(worker, (heap) => heap.cleanup());
    else if (choice < 990) twins.both(worker, (heap) => (heap as MemoryPool).reallocate?.(address, address));
    else {
      const size = 1 + random.below(random.pick(sizes));
      const moved = twins.both(worker, (heap) => (heap as MemoryPool).reallocate?.(address, size));
      if (typeof moved === "number" && at < live.length) live[at] = moved;
    }
    if (step % 1000 === 999) twins.expectSameBytes();
  }
}

/** Names, a stack, fresh objects of any size, what is disowned and adopted, who reads what; by workers of which one may die. */
function playStructures(twins: Twins, random: Random, steps: number, sizes: readonly number[]): void {
  const head = twins.both(0, (heap) => SharedStack.create(kitOf(heap))) as number;
  const target = twins.both(0, (heap) => heap.allocate(64)) as number;
  for (let step = 0; step < steps; step++) {
    const worker = random.below(twins.sides[0]?.workers.length as number);
    const choice = random.below(100);
    const name = `name ${random.below(70)}`;
    const size = 1 + random.below(random.pick(sizes));
    const hazard = random.below(2);
    twins.both(worker, (heap) => {
      const kit = kitOf(heap);
      const stack = new SharedStack(kit, head);
      if (choice < 30) return stack.push(step);
      if (choice < 58) return stack.pop();
      if (choice < 62) return kit.core.protect(hazard, head);
      if (choice < 66) return kit.core.unprotect(hazard);
      if (choice < 76) return heap.roots.set(name, { kind: "test", address: target });
      if (choice < 82) return heap.roots.delete(name);
      if (choice < 84) return heap.roots.list();
      if (choice < 86) return heap.disown(target);
      if (choice < 88) return heap.adopt(target);
      if (choice < 90) return heap.cleanup();
      const fresh = kit.allocate(size);
      if (choice < 95) return kit.abandon();
      kit.keep();
      kit.end(fresh);
      return fresh;
    });
    if (step % 500 === 499) twins.expectSameBytes();
  }
  for (let worker = 0; worker < 3; worker++)
    for (const hazard of [0, 1]) twins.both(worker, (heap) => kitOf(heap).core.unprotect(hazard));
  for (let worker = 0; worker < 3; worker++) twins.both(worker, (heap) => heap.cleanup());
  twins.expectSameBytes();
  twins.end();
}

describe(`the core on both targets (seed ${seed})`, () => {
  const small = [40, 300, 1000, 8192];
  for (const shared of [true, false]) {
    it(`leaves the same bytes: slabs, ${shared ? "shared" : "local"} memory`, () => {
      const options = { sizeClasses: SizeClasses.fine, maxWorkers: 4, cleanupInterval: 50 };
      const twins = Twins.of(memoryOf(6 << 20, shared), options, false, 3);
      play(twins, new Random(seed), 30_000, small);
      twins.expectSameBytes();
      twins.end();
    });
  }

  it("leaves the same bytes: a pool", () => {
    const twins = Twins.of(memoryOf(8 << 20), { maxWorkers: 4 }, true, 3);
    play(twins, new Random(seed + 1), 20_000, [...small, 60_000, 600_000]);
    twins.expectSameBytes();
    twins.end();
  });

  for (const offset of [0, 2 * GiB])
    it(`leaves the same bytes: a pool at ${offset}, whose calls come from a module or not`, () => {
      const options = { sizeClasses: SizeClasses.malloc, offset, maxWorkers: 4 };
      const twins = Twins.of(memoryOf(offset + (8 << 20)), options, true, 3);
      const calls = [0, 1, 2].map((worker) => twins.callsOf(worker));
      const random = new Random(seed + 4);
      const { live } = twins;
      const sideOf = (heap: SlabAllocator) => Number(heap.stats().engine === "js");
      for (let step = 0; step < 20_000; step++) {
        const worker = random.below(3);
        const fromModule = random.chance(50);
        const at = random.below(live.length + 1);
        const of = (heap: SlabAllocator) => calls[worker]?.[sideOf(heap)] as (typeof calls)[0][0];
        const size = 1 + random.below(random.pick([40, 300, 9000, 90_000, 900_000]));
        const wild = random.chance(5) ? random.pick([8, 1, 65_536]) : 0;
        const address = (live[at] ?? random.below(2 ** 32)) + wild;
        if (random.chance(40) || live.length === 0) {
          const call = random.below(4);
          const align = random.pick([0, 8, 16, 24, 256, 4096, 65_536, 2 ** 21]);
          const count = random.pick([0, 1, 3, 2 ** 31]);
          const made = twins.both(worker, (heap) => {
            if (!fromModule) return heap.allocate(size);
            if (call === 0) return of(heap).calloc(count, size) >>> 0;
            if (call === 1) return of(heap).alignedAlloc(align, size) >>> 0;
            return of(heap).malloc(size) >>> 0;
          });
          if (typeof made === "number" && made !== 0) live.push(made);
        } else if (random.chance(30)) {
          const made = twins.both(worker, (heap) =>
            fromModule
              ? of(heap).realloc(address | 0, size) >>> 0
              : (heap as MemoryPool).reallocate(address, size),
          );
          if (typeof made === "number" && made !== 0 && wild === 0 && at < live.length) live[at] = made;
        } else {
          twins.both(worker, (heap) => (fromModule ? of(heap).free(address | 0) : heap.deallocate(address)));
          if (wild === 0) live.splice(at, 1);
        }
        if (step % 2000 === 1999) twins.expectSameBytes(offset);
      }
      twins.end();
    });

  it("leaves the same bytes: a pool with classes over 8 KiB", () => {
    const sizeClasses = [64, 1024, 8192, 9216, 20_480, 32_768];
    const twins = Twins.of(memoryOf(8 << 20), { maxWorkers: 4, sizeClasses }, true, 3);
    play(twins, new Random(seed + 5), 20_000, [1000, 9000, 33_000, 60_000]);
    twins.expectSameBytes();
    twins.end();
  });

  for (const isPool of [false, true])
    it(`leaves the same bytes: structures of ${isPool ? "a pool" : "slabs"}`, () => {
      const twins = Twins.of(memoryOf(8 << 20), { maxWorkers: 4 }, isPool, 3);
      const sizes = isPool ? [64, 9000, 60_000, 600_000] : [64, 9000];
      playStructures(twins, new Random(seed + 6), 1500, sizes);
    });

  it("leaves the same bytes after deaths", () => {
    const twins = Twins.of(memoryOf(6 << 20), { maxWorkers: 8 }, false, 6);
    const random = new Random(seed + 2);
    for (const dead of [5, 4, 3]) {
      play(twins, random, 3000, small);
      const ids = twins.sides.map(({ workers }) => workers[dead]?.workerId);
      assert.equal(ids[0], ids[1]);
      twins.both(0, (heap) => heap.reap(ids[0] as number, { live: dead === 4 }));
      for (const { workers } of twins.sides) workers.length = dead;
      // What the dead one had is live still, or freed with it: a free may say so, on both sides alike.
      twins.expectSameBytes();
    }
    twins.end();
  });

  it("leaves the same bytes above 2 GiB", () => {
    const offset = 2 * GiB;
    const twins = Twins.of(memoryOf(offset + (8 << 20)), { offset, maxWorkers: 3 }, true, 2);
    const { live } = twins;
    const random = new Random(seed + 3);
    for (let i = 0; i < 4000; i++) {
      if (random.chance(55) || live.length === 0) {
        const size = 1 + random.below(random.pick([100, 9000, 200_000]));
        const made = twins.both(i & 1, (heap) => heap.allocate(size));
        if (typeof made === "number") live.push(made);
      } else {
        const [address] = live.splice(random.below(live.length), 1);
        twins.both(i & 1, (heap) => heap.deallocate(address as number));
      }
    }
    assert.ok(live.every((address) => address > offset));
    twins.expectSameBytes(offset);
    twins.end();
  });
});

describe("the compiled module", () => {
  it("stores in the order of the source: maps and caches", async (test) => {
    const { count, compared } = await storesOf(new Random(seed + 5), 3000, mapCalls);
    test.diagnostic(`${count} stores of ${compared} calls`);
    assert.ok(count > 2 * compared);
  });

  it("stores in the order of the source", async (test) => {
    const { count, compared } = await storesOf(new Random(seed + 4), 3000, slabCalls);
    test.diagnostic(`${count} stores of ${compared} calls`);
    assert.ok(count > 2 * compared);
  });
});

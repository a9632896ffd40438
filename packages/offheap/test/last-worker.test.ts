// Whatever a worker can do is done by the last of 126, with all places taken; and by whoever has a place after another.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SlabAllocator } from "offheap";
import { tag, workerOf } from "#src/arena/claim.js";
import { counter } from "#src/layout/layout.js";
import { readFill, writeFill } from "./support/fill.ts";
import { expectCode, heapOf } from "./support/heaps.ts";
import { assertZero, dirty, kinds } from "./support/high.ts";
import { assertDisjoint, assertZeroResidue } from "./support/residue.ts";

const MiB = 2 ** 20;
const most = 126;

interface Crowd {
  readonly first: MemoryPool;
  readonly last: MemoryPool;
  /** All of them, by place. */
  readonly all: MemoryPool[];
}

/** A pool whose places are all taken. */
function crowd(): Crowd {
  const first = new MemoryPool({ capacity: 48 * MiB, maxWorkers: most });
  const all = [first, ...Array.from({ length: most - 1 }, () => MemoryPool.attach(first.handle))];
  const last = all.at(-1) as MemoryPool;
  assert.equal(last.workerId % 128, most);
  return { first, last, all };
}

function end({ first, all }: Crowd): void {
  assert.deepEqual(first.check(), []);
  for (const worker of all) if (worker !== first) worker.detach();
  assert.equal(first.stats().workers.length, 1);
  assertZeroResidue(first, [8192]);
}

function filled(pool: MemoryPool, sizes: readonly number[] = kinds): number[] {
  return sizes.map((size, id) => {
    const address = pool.allocate(size);
    writeFill(pool, address, id);
    return address;
  });
}

function bytesOf(pool: MemoryPool, addresses: readonly number[]): number {
  return addresses.reduce((sum, address) => sum + pool.sizeOf(address), 0);
}

function entryOf(pool: MemoryPool, workerId: number) {
  const found = pool.stats().workers.find((entry) => entry.workerId === workerId);
  assert.ok(found !== undefined);
  return found;
}

describe("the 126th worker", () => {
  it("has objects of every kind, which are live, and counted: while they are, and when they are not", () => {
    const made = crowd();
    const { first, last } = made;
    const addresses = filled(last);
    const stats = first.stats();
    assert.deepEqual(
      [stats.liveObjects, stats.large.objects, stats.allocs, stats.large.allocs],
      [kinds.length, 5, kinds.length, 5],
    );
    assert.equal(stats.liveBytes, bytesOf(first, addresses));
    const large = addresses.filter((_, i) => (kinds[i] as number) > 8192);
    assert.equal(stats.large.bytes, bytesOf(first, large));
    assert.deepEqual(first.check(), []);
    for (const [id, address] of addresses.entries()) {
      readFill(first, address, id);
      assert.equal(first.sizeOf(address), last.sizeOf(address));
      (id % 2 === 0 ? first : last).deallocate(address, kinds[id]);
      assert.throws(() => first.deallocate(address));
    }
    assert.deepEqual([first.stats().liveObjects, first.stats().large.deallocs], [0, 5]);
    end(made);
  });

  it("has zeroes, alignment, and objects that grow, shrink and move", () => {
    const made = crowd();
    const { first, last } = made;
    for (const size of kinds) {
      const address = last.allocate(size, { align: 4096, zeroed: true });
      assert.equal(address % 4096, 0);
      assertZero(last, address, size);
      dirty(last, address);
      last.deallocate(address);
    }
    for (const from of kinds) {
      for (const to of kinds) {
        const address = last.allocate(from);
        last.u8[address] = 5;
        last.u8[address + Math.min(from, to) - 1] = 6;
        const next = last.reallocate(address, to);
        assert.deepEqual([last.u8[next], last.u8[next + Math.min(from, to) - 1]], [5, 6]);
        // Another's becomes its own by a move, and dies with it.
        first.deallocate(next);
      }
    }
    end(made);
  });

  it("adopts, and its own is adopted; its death leaves what it has, or takes it", () => {
    for (const live of [false, true]) {
      const made = crowd();
      const { first, last } = made;
      const [own, foreign, lost] = [filled(last), filled(first), filled(last)];
      for (const address of foreign) last.adopt(address);
      for (const address of lost) first.adopt(address);
      for (const address of filled(last)) last.deallocate(address);
      const { cached } = entryOf(first, last.workerId);
      const bytes = bytesOf(first, [...own, ...foreign]);
      assert.ok(cached > 0);
      const report = first.reap(last.workerId, { live });
      assert.deepEqual(
        { reaped: report.reaped, cached: report.cachedSlots, operation: report.operation },
        { reaped: true, cached, operation: "none" },
      );
      const count = 2 * kinds.length;
      assert.deepEqual(
        [report.liveObjects, report.freedObjects, report.freedBytes],
        live ? [0, count, bytes] : [count, 0, 0],
      );
      assert.equal(first.stats().liveObjects, live ? kinds.length : 3 * kinds.length);
      expectCode("ERR_DETACHED", () => last.stats());
      for (const [id, address] of lost.entries()) readFill(first, address, id);
      for (const address of live ? lost : [...own, ...foreign, ...lost]) first.deallocate(address);
      end(made);
    }
  });

  it("reaps, cleans up, has regions, resets, and is counted for it", () => {
    const made = crowd();
    const { first, last, all } = made;
    const dead = all[60] as MemoryPool;
    const addresses = filled(dead);
    assert.equal(last.reap(dead.workerId, { live: true }).freedObjects, addresses.length);
    const own = entryOf(last, last.workerId);
    assert.deepEqual([own.allocs, own.deallocs], [0, 3]);
    const region = last.region();
    for (let i = 0; i < 300; i++) last.u8[region.allocate(1000, { zeroed: true })] = 1;
    region.end();
    for (const worker of all) if (worker !== dead) filled(worker, [8, 20_000]);
    assert.equal(last.stats().workers.length, most - 1);
    assert.equal(last.stats().liveObjects, 2 * (most - 1));
    last.cleanup();
    assert.equal(entryOf(first, last.workerId).cached, 0);
    last.reset();
    assert.deepEqual([first.stats().liveObjects, first.stats().spanBytes], [0, 0]);
    assert.ok(entryOf(first, last.workerId).deallocs >= most - 1);
    end(made);
  });

  it("frees a page run whose span another holds, is reaped meanwhile, and the pages come back", () => {
    const made = crowd();
    const { first, last, all } = made;
    const { words, states, layout } = heapOf(first);
    const runs = filled(last, Array(8).fill(20_000));
    const head = words
      .subarray(layout.claimsAt, layout.claimsAt + layout.chunkCount)
      .findIndex((word) => (word & 7) === tag.pages);
    const before = words[layout.claimsAt + head] as number;
    words[layout.claimsAt + head] = before | tag.pagesHeld | (60 << 3);
    assert.equal(workerOf(words[layout.claimsAt + head] as number), 60);
    for (const address of runs) last.deallocate(address);
    assert.equal(first.stats().large.objects, 0);
    words[layout.claimsAt + head] = before;
    // A free that died before it made the pages free: the byte is the worker's.
    const slot = states.indexOf(255);
    assert.ok(slot >= head << layout.stateShift);
    states[slot] = most;
    assert.equal(first.check().length > 0, true);
    first.reap(last.workerId);
    first.cleanup();
    assert.equal(first.stats().large.pageSpans, 0);
    assert.equal(all.length, most);
    end(made);
  });

  it("has strays, which are counted as cached", () => {
    const made = crowd();
    const { first, last } = made;
    const { words, layout } = heapOf(first);
    const address = last.allocate(8192);
    last.cleanup();
    const cached = entryOf(first, last.workerId).cached;
    const sizeClass = last["slow"].classes.find(({ objectBytes }) => objectBytes === 8192);
    assert.ok(sizeClass !== undefined && layout.objectBytes.includes(8192));
    last["slow"].freeStray(sizeClass, ((address - heapOf(first).dataAt) / 8192) as never);
    assert.equal(words[sizeClass.countersAt + counter.strays], 1);
    assert.equal(entryOf(first, last.workerId).cached, cached + 1);
    end(made);
  });

  it("dies in a reap, and whoever reaps it ends that, too", () => {
    const made = crowd();
    const { first, last, all } = made;
    const { wide, layout } = heapOf(first);
    const dead = all[60] as MemoryPool;
    const addresses = filled(dead);
    // LIVE becomes REAPING by the last place.
    const at = layout.workersAt / 2 + (dead.workerId % 128);
    wide[at] = ((wide[at] as bigint) & ~3n) | 2n | (BigInt(most) << 2n);
    assert.equal(first.reap(dead.workerId).reaped, false);
    assert.match(first.check()[0]?.message ?? "", /is being reaped by worker 126/);
    const report = first.reap(last.workerId);
    assert.deepEqual([report.reaped, report.liveObjects], [true, addresses.length]);
    assert.equal(first.stats().workers.length, most - 2);
    for (const address of addresses) first.deallocate(address);
    end(made);
  });

  it("is the last: there is no 127th, but for one that comes after it", () => {
    const made = crowd();
    const { first, last, all } = made;
    const addresses = filled(last);
    expectCode("ERR_TOO_MANY_WORKERS", () => MemoryPool.attach(first.handle));
    last.detach();
    const next = MemoryPool.attach(first.handle);
    all[most - 1] = next;
    assert.equal(next.workerId, last.workerId + 128);
    expectCode("ERR_TOO_MANY_WORKERS", () => MemoryPool.attach(first.handle));
    assertDisjoint(first, [...addresses, ...filled(next)]);
    for (const wrong of [127, 128 + 127, 126 * 128, 0, -126, 1.5])
      expectCode("ERR_INVALID_WORKER", () => first.reap(wrong));
    expectCode("ERR_INVALID_WORKER", () => next.reap(next.workerId));
    assert.equal(first.reap(last.workerId, { live: true }).reaped, false);
    assert.equal(first.reap(next.workerId, { live: true }).freedObjects, kinds.length);
    for (const address of addresses) first.deallocate(address);
    end(made);
  });
});

describe("a place that is used again", () => {
  for (const ending of ["detach", "reap"] as const)
    it(`after a ${ending}: a worker like any, whose counts run on, and whom nothing of before concerns`, () => {
      const first = new MemoryPool({ capacity: 32 * MiB, maxWorkers: 2 });
      const ids = new Set<number>([first.workerId]);
      let [allocs, deallocs] = [0, 0];
      for (let time = 0; time < 6; time++) {
        const worker = MemoryPool.attach(first.handle);
        assert.equal(worker.workerId % 128, 2);
        assert.ok(!ids.has(worker.workerId));
        ids.add(worker.workerId);
        expectCode("ERR_TOO_MANY_WORKERS", () => MemoryPool.attach(first.handle));
        const [kept, freed] = [filled(worker), filled(worker)];
        for (const address of freed) worker.deallocate(address);
        // The counts of a worker are of slots.
        allocs += 6;
        deallocs += 3;
        assert.deepEqual(entryOf(first, worker.workerId), {
          ...entryOf(first, worker.workerId),
          allocs,
          deallocs,
        });
        for (const id of [...ids].filter((each) => each !== worker.workerId && each !== first.workerId))
          assert.equal(first.reap(id, { live: true }).reaped, false);
        if (ending === "detach") worker.detach();
        else assert.equal(first.reap(worker.workerId).liveObjects, kinds.length);
        assert.deepEqual(first.check(), []);
        for (const [id, address] of kept.entries()) {
          readFill(first, address, id);
          first.deallocate(address);
        }
        assert.deepEqual(
          first.stats().workers.map(({ workerId }) => workerId),
          [first.workerId],
        );
      }
      assertZeroResidue(first, [8192]);
    });

  it("of a heap of slabs, by 126 at once, twice each", () => {
    const first = new SlabAllocator({ capacity: 32 * MiB, maxWorkers: most });
    for (let time = 1; time <= 2; time++) {
      const others = Array.from({ length: most - 1 }, () => SlabAllocator.attach(first.handle));
      const addresses = others.map((worker) => worker.allocate(64));
      others.forEach((worker, i) => {
        writeFill(worker, addresses[i] as number, i);
        assert.equal(worker.workerId, time * 128 + i + 2);
      });
      assert.equal(first.stats().liveObjects, most - 1);
      addresses.forEach((address, i) => {
        readFill(first, address, i);
        others[(i * 7) % others.length]?.deallocate(address);
      });
      others.forEach((worker, i) => {
        if (i % 2 === 0) worker.detach();
        else assert.equal(first.reap(worker.workerId).reaped, true);
      });
      assert.deepEqual(first.check(), []);
    }
    assertZeroResidue(first, [8192]);
  });
});

// Workers whose incarnation is near the end of its range, 2^26 − 1, and whose ids are beyond 2^31, 2^32, up to 2^33:
// each call takes and gives such ids; a place whose incarnations are used up is never taken again.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SlabAllocator } from "offheap";
import type { Heap } from "#src/memory/heap.js";
import { lastIncarnation } from "#src/worker/workers.js";
import { readFill, writeFill } from "./support/fill.ts";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";
import { kinds } from "./support/high.ts";
import { assertZeroResidue } from "./support/residue.ts";
import { ended, mailbox, type Report, said, startWorker } from "./support/threads.ts";

const MiB = 2 ** 20;
const idsPerPlace = 128;
const incarnationShift = 37n;

/** As if a free place had been taken so many times: the bits of its word. */
function setIncarnation({ wide, layout }: Heap, place: number, incarnation: number): void {
  wide[layout.workersAt / 2 + place] = BigInt(incarnation) << incarnationShift;
}

function poolFor(maxWorkers: number): MemoryPool {
  return new MemoryPool({ capacity: 32 * MiB, maxWorkers });
}

function filled(pool: MemoryPool): number[] {
  return kinds.map((size, id) => {
    const address = pool.allocate(size);
    writeFill(pool, address, id);
    return address;
  });
}

/** Before which an id has a bit more: as a signed, as an unsigned word of 32 bits, and the last of all. */
const ends = [
  { name: "2^31", incarnation: 2 ** 24 },
  { name: "2^32", incarnation: 2 ** 25 },
  { name: "2^33", incarnation: lastIncarnation },
];

for (const { name, incarnation } of ends) {
  for (const maxWorkers of [2, 126]) {
    describe(`a worker whose id is about ${name}, in the last of ${maxWorkers} places`, () => {
      const join = () => {
        const first = poolFor(maxWorkers);
        const between = Array.from({ length: maxWorkers - 2 }, () => MemoryPool.attach(first.handle));
        setIncarnation(heapOf(first), maxWorkers, incarnation - 1);
        const late = MemoryPool.attach(first.handle);
        assert.equal(late.workerId, incarnation * idsPerPlace + maxWorkers);
        const end = (last = first) => {
          for (const worker of between) worker.detach();
          assertZeroResidue(last, [8192]);
        };
        return { first, late, end };
      };

      it("is listed, counted, and does what others do", () => {
        const { first, late, end } = join();
        const addresses = filled(late);
        const entry = first.stats().workers.at(-1);
        assert.deepEqual([entry?.workerId, entry?.allocs, entry?.deallocs], [late.workerId, 3, 0]);
        for (const address of addresses) first.adopt(address);
        for (const address of addresses) late.adopt(address);
        for (const [id, address] of addresses.entries()) {
          readFill(first, address, id);
          late.deallocate(late.reallocate(address, 10_000));
        }
        late.cleanup();
        assert.deepEqual(first.check(), []);
        expectCode("ERR_INVALID_WORKER", () => late.reap(late.workerId));
        late.reset();
        late.detach();
        end();
      });

      it("is reaped by its id, and by no other with the same bits below", () => {
        for (const live of [false, true]) {
          const { first, late, end } = join();
          const addresses = filled(late);
          const id = late.workerId;
          for (const wrong of [
            id % 2 ** 32,
            id % 2 ** 31,
            id - idsPerPlace,
            id + idsPerPlace,
            id + 2 ** 33,
          ]) {
            if (wrong === id || wrong === first.workerId) continue;
            const report = first.reap(wrong, { live: true });
            assert.deepEqual([report.reaped, report.liveObjects, report.freedObjects], [false, 0, 0]);
          }
          expectUnharmedBy(first, id);
          const report = first.reap(id, { live });
          assert.deepEqual([report.workerId, report.reaped], [id, true]);
          assert.equal(live ? report.freedObjects : report.liveObjects, kinds.length);
          assert.equal(first.reap(id, { live: true }).reaped, false);
          expectCode("ERR_DETACHED", () => late.allocate(20_000));
          assert.deepEqual(first.check(), []);
          for (const address of live ? [] : addresses) first.deallocate(address);
          end();
        }
      });

      it("reaps another", () => {
        const { first, late, end } = join();
        const address = first.allocate(100);
        const report = late.reap(first.workerId);
        assert.deepEqual([report.reaped, report.liveObjects], [true, 1]);
        late.deallocate(address);
        const next = MemoryPool.attach(late.handle);
        assert.equal(next.workerId, 2 * idsPerPlace + 1);
        late.detach();
        end(next);
      });

      it("is followed by the next, or by none when that was the last of the place", () => {
        const { first, late, end } = join();
        const objects = filled(late);
        late.detach();
        if (incarnation < lastIncarnation) {
          const next = MemoryPool.attach(first.handle);
          assert.equal(next.workerId, late.workerId + idsPerPlace);
          next.detach();
        } else {
          for (let tries = 0; tries < 3; tries++)
            expectCode("ERR_TOO_MANY_WORKERS", () => MemoryPool.attach(first.handle));
        }
        assert.deepEqual(first.check(), []);
        for (const [id, address] of objects.entries()) {
          readFill(first, address, id);
          first.deallocate(address);
        }
        end();
      });
    });
  }
}

/** Ids that are no worker's at all, of about the size of one that is. */
function expectUnharmedBy(pool: MemoryPool, id: number): void {
  for (const wrong of [id - (id % idsPerPlace), id - (id % idsPerPlace) + 127, id + 0.5, -id, Number.NaN])
    expectUnharmed(heapOf(pool), "ERR_INVALID_WORKER", () => pool.reap(wrong));
}

describe("places that are used up", () => {
  it("are passed over, and the others serve", () => {
    const first = new SlabAllocator({ capacity: 4 * MiB, maxWorkers: 4 });
    setIncarnation(heapOf(first), 2, lastIncarnation);
    setIncarnation(heapOf(first), 4, lastIncarnation - 1);
    for (let time = 1; time <= 3; time++) {
      const worker = SlabAllocator.attach(first.handle);
      assert.equal(worker.workerId, time * idsPerPlace + 3);
      if (time === 2) {
        const last = SlabAllocator.attach(first.handle);
        assert.equal(last.workerId, lastIncarnation * idsPerPlace + 4);
        const address = last.allocate(64);
        assert.equal(first.reap(last.workerId).reaped, true);
        first.deallocate(address);
      }
      if (time === 3) expectCode("ERR_TOO_MANY_WORKERS", () => SlabAllocator.attach(first.handle));
      worker.detach();
    }
    assert.equal(first.stats().workers.length, 1);
    assertZeroResidue(first);
  });

  it("leave counts behind that go on being counted, and caches that come home", () => {
    const first = new SlabAllocator({ capacity: 4 * MiB, maxWorkers: 2 });
    setIncarnation(heapOf(first), 2, lastIncarnation - 1);
    const last = SlabAllocator.attach(first.handle);
    const addresses = Array.from({ length: 500 }, () => last.allocate(64));
    for (const address of addresses) last.deallocate(address);
    last.detach();
    const { allocs, deallocs, sizeClasses } = first.stats();
    assert.deepEqual([allocs, deallocs], [500, 500]);
    assert.equal(
      sizeClasses.reduce((sum, { cached }) => sum + cached, 0),
      0,
    );
    assertZeroResidue(first);
  });
});

describe("a thread whose worker has an id beyond 2^32", () => {
  it("is tracked, and reaped when it is terminated", async () => {
    const first = new SlabAllocator({ capacity: 8 * MiB, maxWorkers: 2 });
    setIncarnation(heapOf(first), 2, lastIncarnation - 1);
    const orders = { mailbox: mailbox(4), seed: 7, steps: 50, sizes: [64, 8192], detaches: false };
    const thread = startWorker({ ...orders, role: "hold", handle: first.handle });
    first.track(thread);
    const { workerId } = await said<Report>(thread);
    assert.equal(workerId, lastIncarnation * idsPerPlace + 2);
    assert.equal(first.stats().workers.length, 2);
    const exit = ended(thread);
    await thread.terminate();
    await exit;
    const { workers, liveObjects } = first.stats();
    assert.deepEqual([workers.length, liveObjects], [1, 25]);
    assert.deepEqual(first.check(), []);
    expectCode("ERR_TOO_MANY_WORKERS", () => SlabAllocator.attach(first.handle));
  });
});

// Many workers attached in one thread: what one frees another allocates, who may pin how much, and what comes
// back when one ends.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SizeClasses, SlabAllocator } from "offheap";
import { configOf } from "#src/format/options.js";
import { readFill, writeFill } from "./support/fill.ts";
import { attachTo, expectCode, heapOf, makeHeap } from "./support/heaps.ts";
import { assertEmpty, assertZeroResidue, fillUp } from "./support/residue.ts";

function pair(capacity = 4 << 20) {
  const first = new SlabAllocator({ capacity, maxWorkers: 4 });
  return { first, second: SlabAllocator.attach(first.handle) };
}

function statsOf(allocator: SlabAllocator) {
  const found = allocator.stats().workers.find(({ workerId }) => workerId === allocator.workerId);
  assert.ok(found !== undefined);
  return found;
}

describe("one allocates, another frees", () => {
  it("and what is freed comes back to the one who allocates: the heap does not grow", () => {
    const { first, second } = pair();
    const turnover = 8 * first.stats().capacity;
    for (let bytes = 0; bytes < turnover; bytes += 512) second.deallocate(first.allocate(512), 512);
    const { peakSpanBytes } = first.stats();
    // A magazine of each, and the slabs that the rounds of both come from.
    const oneSlab = 65_536 * 2;
    assert.ok(peakSpanBytes <= 2 * oneSlab, `${peakSpanBytes} bytes of spans for one object at a time`);
    first.cleanup();
    second.cleanup();
    assertZeroResidue(first);
  });

  it("in bursts of every class", () => {
    const { first, second } = pair(8 << 20);
    let peak = 0;
    for (let round = 0; round < 60; round++) {
      const burst = SizeClasses.powersOfTwo.flatMap((bytes) =>
        Array.from({ length: Math.min(400, 32_768 / bytes) }, () => first.allocate(bytes)),
      );
      for (const address of burst) second.deallocate(address);
      if (round === 4) peak = first.stats().peakSpanBytes;
    }
    assert.equal(first.stats().peakSpanBytes, peak);
    second.detach();
    assertZeroResidue(first);
  });

  it("until the heap is full, again and again", () => {
    const { first, second } = pair();
    for (let round = 0; round < 4; round++) {
      const addresses = fillUp(first, 1024);
      for (const address of addresses) second.deallocate(address);
      second.cleanup();
      assert.deepEqual(first.check(), []);
    }
    first.cleanup();
    assertZeroResidue(first);
  });

  it("reads the fill that was written", () => {
    const { first, second } = pair();
    const addresses = Array.from({ length: 500 }, (_, id) => {
      const address = first.allocate(8 + (id % 1000));
      writeFill(first, address, id);
      return address;
    });
    addresses.forEach((address, id) => {
      readFill(second, address, id);
      second.deallocate(address);
    });
    expectCode("ERR_DOUBLE_FREE", () => first.deallocate(addresses[0] as number));
  });
});

describe("what idle workers pin", () => {
  const pinned = (capacity: number, maxWorkers: number, sizeClasses: readonly number[]) => {
    const { roundLimits } = configOf(capacity, sizeClasses, maxWorkers, 100);
    return roundLimits.reduce((sum, roundLimit, i) => sum + roundLimit * (sizeClasses[i] as number), 0);
  };

  it("is bounded: a magazine has at most 1,022 rounds and 128 KiB, and at least one round", () => {
    for (const capacity of [1 << 20, 64 << 20, 2 ** 32]) {
      const { roundLimits } = configOf(capacity, [8, 64, 8192, 65_536], 4, 100);
      roundLimits.forEach((roundLimit, i) => {
        const bytes = [8, 64, 8192, 65_536][i] as number;
        assert.ok(
          roundLimit >= 1 && roundLimit <= 1022 && (roundLimit === 1 || roundLimit * bytes <= 131_072),
        );
      });
    }
  });

  it("is at most an eighth of the heap for all workers together", () => {
    for (const sizeClasses of [SizeClasses.powersOfTwo, SizeClasses.fine, [24, 40, 1000, 65_536], [8]]) {
      const oneOfEach = sizeClasses.reduce((sum, bytes) => sum + bytes, 0);
      for (const workers of [1, 2, 4, 64, 126]) {
        const least = Math.ceil((workers * oneOfEach * 8) / 65_536) * 65_536;
        for (const capacity of [least, least * 2, least * 5, 2 ** 30, 2 ** 32]) {
          if (capacity < least || capacity > 2 ** 32) continue;
          const all = workers * pinned(capacity, workers, sizeClasses);
          const what = `${workers} workers, ${sizeClasses.length} classes, ${capacity} bytes: ${all} pinned`;
          assert.ok(all <= capacity / 8, what);
        }
      }
    }
  });

  it("is what the magazines really hold", () => {
    const first = new SlabAllocator({ capacity: 8 << 20, maxWorkers: 4, cleanupInterval: 0 });
    const workers = [first, ...[1, 2, 3].map(() => SlabAllocator.attach(first.handle))];
    for (const worker of workers) {
      for (const bytes of SizeClasses.powersOfTwo) {
        const addresses = fillUp(worker, bytes, Math.min(1100, 262_144 / bytes));
        for (const address of addresses) worker.deallocate(address);
      }
    }
    const { sizeClasses } = first.stats();
    const cachedBytes = sizeClasses.reduce((sum, { cached, objectSize }) => sum + cached * objectSize, 0);
    assert.ok(cachedBytes > 0 && cachedBytes <= (8 << 20) / 8, `${cachedBytes} bytes are cached`);
    for (const worker of workers.slice(1)) worker.detach();
    assertZeroResidue(first);
  });

  it("leaves 8 MiB room for four workers with all classes in use", () => {
    const first = new SlabAllocator({ capacity: 8 << 20, maxWorkers: 4 });
    const workers = [first, ...[1, 2, 3].map(() => SlabAllocator.attach(first.handle))];
    const live: number[] = [];
    for (let round = 0; round < 10; round++) {
      for (const worker of workers) {
        for (const bytes of SizeClasses.powersOfTwo)
          live.push(worker.allocate(bytes), worker.allocate(bytes));
      }
    }
    const used = first.stats().liveBytes;
    assert.ok(used > 1 << 20);
    live.forEach((address, i) => {
      workers[i % 4]?.deallocate(address);
    });
    for (const worker of workers.slice(1)) worker.detach();
    assertZeroResidue(first);
  });
});

describe("126 workers", () => {
  it("attach at once, each with its own id, and not one more", () => {
    const first = new SlabAllocator({ capacity: 64 << 20, maxWorkers: 126 });
    const workers = [first, ...Array.from({ length: 125 }, () => SlabAllocator.attach(first.handle))];
    assert.equal(new Set(workers.map(({ workerId }) => workerId)).size, 126);
    expectCode("ERR_TOO_MANY_WORKERS", () => SlabAllocator.attach(first.handle));
    const addresses = workers.map((worker, i) => worker.allocate(8 << (i % 11)));
    workers.forEach((worker, i) => {
      worker.deallocate(addresses[(i + 1) % 126] as number);
    });
    assert.deepEqual(first.check(), []);
    assert.equal(first.stats().workers.length, 126);
    for (const worker of workers.slice(1)) worker.detach();
    assert.equal(first.stats().workers.length, 1);
    assertZeroResidue(first);
  });

  it("is the default's 64 when nothing is said", () => {
    const first = new SlabAllocator({ capacity: 64 << 20 });
    const others = Array.from({ length: 63 }, () => SlabAllocator.attach(first.handle));
    expectCode("ERR_TOO_MANY_WORKERS", () => SlabAllocator.attach(first.handle));
    others[10]?.detach();
    assert.equal(
      SlabAllocator.attach(first.handle).workerId % 128,
      (others[10] as SlabAllocator).workerId % 128,
    );
  });
});

describe("the end of a worker", () => {
  const busy = () => {
    const { first, second } = pair();
    const kept = second.allocate(64);
    writeFill(second, kept, 99);
    const foreign = first.allocate(64);
    for (let i = 0; i < 50; i++) second.deallocate(second.allocate(8 << (i % 11)));
    second.deallocate(foreign);
    return { first, second, kept, cached: statsOf(second).cached };
  };

  it("detach: its caches come back, its objects stay and are nobody's", () => {
    const { first, second, kept, cached } = busy();
    const before = first.stats();
    assert.ok(cached > 0);
    second.detach();
    const after = first.stats();
    assert.equal(after.liveObjects, before.liveObjects);
    assert.equal(after.allocs, before.allocs);
    assert.equal(after.deallocs, before.deallocs);
    readFill(first, kept, 99);
    assert.equal(heapOf(first).states.indexOf(128 + 2), -1);
    first.deallocate(kept);
    assertZeroResidue(first);
  });

  it("reap: the same, and it says what it found", () => {
    const { first, second, kept, cached } = busy();
    const report = first.reap(second.workerId);
    assert.equal(report.reaped, true);
    assert.equal(report.cachedSlots, cached);
    assert.equal(report.liveObjects, 1);
    readFill(first, kept, 99);
    first.deallocate(kept);
    assertZeroResidue(first);
  });

  it("reap with live: what it had allocated and nobody adopted is free, too", () => {
    const { first, second, kept } = busy();
    const adopted = second.allocate(100);
    first.adopt(adopted);
    const report = first.reap(second.workerId, { live: true });
    assert.equal(report.freedObjects, 1);
    assert.equal(report.freedBytes, 64);
    expectCode("ERR_DOUBLE_FREE", () => first.deallocate(kept));
    assert.equal(first.stats().liveObjects, 1);
    assert.equal(first.sizeOf(adopted), 128);
    first.deallocate(adopted);
    assertZeroResidue(first);
  });

  it("reap with live: what is freed goes home at once, and pins nothing", () => {
    const { first, second } = pair();
    for (let i = 0; i < 5000; i++) second.allocate(64);
    const before = statsOf(first).cached;
    assert.equal(first.reap(second.workerId, { live: true }).freedObjects, 5000);
    assert.equal(statsOf(first).cached, before);
    assertZeroResidue(first);
  });

  it("reap again, or of an id that never was: an empty report, and nothing happens to the next one", () => {
    const { first, second, kept } = busy();
    const old = second.workerId;
    first.reap(old);
    const next = SlabAllocator.attach(first.handle);
    assert.equal(next.workerId % 128, old % 128);
    assert.notEqual(next.workerId, old);
    const address = next.allocate(64);
    for (const id of [old, old + 128 * 5, 77]) {
      const report = first.reap(id, { live: true });
      assert.deepEqual({ ...report, workerId: 0 }, { ...first.reap(3 + 128), workerId: 0 });
      assert.equal(report.reaped, false);
    }
    next.deallocate(address);
    first.deallocate(kept);
    next.detach();
    assertZeroResidue(first);
  });

  it("a slot it had allocated and another worker freed is not its any more", () => {
    const { first, second } = pair();
    const address = second.allocate(64);
    first.deallocate(address);
    assert.equal(first.reap(second.workerId, { live: true }).freedObjects, 0);
    expectCode("ERR_DOUBLE_FREE", () => first.deallocate(address));
    assertZeroResidue(first);
  });
});

it("destroy ends the heap for everyone", () => {
  const { first, second } = pair();
  const address = second.allocate(64);
  second.deallocate(second.allocate(64));
  const { handle } = first;
  first.destroy();
  for (const call of [() => second.allocate(64), () => second.deallocate(address), () => second.stats()]) {
    expectCode("ERR_DETACHED", call);
  }
  expectCode("ERR_DETACHED", () => SlabAllocator.attach(handle));
  second.detach();
  const again = new SlabAllocator({ memory: handle.memory, maxWorkers: 2 });
  assertEmpty(again);
  assertZeroResidue(again, [1024]);
});

it("formatting anew forgets everything that was there", () => {
  const heap = makeHeap(
    { capacity: 1 << 20, maxWorkers: 3 },
    { roundLimit: 2, slotsPerSlab: 5, slabChunks: 1 },
  );
  for (const worker of [attachTo(heap), attachTo(heap)]) fillUp(worker, 64, 20);
  attachTo(heap).destroy();
  const again = new SlabAllocator({ memory: heap.source, maxWorkers: 3 });
  assertZeroResidue(again);
});

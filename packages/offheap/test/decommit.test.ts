// Free chunks go back to the OS, after a while or at once, and are known to be zero from then on; an OS that
// refuses or fails costs nothing but its service.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Os, SlabAllocator } from "offheap";
import { Spans } from "#src/arena/spans.js";
import type { ChunkIndex, WorkerPlace } from "#src/base/brands.js";
import { expectCode, heapOf } from "./support/heaps.ts";
import { dataGiven, type PretendOs, pretendOs } from "./support/pretend-os.ts";
import { assertZeroResidue, fillUp } from "./support/residue.ts";

const mib = 2 ** 20;

function heapWith(os: Os, capacity = 64 * mib, cleanupInterval = 0): SlabAllocator {
  return new SlabAllocator({ capacity, maxWorkers: 2, os, cleanupInterval, sizeClasses: [64, 8192, 65_536] });
}

/** Allocates all there is, writes to each object, frees it, and lets the slabs go. */
function dirtyAll(allocator: SlabAllocator): number {
  const addresses = fillUp(allocator, 65_536);
  for (const address of addresses) allocator.u8.fill(7, address, address + 65_536);
  for (const address of addresses) allocator.deallocate(address);
  return addresses.length * 65_536;
}

function givenBytes(allocator: SlabAllocator, os: PretendOs): number {
  return dataGiven(os, heapOf(allocator).dataAt);
}

describe("pages of free chunks", () => {
  it("go back at once on request, every one, and to the byte as it says", () => {
    const os = pretendOs();
    const allocator = heapWith(os);
    const bytes = dirtyAll(allocator);
    assert.equal(allocator.cleanup({ all: true }).decommittedBytes, bytes);
    assert.equal(givenBytes(allocator, os), bytes);
    assert.ok(allocator.u8.subarray(heapOf(allocator).dataAt).every((byte) => byte === 0));
    const { layout } = heapOf(allocator);
    const ofStates = os.given.filter(({ offset }) => offset < layout.bookBytes);
    assert.equal(
      ofStates.reduce((sum, { bytes: each }) => sum + each, 0),
      layout.chunkCount * 2 ** layout.stateShift,
    );
    for (const { offset, bytes: each } of ofStates)
      assert.ok(offset >= layout.statesAt && offset + each <= layout.bookBytes);
    assert.equal(allocator.cleanup({ all: true }).decommittedBytes, 0);
    assertZeroResidue(allocator);
  });

  it("stay where they are when they were never touched, or when there is no os", () => {
    const os = pretendOs();
    const allocator = heapWith(os);
    allocator.deallocate(allocator.allocate(65_536));
    allocator.cleanup({ all: true });
    const slab = 16 * 65_536;
    assert.ok(givenBytes(allocator, os) <= slab);
    const without = SlabAllocator.attach(allocator.handle);
    without.deallocate(without.allocate(8192));
    assert.equal(without.cleanup({ all: true }).decommittedBytes, 0);
  });

  it("rest for half a second to a second, and go 16 MiB at a time", () => {
    const os = pretendOs();
    const allocator = heapWith(os);
    const bytes = dirtyAll(allocator);
    assert.equal(allocator.cleanup().decommittedBytes, 0);
    os.time += 499;
    assert.equal(allocator.cleanup().decommittedBytes, 0);
    os.time += 1;
    const passes: number[] = [];
    // What one pass leaves is due 50 ms later, not after another rest.
    for (let step = 0; step < 4; step++, os.time += 50) {
      assert.equal(allocator.cleanup().decommittedBytes > 0, true, `pass ${step}`);
      passes.push(givenBytes(allocator, os) - passes.reduce((sum, pass) => sum + pass, 0));
      assert.equal(allocator.cleanup().decommittedBytes, 0);
    }
    assert.equal(
      passes.reduce((sum, pass) => sum + pass, 0),
      bytes,
    );
    assert.ok(
      passes.every((pass) => pass <= 16 * mib),
      String(passes),
    );
  });

  it("rest anew when they were in use meanwhile", () => {
    const os = pretendOs();
    const allocator = heapWith(os);
    const bytes = dirtyAll(allocator);
    allocator.cleanup();
    for (let step = 0; step < 5; step++) {
      // In use at each pass but the last, or taken between two passes.
      dirtyAll(allocator);
      os.time += 500;
      allocator.cleanup();
    }
    assert.equal(givenBytes(allocator, os), 0);
    os.time += 500;
    allocator.cleanup();
    assert.ok(givenBytes(allocator, os) > 0 && givenBytes(allocator, os) <= bytes);
  });

  it("go without being asked, in the clean-up that frees bring about", () => {
    const os = pretendOs();
    const allocator = heapWith(os, 64 * mib, 100);
    dirtyAll(allocator);
    for (let step = 0; step < 200_000 && givenBytes(allocator, os) === 0; step++) {
      allocator.deallocate(allocator.allocate(64));
      if (step % 100 === 0) for (const address of fillUp(allocator, 64, 3000)) allocator.deallocate(address);
      os.time += 1;
    }
    assert.ok(givenBytes(allocator, os) > 0);
  });

  it("of a clock that was set back, or that stood for a month, go all the same", () => {
    for (const jump of [-3_600_000, 31 * 86_400_000]) {
      const os = pretendOs();
      const allocator = heapWith(os);
      dirtyAll(allocator);
      allocator.cleanup();
      os.time += jump;
      allocator.cleanup();
      os.time += 500;
      allocator.cleanup();
      assert.ok(givenBytes(allocator, os) > 0, `after ${jump} ms`);
    }
  });

  it("in a heap of huge pages go delayed only as whole huge pages, and all at once on request", () => {
    const os = pretendOs();
    const allocator = new SlabAllocator({
      capacity: 64 * mib,
      maxWorkers: 1,
      os,
      hugePages: true,
      sizeClasses: [65_536],
    });
    const { dataAt, layout } = heapOf(allocator);
    const chunkOf = (address: number) => (address - dataAt) / 65_536;
    const addresses = fillUp(allocator, 65_536);
    const kept = addresses.filter((address) => chunkOf(address) % 96 === 0);
    for (const address of addresses) if (!kept.includes(address)) allocator.deallocate(address);
    for (let step = 0; step < 40; step++, os.time += 100) allocator.cleanup();
    const data = os.given.filter(({ offset }) => offset >= dataAt);
    assert.ok(data.length > 0);
    for (const { offset, bytes } of data) {
      assert.equal((offset - dataAt) % (2 * mib), 0);
      assert.equal(bytes, 2 * mib);
    }
    allocator.cleanup({ all: true });
    assert.ok(givenBytes(allocator, os) >= (layout.chunkCount - 16 * kept.length) * 65_536);
  });
});

describe("chunks that are known to be zero", () => {
  it("are those of our own memory at first, and those that were given back", () => {
    const os = pretendOs();
    const allocator = heapWith(os);
    const heap = heapOf(allocator);
    const spans = new Spans(heap);
    const worker = 1 as WorkerPlace;
    const takeAll = (length: number): boolean => {
      const head = spans.take(worker, length, length);
      const isZero = Boolean(heap.core.lastTakenIsZero());
      heap.atomics.store(heap.words, heap.layout.mapAt, 0);
      spans.giveBack(head, length);
      return isZero;
    };
    assert.equal(takeAll(40), true);
    assert.equal(takeAll(40), false);
    assert.equal(takeAll(41), false, "one clean chunk among others");
    assert.equal(spans.clean.has(40), false);
    assert.equal(spans.clean.has(41), true);
    assert.equal(takeAll(100), false);
    allocator.cleanup({ all: true });
    assert.equal(takeAll(100), true);
    assert.equal(takeAll(1), false);
    assert.equal(spans.clean.has(99), false);
    assert.equal(spans.clean.has(100), true);
    assert.deepEqual(allocator.check(), []);
  });

  it("are none of a memory that somebody else made", () => {
    const memory = new SharedArrayBuffer(8 * mib);
    const allocator = new SlabAllocator({ memory, maxWorkers: 1 });
    const { layout } = heapOf(allocator);
    const { clean } = new Spans(heapOf(allocator));
    for (let chunk = 0; chunk < layout.chunkCount; chunk++) assert.equal(clean.has(chunk), false);
  });

  it("are found out by check() when they are in use", () => {
    const allocator = heapWith(pretendOs());
    allocator.allocate(64);
    new Spans(heapOf(allocator)).clean.add(0 as ChunkIndex, 1);
    assert.match(allocator.check()[0]?.message ?? "", /clean set/);
  });
});

describe("an OS that refuses", () => {
  it("to take pages back: nothing is counted, nothing is known to be zero, the heap is whole", () => {
    const os = pretendOs({ decommitRange: () => false });
    const allocator = heapWith(os);
    dirtyAll(allocator);
    assert.deepEqual(allocator.cleanup({ all: true }).decommittedBytes, 0);
    assert.equal(new Spans(heapOf(allocator)).clean.has(0), false);
    assertZeroResidue(allocator);
  });

  it("by an exception: it passes through, and the next call finds the heap whole", () => {
    let fails = true;
    const os = pretendOs();
    const { decommitRange } = os;
    const failing = pretendOs({
      decommitRange: (...range) => {
        if (fails) throw new Error("the OS is on fire");
        return decommitRange(...range);
      },
    });
    const allocator = heapWith(failing);
    const bytes = dirtyAll(allocator);
    assert.throws(() => allocator.cleanup({ all: true }), /on fire/);
    fails = false;
    assert.equal(allocator.cleanup({ all: true }).decommittedBytes, bytes);
    assertZeroResidue(allocator);
  });

  it("to tell what is in memory: a typed error", () => {
    const shy = pretendOs({ residency: { available: true, reason: "pretended" }, residentBytes: () => -1 });
    for (const os of [pretendOs(), shy]) expectCode("ERR_OS_UNAVAILABLE", () => heapWith(os).residency());
    const without = new SlabAllocator({ capacity: mib, memory: "local", maxWorkers: 1 });
    expectCode("ERR_OS_UNAVAILABLE", () => without.residency());
  });
});

describe("destroy", () => {
  it("gives everything back but the chunk with the header, which tells the others", () => {
    const os = pretendOs();
    const allocator = heapWith(os, 8 * mib);
    const other = SlabAllocator.attach(allocator.handle);
    const address = allocator.allocate(64);
    allocator.u8[address] = 1;
    allocator.destroy();
    assert.deepEqual(os.given, [{ offset: 65_536, bytes: 8 * mib - 65_536 }]);
    assert.equal(other.u8[address], 0);
    expectCode("ERR_DETACHED", () => other.allocate(64));
    expectCode("ERR_DETACHED", () => other.deallocate(address));
    other.detach();
  });

  it("touches nothing beyond the heap in a memory of somebody else's", () => {
    const os = pretendOs();
    const memory = new SharedArrayBuffer(12 * mib);
    const allocator = new SlabAllocator({ memory, offset: 2 * mib, capacity: 8 * mib, maxWorkers: 1, os });
    allocator.destroy();
    assert.deepEqual(os.given, [{ offset: 2 * mib + 65_536, bytes: 8 * mib - 65_536 }]);
  });
});

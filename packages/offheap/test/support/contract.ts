// The contract, as one suite that runs over every kind of memory and every list of size classes. Each case
// makes a heap of its own and ends with check() empty; `close` then looks at what lies around the heap.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SlabAllocator } from "#src/allocator/slab-allocator.js";
import { readFill, writeFill } from "./fill.ts";
import { expectCode, expectUnharmed, heapOf } from "./heaps.ts";
import { Random } from "./random.ts";
import { assertDisjoint, assertZeroResidue, fillUp, mostObjects } from "./residue.ts";

export interface Contracted {
  readonly allocator: SlabAllocator;
  readonly sizeClasses: readonly number[];
  /** The largest size that it serves. */
  readonly mostBytes: number;
  /** Fails when a byte outside the heap's region was touched. */
  close(): void;
}

type Case = (contracted: Contracted) => void;

function alignmentOf(bytes: number): number {
  return bytes & -bytes;
}

function largest(sizeClasses: readonly number[]): number {
  return sizeClasses.at(-1) as number;
}

const objects: Record<string, Case> = {
  "serves every class, rounded up, aligned, inside the heap, fills whole": ({ allocator, sizeClasses }) => {
    const { dataAt, offset, layout } = heapOf(allocator);
    const addresses: number[] = [];
    let before = 0;
    for (const bytes of sizeClasses) {
      for (const size of [before + 1, bytes]) {
        const address = allocator.allocate(size);
        assert.equal(allocator.sizeOf(address), bytes);
        assert.equal(address % alignmentOf(bytes), 0);
        assert.ok(address >= dataAt && address + bytes <= offset + layout.capacityBytes);
        writeFill(allocator, address, address);
        addresses.push(address);
      }
      before = bytes;
    }
    assertDisjoint(allocator, addresses);
    for (const address of addresses) readFill(allocator, address, address);
    for (const address of addresses) allocator.deallocate(address, allocator.sizeOf(address));
    assertZeroResidue(allocator);
  },

  "has views over the whole memory, indexed by address": ({ allocator, sizeClasses }) => {
    const address = allocator.allocate(largest(sizeClasses));
    const { view, u8, i8, u16, i16, u32, i32, f32, f64, u64, i64 } = allocator;
    view.setBigUint64(address, 0xfedc_ba98_7654_3210n, true);
    assert.equal(u8[address + 7], 0xfe);
    assert.equal(i8[address + 7], -2);
    assert.equal(u16[address / 2 + 3], 0xfedc);
    assert.equal(i16[address / 2 + 3], 0xfedc - 65_536);
    assert.equal(u32[address / 4 + 1], 0xfedcba98);
    assert.equal(i32[address / 4 + 1], 0xfedcba98 | 0);
    assert.equal(u64[address / 8], 0xfedc_ba98_7654_3210n);
    assert.equal(i64[address / 8], BigInt.asIntN(64, 0xfedc_ba98_7654_3210n));
    f64[address / 8] = 0.1;
    assert.equal(view.getFloat64(address, true), 0.1);
    f32[address / 4] = 0.5;
    assert.equal(view.getFloat32(address, true), 0.5);
    for (const any of [view, u8, i8, u16, i16, u32, i32, f32, f64, u64, i64]) {
      assert.equal(any.byteOffset, 0);
      assert.equal(any.byteLength, any.buffer.byteLength);
    }
  },

  "fills up with the largest class, recovers, fills up with the smallest over 64": ({
    allocator,
    sizeClasses,
  }) => {
    const bytes = largest(sizeClasses);
    const addresses = fillUp(allocator, bytes);
    assert.equal(addresses.length, mostObjects(heapOf(allocator).layout, bytes));
    assert.match(
      expectCode("ERR_OUT_OF_MEMORY", () => allocator.allocate(bytes)).message,
      /live.*cached.*free/,
    );
    for (const address of addresses) allocator.deallocate(address);
    assertZeroResidue(allocator);
  },

  "lets what was freed serve other classes without being asked": ({ allocator, sizeClasses }) => {
    const ends = [largest(sizeClasses), sizeClasses.find((bytes) => bytes >= 64) as number];
    for (const bytes of [...ends, ...ends]) {
      const addresses = fillUp(allocator, bytes);
      assert.equal(addresses.length, mostObjects(heapOf(allocator).layout, bytes));
      for (const address of addresses) allocator.deallocate(address);
    }
    assertZeroResidue(allocator);
  },

  "survives a random life": ({ allocator, sizeClasses }) => {
    const random = new Random(20_260_101);
    const live: { address: number; id: number }[] = [];
    for (let id = 0; id < 3000; id++) {
      if (live.length > 150 || (live.length > 0 && random.chance(45))) {
        const [object] = live.splice(random.below(live.length), 1) as [{ address: number; id: number }];
        readFill(allocator, object.address, object.id);
        allocator.deallocate(object.address);
      } else {
        const address = allocator.allocate(1 + random.below(Math.min(random.pick(sizeClasses), 4096)));
        writeFill(allocator, address, id);
        live.push({ address, id });
      }
    }
    assert.deepEqual(allocator.check(), []);
    assert.equal(allocator.stats().liveObjects, live.length);
    for (const { address, id } of live) {
      readFill(allocator, address, id);
      allocator.deallocate(address);
    }
    assertZeroResidue(allocator);
  },
};

const refusals: Record<string, Case> = {
  "refuses sizes that it does not serve": ({ allocator, mostBytes }) => {
    for (const size of [0, -1, 1.5, Number.NaN, mostBytes + 1, 2 ** 31, 2 ** 32 + 1]) {
      expectUnharmed(heapOf(allocator), "ERR_INVALID_SIZE", () => allocator.allocate(size));
    }
  },

  "refuses addresses that are none": ({ allocator, sizeClasses }) => {
    const heap = heapOf(allocator);
    const bytes = largest(sizeClasses);
    const address = allocator.allocate(bytes);
    const end = heap.dataAt + heap.layout.chunkCount * 65_536;
    const wrong = [address + 1, address + 4, address + bytes - 8, heap.dataAt - 8, end, end - 65_536, -8];
    for (const bad of [...wrong, heap.offset, 0, 2 ** 32 + address, Number.NaN, address + 0.5]) {
      expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => allocator.deallocate(bad));
    }
  },

  "refuses what is free, and sizes of another class": ({ allocator, sizeClasses }) => {
    const heap = heapOf(allocator);
    const some = [0, sizeClasses.length >> 1, sizeClasses.length - 1].map((i) => sizeClasses[i] as number);
    for (const bytes of some) {
      const [address, kept] = [allocator.allocate(bytes), allocator.allocate(bytes)];
      for (const wrong of [0, bytes + 1, Number.NaN, ...sizeClasses].filter((size) => size !== bytes)) {
        expectCode("ERR_SIZE_MISMATCH", () => allocator.deallocate(address, wrong));
      }
      expectUnharmed(heap, "ERR_SIZE_MISMATCH", () => allocator.deallocate(address, bytes + 1));
      allocator.deallocate(address, bytes);
      expectUnharmed(heap, "ERR_DOUBLE_FREE", () => allocator.deallocate(address, bytes));
      allocator.cleanup();
      expectUnharmed(heap, "ERR_DOUBLE_FREE", () => allocator.deallocate(address));
      allocator.deallocate(kept);
    }
    assertZeroResidue(allocator);
  },

  "refuses everything after detach; views outlive it, and again is nothing": ({ allocator, sizeClasses }) => {
    const address = allocator.allocate(largest(sizeClasses));
    const { u8 } = allocator;
    u8[address] = 7;
    allocator.detach();
    assertDetached(allocator, address);
    allocator.detach();
    allocator[Symbol.dispose]();
    assert.equal(allocator.u8, u8);
    assert.equal(u8[address], 7);
  },

  "refuses everything after destroy": ({ allocator, sizeClasses }) => {
    const address = allocator.allocate(largest(sizeClasses));
    allocator.deallocate(allocator.allocate(largest(sizeClasses)));
    allocator.destroy();
    assertDetached(allocator, address);
    allocator.detach();
  },
};

export function assertDetached(allocator: SlabAllocator, address: number): void {
  const calls: (() => unknown)[] = [
    () => allocator.allocate(8),
    () => allocator.deallocate(address),
    () => allocator.deallocate(address, 8),
    () => allocator.sizeOf(address),
    () => allocator.adopt(address),
    () => allocator.cleanup(),
    () => allocator.stats(),
    () => allocator.check(),
    () => allocator.reap(129),
    () => allocator.track({ threadId: 1, once: () => undefined }),
    () => allocator.destroy(),
  ];
  for (const call of calls) expectCode("ERR_DETACHED", call);
}

const books: Record<string, Case> = {
  "adopts what is live": ({ allocator, sizeClasses }) => {
    const address = allocator.allocate(largest(sizeClasses));
    allocator.adopt(address);
    allocator.adopt(address);
    allocator.deallocate(address);
    assertZeroResidue(allocator);
  },

  "counts to the last object": ({ allocator, sizeClasses }) => {
    const before = allocator.stats();
    const addresses = sizeClasses.flatMap((bytes) => [allocator.allocate(bytes), allocator.allocate(bytes)]);
    for (const address of addresses.slice(0, 2)) allocator.deallocate(address);
    const stats = allocator.stats();
    assert.equal(stats.allocs - before.allocs, addresses.length);
    assert.equal(stats.deallocs - before.deallocs, 2);
    assert.equal(stats.liveObjects, addresses.length - 2);
    assert.equal(
      stats.liveBytes,
      sizeClasses.slice(1).reduce((sum, bytes) => sum + 2 * bytes, 0),
    );
    const { layout } = heapOf(allocator);
    assert.equal(stats.capacity, layout.capacityBytes);
    assert.equal(stats.bookBytes, layout.capacityBytes - layout.chunkCount * 65_536);
    for (const entry of stats.sizeClasses) {
      assert.equal(entry.allocated + entry.cached + entry.free, entry.totalObjects);
    }
  },

  "gives empty slabs back on request": ({ allocator, sizeClasses }) => {
    const addresses = sizeClasses.map((bytes) => allocator.allocate(bytes));
    const { spanBytes } = allocator.stats();
    assert.ok(spanBytes >= sizeClasses.length * 65_536);
    const kept = addresses.pop() as number;
    for (const address of addresses) allocator.deallocate(address);
    assert.equal(allocator.cleanup().slabs, sizeClasses.length - 1);
    assert.deepEqual(allocator.cleanup(), { slabs: 0, decommittedBytes: 0 });
    allocator.deallocate(kept);
    assertZeroResidue(allocator);
  },
};

/** Runs the contract over one kind of heap. `makeContracted` makes a new one of 4 MiB. */
export function contractSuite(name: string, makeContracted: () => Contracted): void {
  describe(name, () => {
    for (const [title, run] of Object.entries({ ...objects, ...refusals, ...books })) {
      it(title, () => {
        const contracted = makeContracted();
        run(contracted);
        contracted.close();
      });
    }
  });
}

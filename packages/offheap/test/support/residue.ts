// The zero-residue test: when everything is freed and cleaned up, the whole capacity can be had in one class,
// and then in another. Nothing is lost, nothing is given twice.

import assert from "node:assert/strict";
import type { SlabAllocator } from "#src/allocator/slab-allocator.js";
import type { ClassIndex } from "#src/base/brands.js";
import { AllocatorError } from "#src/base/errors.js";
import type { Layout } from "#src/layout/layout.js";
import { slabChunksOf, slotCountOf } from "#src/layout/span-lengths.js";
import { heapOf } from "./heaps.ts";

/** Allocates until the heap is full; returns the addresses. */
export function fillUp(allocator: SlabAllocator, size: number, most = Number.POSITIVE_INFINITY): number[] {
  const addresses: number[] = [];
  while (addresses.length < most) {
    try {
      addresses.push(allocator.allocate(size));
    } catch (error) {
      if (error instanceof AllocatorError && error.code === "ERR_OUT_OF_MEMORY") break;
      throw error;
    }
  }
  return addresses;
}

/** Objects of a class that an empty heap can hold: as many slabs of full length as fit, and a shorter one. */
export function mostObjects(layout: Layout, objectBytes: number): number {
  const index = (layout.objectBytes.indexOf(objectBytes) + 1) as ClassIndex;
  const chunks = slabChunksOf(layout, index);
  const rest = layout.chunkCount % chunks;
  const full = Math.floor(layout.chunkCount / chunks) * slotCountOf(layout, index, chunks);
  return full + (rest === 0 ? 0 : slotCountOf(layout, index, rest));
}

/** Each address a different slot, all within the heap's data. */
export function assertDisjoint(
  allocator: SlabAllocator,
  addresses: readonly number[],
  objectBytes?: number,
): void {
  const { dataAt, layout } = heapOf(allocator);
  const end = dataAt + layout.chunkCount * 65_536;
  let last = dataAt;
  for (const address of Float64Array.from(addresses).sort()) {
    if (address < last) assert.fail(`${address} overlaps what ends at ${last}`);
    last = address + (objectBytes ?? allocator.sizeOf(address));
  }
  assert.ok(last <= end, `${last} is beyond the heap's data, which ends at ${end}`);
}

/** All objects are free already; other workers that are attached hold nothing. */
export function assertZeroResidue(allocator: SlabAllocator, classes?: readonly number[]): void {
  const { layout } = heapOf(allocator);
  // The smallest classes have a million slots, and show nothing that 64 bytes do not.
  const all = layout.objectBytes.filter((bytes, i, list) => bytes >= 64 || i === list.length - 1);
  allocator.cleanup();
  assert.deepEqual(allocator.check(), []);
  for (const objectBytes of classes ?? [all[0] as number, all.at(-1) as number]) {
    assertEmpty(allocator);
    const addresses = fillUp(allocator, objectBytes);
    assert.equal(addresses.length, mostObjects(layout, objectBytes), `objects of ${objectBytes} bytes`);
    assertDisjoint(allocator, addresses, objectBytes);
    assert.deepEqual(allocator.check(), []);
    for (const address of addresses) allocator.deallocate(address, objectBytes);
    allocator.cleanup();
  }
  assertEmpty(allocator);
  assert.deepEqual(allocator.check(), []);
}

/** No object lives, no slot is cached, no chunk is in a span. */
export function assertEmpty(allocator: SlabAllocator): void {
  const stats = allocator.stats();
  const cached = stats.sizeClasses.reduce((sum, entry) => sum + entry.cached, 0);
  assert.deepEqual(
    { live: stats.liveObjects, liveBytes: stats.liveBytes, spanBytes: stats.spanBytes, cached },
    { live: 0, liveBytes: 0, spanBytes: 0, cached: 0 },
  );
}

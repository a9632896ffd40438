// Unique fills: what an object holds from its allocation to its free. The first word names the object, every
// other one follows from it, so that whoever frees it can tell whether anybody else wrote there.

import assert from "node:assert/strict";
import type { SlabAllocator } from "#src/allocator/slab-allocator.js";

function wordOf(id: number, i: number): number {
  return i === 0 ? id >>> 0 : (Math.imul(id ^ 0x5bd1e995, 0x9e3779b1) + Math.imul(i, 0x85ebca6b)) >>> 0;
}

/** Fills all usable bytes of an object. */
export function writeFill(allocator: SlabAllocator, address: number, id: number): void {
  const { u32 } = allocator;
  const words = allocator.sizeOf(address) / 4;
  const at = address / 4;
  for (let i = 0; i < words; i++) u32[at + i] = wordOf(id, i);
}

/** Re-reads the fill; returns the id it was written with. */
export function readFill(allocator: SlabAllocator, address: number, expected?: number): number {
  const { u32 } = allocator;
  const words = allocator.sizeOf(address) / 4;
  const at = address / 4;
  const id = u32[at] as number;
  if (expected !== undefined) assert.equal(id, expected >>> 0, `another object was written at ${address}`);
  for (let i = 1; i < words; i++) {
    if (u32[at + i] !== wordOf(id, i)) {
      assert.fail(`byte ${4 * i} of the object at ${address} is not as it was left (object ${id})`);
    }
  }
  return id;
}

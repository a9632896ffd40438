// An operating system for the explorer: what it is given back it zeroes, between two accesses, after it has
// made sure that the worker holds it, and that no live object is in it. Its clock runs a second at a look.

import { tag, tagOf, workerOf } from "#src/arena/claim.js";
import { CleanChunks } from "#src/arena/clean-chunks.js";
import type { Os } from "#src/base/os.js";
import { chunkBytes, type Layout } from "#src/layout/layout.js";
import type { Heap } from "#src/memory/heap.js";
import type { Fiber } from "./fiber.ts";
import { type Objects, Violated } from "./objects.ts";

export function fakeOs(fiber: Fiber, objects: Objects, layout: Layout, buffer: ArrayBuffer): Os {
  const words = new Int32Array(buffer);
  const data = new Uint8Array(buffer);
  const decommit = (offset: number, bytes: number): boolean => {
    // State bytes are zero as they stand, so that there is nothing to see of theirs.
    if (offset < layout.bookBytes) return true;
    const head = (offset - layout.bookBytes) / chunkBytes;
    const claim = words[layout.claimsAt + head] as number;
    if (tagOf(claim) !== tag.building || workerOf(claim) !== fiber.index + 1)
      throw new Violated(`worker ${fiber.index} gives chunk ${head} to the OS, whose claim word is ${claim}`);
    // Who judges an end frees the objects that are left, and does not say so.
    for (const address of fiber.mode === "free" ? [] : objects.live.keys()) {
      if (address >= offset && address < offset + bytes)
        throw new Violated(`worker ${fiber.index} gives the live object at ${address} to the OS`);
    }
    data.fill(0, offset, offset + bytes);
    return true;
  };
  const yes = { available: true, reason: "a test" };
  return {
    hugePages: { available: false, reason: "a test" },
    decommit: yes,
    processes: { available: false, reason: "a fake" },
    residency: { available: false, reason: "a test" },
    hugePageBytes: 2 ** 21,
    addressOf: () => 0n,
    adviseHuge: () => false,
    decommitRange: (_buffer, offset, bytes) => fiber.event(() => decommit(offset, bytes)),
    residentBytes: () => -1,
    hugeBytes: () => -1,
    now: () => fiber.event(() => (objects.clock += 1000)),
  };
}

/** A chunk in the clean set is zero, to the byte. */
export function assertCleanIsZero(heap: Heap): void {
  const clean = new CleanChunks(heap);
  for (let chunk = 0; chunk < heap.layout.chunkCount; chunk++) {
    if (!clean.has(chunk)) continue;
    const at = heap.dataAt + chunk * chunkBytes;
    if (new Float64Array(heap.source as ArrayBuffer, at, chunkBytes / 8).some((value) => value !== 0))
      throw new Violated(`chunk ${chunk} is known to be zero and is not`);
  }
}

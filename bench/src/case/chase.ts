/** Follows a chain through all objects of a heap in random order: each step waits for the one before it. */
import { SlabAllocator } from "offheap";
import { loadOs } from "offheap/os";
import { Random } from "offheap-tools";
import type { ChaseAnswer, ChaseRequest, Refusal } from "./protocol.ts";
import { nowNs } from "./run.ts";

const OBJECT_BYTES = 64;
const MIB = 2 ** 20;

/** A cycle through all of them in random order (Sattolo): every object's first word names the next. */
function chain(heap: SlabAllocator, count: number): number {
  const indexes = Int32Array.from({ length: count }, () => heap.allocate(OBJECT_BYTES) >>> 2);
  const random = new Random(count);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i);
    const other = indexes[j];
    indexes[j] = indexes[i];
    indexes[i] = other;
  }
  for (let i = 0; i < count; i++) heap.u32[indexes[i]] = indexes[(i + 1) % count];
  return indexes[0];
}

function walk(memory: Uint32Array, from: number, steps: number): number {
  let at = from;
  for (let step = 0; step < steps; step++) at = memory[at];
  return at;
}

export function chaseCase({ peer, count, steps, passes }: ChaseRequest): ChaseAnswer | Refusal {
  const os = loadOs();
  const hugePages = peer === "offheap-huge";
  if (hugePages && !os.hugePages.available) return { refused: os.hugePages.reason };
  const capacity = Math.ceil((count * OBJECT_BYTES * 1.2) / MIB) * MIB;
  const heap = new SlabAllocator({ capacity, os, hugePages });
  let at = chain(heap, count);
  const times: number[] = [];
  for (let pass = 0; pass < passes; pass++) {
    const begun = nowNs();
    at = walk(heap.u32, at, steps);
    times.push(nowNs() - begun);
  }
  return { passes: times, hugeBytes: heap.stats().hugeBytes };
}

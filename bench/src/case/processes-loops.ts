/** Allocate and free in a pool in steady state: nanoseconds of a pair, in the fastest pass. */
import type { MemoryPool } from "offheap";
import { Random } from "offheap-tools";
import { nowNs } from "./run.ts";

const OBJECTS = 65_536;
/** Many short passes: one of them is let alone by whatever else is at work. */
const PAIRS = 131_072;
const PASSES = 100;

/** One of many objects is freed, and another allocated in its place. `bytes` 0: of mixed sizes, 16 to 1,024. */
export function replaceNs(pool: MemoryPool, bytes: number): number {
  const random = new Random(7);
  const sizes = Int32Array.from({ length: OBJECTS }, () => bytes || 16 + random.below(1009));
  const live = sizes.map((size) => pool.allocate(size));
  const order = Int32Array.from({ length: OBJECTS }, () => random.below(OBJECTS));
  let least = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < PASSES; pass++) {
    const began = nowNs();
    for (let i = 0; i < PAIRS; i++) {
      const at = order[i & (OBJECTS - 1)] as number;
      pool.deallocate(live[at] as never);
      live[at] = pool.allocate(sizes[at] as number);
    }
    least = Math.min(least, nowNs() - began);
  }
  return least / PAIRS;
}

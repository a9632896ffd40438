// The first heap of a thread is preceded by a tiny one, which goes through the slow half of the calls a few times.
// V8 optimizes a function by what it has seen it do, and throws the code away when it meets a part that never
// ran: a fresh heap would go through that for each of some thirty functions, in the middle of its first work.
// It has no fast path: V8 folds the constants of a closure into its code only while there is one closure of a kind.
// Costs 3 ms a thread; the first three passes over the jq trace went from 148, 56 and 65 to 115, 40 and 34 ns an
// operation (docs/measurements.md).

import type { Address } from "../base/index.ts";
import type { HeapOptions, Internals } from "../format/index.ts";
import { type Access, hardwareAccess } from "../memory/index.ts";
import type { SlowHalves } from "./fast-path.ts";

/** The slow halves of a new allocator. */
type Make = (options: HeapOptions, internals: Internals) => SlowHalves<never>;

const options: HeapOptions = { memory: "local", capacity: 2 ** 20, maxWorkers: 2, sizeClasses: [64, 1024] };
/** Several slabs of each class, several refills and drains of each slab. */
const internals: Internals = { tiny: { slotsPerSlab: 32, slabChunks: 2, rounds: 8 }, isWarmUp: true };
const objectCount = 80;
/** Orders of freeing: in that of allocating, scattered over the slabs, reversed. Prime to `objectCount`. */
const strides = [1, 7, objectCount - 1];

let isWarm = false;

/** Once a thread; `make` is passed in because the allocator itself calls this. */
export function warmUp(make: Make): void {
  if (isWarm) return;
  isWarm = true;
  const slow = make(options, internals);
  const objects: Address[] = [];
  for (const size of [64, 1024]) {
    for (const stride of strides) {
      for (let i = 0; i < objectCount; i++) objects[i] = slow.allocateSlow(size, undefined);
      for (let i = 0; i < objectCount; i++)
        slow.deallocateSlow(objects[(i * stride) % objectCount] as Address, undefined);
    }
  }
}

/**
 * How many first calls of each kind a thread's first allocator leaves to their slow half, which serves them as well.
 * V8 begins to note what a function does after some fifty calls that end early. Where the fast path ends, a magazine
 * that fills late, would be met first in the midst of optimized code, which goes then with the loop around it.
 */
export const firstCalls = 64;

let isFirst = true;

/** Whether this is the thread's first allocator; tests that reach memory in their own way want the fast path at once. */
export function leavesFirstCalls(access: Access): boolean {
  if (!isFirst || access !== hardwareAccess) return false;
  isFirst = false;
  return true;
}

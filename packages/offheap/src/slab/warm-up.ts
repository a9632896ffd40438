// The first heap of a thread is preceded by a tiny one, which goes through both halves of both calls a few times.
// V8 optimizes a function by what it has seen it do, and throws the code away when it meets a part that never
// ran: a fresh heap would go through that for each of some thirty functions, in the middle of its first work, and
// with the calls goes the loop they were inlined into.
// Costs 3 ms a thread; the first pass over sqlite's trace takes 36 ms in place of 45 (docs/measurements.md).

import type { Address } from "../base/brands.ts";
import type { Internals } from "./create.ts";
import type { HeapOptions } from "./options.ts";

interface Calls {
  allocate(size: number): Address;
  deallocate(address: Address): void;
}
type Make = (options: HeapOptions, internals: Internals) => Calls;

const options: HeapOptions = { memory: "local", capacity: 2 ** 20, maxWorkers: 2, sizeClasses: [64, 1024] };
/** Several slabs of each class, several refills and drains of each slab. */
const internals: Internals = { tiny: { slotsPerSlab: 32, slabChunks: 2, rounds: 8 } };
const objectCount = 80;
/** Orders of freeing: in that of allocating, scattered over the slabs, reversed. Prime to `objectCount`. */
const strides = [1, 7, objectCount - 1];

let isWarm = false;

/** Once a thread; `make` is passed in because the allocator itself calls this. */
export function warmUp(make: Make): void {
  if (isWarm) return;
  isWarm = true;
  const heap = make(options, internals);
  const objects: Address[] = [];
  for (const size of [64, 1024]) {
    for (const stride of strides) {
      for (let i = 0; i < objectCount; i++) objects[i] = heap.allocate(size);
      for (let i = 0; i < objectCount; i++) heap.deallocate(objects[(i * stride) % objectCount] as Address);
    }
  }
}

// What a program adds whose `lib` has `Disposable`: heaps and regions that end with their scope.

import { MemoryPool, SlabAllocator } from "offheap";

export function scoped(): number {
  using heap = new SlabAllocator({ capacity: 2 ** 24 });
  using pool: Disposable & MemoryPool = new MemoryPool({ capacity: 2 ** 24 });
  using region = pool.region();
  return heap.allocate(8) + region.allocate(8);
}

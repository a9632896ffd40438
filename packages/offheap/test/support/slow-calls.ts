// A program that takes both calls of both allocators through both of their halves.

import { MemoryPool, SlabAllocator } from "offheap";

for (const Allocator of [SlabAllocator, MemoryPool]) {
  const allocator = new Allocator({ capacity: 16 << 20 });
  const objects = Array.from({ length: 4000 }, () => allocator.allocate(64));
  for (const address of objects) allocator.deallocate(address);
}

// What is told when no slot can be had in a heap of slabs alone; a pool has words of its own (large/out-of-memory.ts).

import { AllocatorError } from "../base/index.ts";
import { collectStats } from "../inspect/index.ts";
import type { Heap } from "../memory/index.ts";

export function outOfMemory(heap: Heap, wanted: string): AllocatorError {
  const stats = collectStats(heap);
  const cached = stats.sizeClasses.reduce((bytes, entry) => bytes + entry.cached * entry.objectSize, 0);
  const free = stats.sizeClasses.reduce((bytes, entry) => bytes + entry.free * entry.objectSize, 0);
  const rest = stats.capacity - stats.bookBytes - stats.spanBytes;
  return new AllocatorError(
    "ERR_OUT_OF_MEMORY",
    `no ${wanted} can be had: of ${stats.capacity} bytes, ${stats.liveBytes} are live, ` +
      `${cached} cached by workers, ${free} free in slabs of other sizes, ${rest} in no slab, ${stats.bookBytes} books`,
  );
}

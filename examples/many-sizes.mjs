// Objects of every size in a loop, and what rounding up to a size class costs with each preset.

import { SizeClasses, SlabAllocator } from "offheap";

const objectCount = 50_000;

for (const [name, sizeClasses] of Object.entries(SizeClasses)) {
  const heap = new SlabAllocator({ capacity: 256 * 2 ** 20, sizeClasses });
  const live = [];
  let requestedBytes = 0;
  for (let i = 0; i < objectCount; i++) {
    const size = sizeOfObject(i);
    const address = heap.allocate(size);
    heap.u8.fill(i & 255, address, address + size);
    live.push([address, size]);
    requestedBytes += size;
  }
  const { liveBytes, sizeClasses: classes } = heap.stats();
  const used = classes.filter(({ allocated }) => allocated > 0);
  console.log(
    `${name}: ${used.length} of ${classes.length} classes, ` +
      `${(requestedBytes / 2 ** 20).toFixed(1)} MiB asked for, ${(liveBytes / 2 ** 20).toFixed(1)} MiB in slots ` +
      `(${(100 * (1 - requestedBytes / liveBytes)).toFixed(1)} % of it unused)`,
  );
  for (const [address, size] of live) heap.deallocate(address, size);
  heap.cleanup({ all: true });
  console.log(`${name}: ${heap.stats().liveObjects} objects left, ${heap.check().length} violations`);
  heap.destroy();
}

/** Sizes from 1 to 2000 bytes, small ones more often. */
function sizeOfObject(i) {
  const spread = (i * 7919) % 1000;
  return 1 + Math.floor((spread * spread * 2000) / 1e6);
}

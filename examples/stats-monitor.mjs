// A table of stats(), printed while another worker churns. Reading the numbers stops nobody.

import { once } from "node:events";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { SlabAllocator } from "offheap";

const churnMs = 600;

if (isMainThread) await monitor();
else churn();

async function monitor() {
  const heap = new SlabAllocator({ capacity: 64 * 2 ** 20 });
  const worker = new Worker(new URL(import.meta.url), { workerData: heap.handle, execArgv: [] });
  heap.track(worker);
  const ended = once(worker, "exit");
  const timer = setInterval(() => print(heap.stats()), 200);
  const [code] = await ended;
  clearInterval(timer);
  print(heap.stats());
  console.log(`worker ended with ${code}; ${heap.stats().liveObjects} objects live`);
  heap.destroy();
}

function print({ spanBytes, liveObjects, liveBytes, allocs, sizeClasses }) {
  const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(1);
  console.log(
    `\n${allocs} allocations, ${liveObjects} live, ${megabytes(liveBytes)} of ${megabytes(spanBytes)} MiB`,
  );
  const rows = sizeClasses.filter(({ allocs: count }) => count > 0);
  console.table(
    rows.map(({ objectSize, totalSlabs, allocated, cached, free }) => ({
      objectSize,
      slabs: totalSlabs,
      allocated,
      cached,
      free,
    })),
  );
}

/** Replaces objects of a working set, one at a time, then frees them all. */
function churn() {
  const heap = SlabAllocator.attach(workerData);
  const live = new Array(20_000);
  const end = Date.now() + churnMs;
  for (let i = 0; Date.now() < end; i++) {
    const slot = (i * 7919) % live.length;
    if (live[slot] !== undefined) heap.deallocate(live[slot]);
    live[slot] = heap.allocate(16 << (i % 7));
  }
  for (const address of live) if (address !== undefined) heap.deallocate(address);
  heap.detach();
}

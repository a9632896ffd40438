// Two workers hand objects to each other. One allocates and writes, the other reads and frees; what passes
// between them is an address, through a small ring in shared memory. Nothing is copied or serialized.

import { once } from "node:events";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { SlabAllocator } from "offheap";

const messageCount = 100_000;
const ringLength = 256; // a power of two
const [writtenAt, readAt, firstAt] = [0, 1, 2];

if (isMainThread) await main();
else if (workerData.role === "producer") produce(SlabAllocator.attach(workerData.heap), workerData.ring);
else consume(SlabAllocator.attach(workerData.heap), workerData.ring);

async function main() {
  const heap = new SlabAllocator({ capacity: 16 * 2 ** 20 });
  const ring = new Uint32Array(new SharedArrayBuffer(4 * (firstAt + ringLength)));
  const workers = ["producer", "consumer"].map((role) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { role, heap: heap.handle, ring: ring.buffer },
      execArgv: [],
    });
    heap.track(worker);
    return once(worker, "exit");
  });
  await Promise.all(workers);
  const { allocs, deallocs, liveObjects } = heap.stats();
  console.log(`${allocs} allocated by one, ${deallocs} freed by the other, ${liveObjects} live`);
  console.log(`${heap.check().length} violations`);
  heap.destroy();
}

function produce(heap, buffer) {
  const ring = new Int32Array(buffer);
  for (let i = 0; i < messageCount; i++) {
    const address = heap.allocate(32);
    heap.u32[address / 4] = i;
    // The store of the count hands the object over: what was written before it is seen after its load.
    waitWhile(ring, readAt, () => i - Atomics.load(ring, readAt) === ringLength);
    ring[firstAt + (i % ringLength)] = address;
    Atomics.store(ring, writtenAt, i + 1);
    Atomics.notify(ring, writtenAt);
  }
  heap.detach();
}

function consume(heap, buffer) {
  const ring = new Int32Array(buffer);
  let sum = 0;
  for (let i = 0; i < messageCount; i++) {
    waitWhile(ring, writtenAt, () => Atomics.load(ring, writtenAt) === i);
    const address = ring[firstAt + (i % ringLength)];
    sum += heap.u32[address / 4];
    heap.deallocate(address, 32);
    Atomics.store(ring, readAt, i + 1);
    Atomics.notify(ring, readAt);
  }
  console.log(`consumer read ${messageCount} messages, sum ${sum}`);
  heap.detach();
}

/** Sleeps until the other side moves its count, as long as there is nothing to do. */
function waitWhile(ring, index, nothingToDo) {
  while (nothingToDo()) {
    const seen = Atomics.load(ring, index);
    if (nothingToDo()) Atomics.wait(ring, index, seen);
  }
}

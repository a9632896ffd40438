// 100,000 objects that one worker makes and fills, and another reads and frees, while both are at work.

import type { HeapHandle } from "offheap";
import { equal, isWhole } from "../expect.ts";
import { readFill, writeFill } from "../fill.ts";
import type { Scenarios } from "../harness.ts";
import type { Job } from "../host.ts";

const objectCount = 100_000;
const batchLength = 1_000;
const batchCount = objectCount / batchLength;
/** Batches under way at one time, so that the heap need not hold all of them. */
const ahead = 8;

function sizeOf(index: number): number {
  return 8 + ((index * 37) % 505);
}

export const jobs: Record<string, Job> = {
  /** Posts a batch of addresses for each word that it hears. */
  "hand-over: make": async ({ SlabAllocator }, port, data) => {
    const heap = SlabAllocator.attach(data as HeapHandle);
    for (let batch = 0; batch < batchCount; batch++) {
      await port.next();
      const addresses: number[] = [];
      for (let i = batch * batchLength; i < (batch + 1) * batchLength; i++) {
        const address = heap.allocate(sizeOf(i));
        writeFill(heap, address, sizeOf(i), i);
        addresses.push(address);
      }
      port.post(addresses);
    }
    heap.detach();
    port.post("detached");
  },

  "hand-over: free": async ({ SlabAllocator }, port, data) => {
    const heap = SlabAllocator.attach(data as HeapHandle);
    for (let batch = 0; batch < batchCount; batch++) {
      for (const [i, address] of ((await port.next()) as number[]).entries()) {
        const index = batch * batchLength + i;
        readFill(heap, address, sizeOf(index), index);
        heap.deallocate(address);
      }
      port.post("freed");
    }
    heap.detach();
    port.post("detached");
  },
};

export const scenarios: Scenarios = {
  "100,000 objects handed over, their fills read at the free": async ({ library, start }) => {
    const heap = new library.SlabAllocator({ capacity: 32 * 2 ** 20 });
    const maker = await start("hand-over: make", heap.handle);
    const freer = await start("hand-over: free", heap.handle);
    for (let batch = 0; batch < ahead; batch++) maker.post("go on");
    for (let batch = 0; batch < batchCount; batch++) {
      freer.post(await maker.next());
      // The next is asked for when one has been freed, ours or an earlier one.
      equal(await freer.next(), "freed", "what the freeing worker says");
      if (batch + ahead < batchCount) maker.post("go on");
    }
    equal(await freer.next(), "detached", "the last word of the freeing worker");
    equal(await maker.next(), "detached", "the last word of the making worker");
    const { allocs, deallocs } = heap.stats();
    equal([allocs, deallocs], [objectCount, objectCount], "allocations and deallocations");
    isWhole(heap);
    heap.destroy();
  },
};

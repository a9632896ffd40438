// One heap that several workers share: allocated in one, read and freed in others.

import type { HeapHandle, SlabAllocator } from "offheap";
import { equal, isWhole } from "../expect.ts";
import type { Scenarios } from "../harness.ts";
import type { Host, Job, Library } from "../host.ts";

interface Shared {
  readonly handle: HeapHandle;
  readonly first: number;
}

const objectCount = 2_000;
const sizes = [8, 24, 100, 128, 1000, 4096];

function sizeOf(i: number): number {
  return sizes[i % sizes.length] as number;
}

/** Allocates objects, each filled with a number of its own from end to end. */
function makeFilled(heap: SlabAllocator, first: number): number[] {
  return Array.from({ length: objectCount }, (_, i) => {
    const address = heap.allocate(sizeOf(i));
    heap.u8.fill((first + i) & 255, address, address + sizeOf(i));
    return address;
  });
}

function readAndFree(heap: SlabAllocator, addresses: readonly number[], first: number): void {
  for (const [i, address] of addresses.entries()) {
    const wanted = (first + i) & 255;
    for (let at = address; at < address + sizeOf(i); at++) {
      if (heap.u8[at] !== wanted) equal(heap.u8[at], wanted, `byte ${at - address} of object ${i}`);
    }
    heap.deallocate(address, sizeOf(i));
  }
}

export const jobs: Record<string, Job> = {
  /** Makes objects of its own and gives them away; then frees what it is given. */
  "sharing: swap": async ({ SlabAllocator }, port, data) => {
    const { handle, first } = data as Shared;
    const heap = SlabAllocator.attach(handle);
    port.post(makeFilled(heap, first));
    const { addresses, first: theirs } = (await port.next()) as { addresses: number[]; first: number };
    readAndFree(heap, addresses, theirs);
    heap.detach();
    port.post("freed");
  },
};

function share(choose: (library: Library) => readonly number[]) {
  return async (host: Host) => {
    const { SlabAllocator } = host.library;
    const heap = new SlabAllocator({ capacity: 64 * 2 ** 20, sizeClasses: choose(host.library) });
    const workers = await Promise.all(
      [0, 1, 2].map((i) => host.start("sharing: swap", { handle: heap.handle, first: i * 1000 })),
    );
    const made = (await Promise.all(workers.map((worker) => worker.next()))) as number[][];
    equal(heap.stats().liveObjects, 3 * objectCount, "live objects of three workers");
    workers.forEach((worker, i) => {
      const other = (i + 1) % 3;
      worker.post({ addresses: made[other], first: other * 1000 });
    });
    equal(await Promise.all(workers.map((worker) => worker.next())), ["freed", "freed", "freed"], "workers");
    equal(heap.stats().allocs, 3 * objectCount, "allocations");
    isWhole(heap);
    heap.destroy();
  };
}

export const scenarios: Scenarios = {
  "one heap, three workers, powers of two": share(({ SizeClasses }) => SizeClasses.powersOfTwo),
  "one heap, three workers, fine classes": share(({ SizeClasses }) => SizeClasses.fine),
};

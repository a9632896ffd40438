// One heap that several workers share: allocated in one, read and freed in others.

import type { HeapHandle, SlabAllocator } from "offheap";
import { equal, isWhole } from "../expect.ts";
import { readFill, writeFill } from "../fill.ts";
import type { Scenarios } from "../harness.ts";
import type { Host, Job, Library } from "../host.ts";

interface Orders {
  readonly handle: HeapHandle;
  readonly seed: number;
}
interface Made {
  readonly addresses: number[];
  readonly seed: number;
}

const objectCount = 2_000;
const workerCount = 3;
const sizes = [8, 24, 100, 128, 1000, 4096];

function sizeOf(i: number): number {
  return sizes[i % sizes.length] as number;
}

function make(heap: SlabAllocator, seed: number): number[] {
  return Array.from({ length: objectCount }, (_, i) => {
    const address = heap.allocate(sizeOf(i));
    writeFill(heap, address, sizeOf(i), seed + i);
    return address;
  });
}

function readAndFree(heap: SlabAllocator, { addresses, seed }: Made): void {
  for (const [i, address] of addresses.entries()) {
    readFill(heap, address, sizeOf(i), seed + i);
    heap.deallocate(address, sizeOf(i));
  }
}

export const jobs: Record<string, Job> = {
  /** Makes objects and gives them away; then frees those that it is given. */
  "sharing: swap": async ({ SlabAllocator }, port, data) => {
    const { handle, seed } = data as Orders;
    const heap = SlabAllocator.attach(handle);
    port.post({ addresses: make(heap, seed), seed } satisfies Made);
    readAndFree(heap, (await port.next()) as Made);
    heap.detach();
    port.post("freed");
  },
};

function share(classes: (library: Library) => readonly number[]) {
  return async (host: Host) => {
    const { SlabAllocator } = host.library;
    const heap = new SlabAllocator({ capacity: 64 * 2 ** 20, sizeClasses: classes(host.library) });
    const seeds = Array.from({ length: workerCount }, (_, i) => i * objectCount);
    const starts = seeds.map((seed) => host.start("sharing: swap", { handle: heap.handle, seed }));
    const workers = await Promise.all(starts);
    const made = (await Promise.all(workers.map((worker) => worker.next()))) as Made[];
    equal(heap.stats().liveObjects, workerCount * objectCount, "live objects of all workers");
    // Each frees what its neighbour made.
    for (const [i, worker] of workers.entries()) worker.post(made[(i + 1) % workerCount]);
    const said = await Promise.all(workers.map((worker) => worker.next()));
    equal(said, Array(workerCount).fill("freed"), "what the workers say");
    equal(heap.stats().allocs, workerCount * objectCount, "allocations");
    equal(heap.stats().deallocs, workerCount * objectCount, "deallocations");
    isWhole(heap);
    heap.destroy();
  };
}

/** WebAssembly where the host compiles it and the memory is one of its own, else JavaScript: both share one heap. */
function whoRuns({ library, compiles }: Host): void {
  const { SlabAllocator } = library;
  const heap = new SlabAllocator({ capacity: 2 * 2 ** 20 });
  const { engine, memory } = heap.stats();
  equal(engine, compiles && memory === "WebAssembly.Memory" ? "wasm" : "js", "the engine");
  const other = SlabAllocator.attach(heap.handle, { engine: "js" });
  equal(other.stats().engine, "js", "the engine asked for");
  const made = Array.from({ length: 3000 }, (_, i) => (i % 2 === 0 ? heap : other).allocate(24));
  for (const [i, address] of made.entries()) (i % 3 === 0 ? heap : other).deallocate(address);
  isWhole(heap);
  heap.destroy();
}

export const scenarios: Scenarios = {
  "the engine": whoRuns,
  "one heap, three workers, powers of two": share(({ SizeClasses }) => SizeClasses.powersOfTwo),
  "one heap, three workers, fine classes": share(({ SizeClasses }) => SizeClasses.fine),
};

// A process of its own, which shares a heap in a file: says so by a message in it, and then allocates and frees until it is killed.
// Its orders are the one argument, as JSON.

import { argv, pid } from "node:process";
import { readFill, writeFill } from "./fill.ts";
import { kept, type ProcessOrders } from "./kept.ts";

const mostLive = 200;

async function work({ specifier, ring, path, seed }: ProcessOrders): Promise<never> {
  const { openHeap } = (await import(specifier)) as typeof import("offheap/process");
  const { Ring } = (await import(ring)) as typeof import("offheap/ring");
  const heap = openHeap(path);
  const address = heap.roots.get(kept.name)?.address as number;
  readFill(heap, address, kept.bytes, kept.id);
  Ring.attach(heap, heap.roots.get("ring") as never).write("here", pid);
  const live: { address: number; bytes: number; id: number }[] = [];
  for (let id = seed; ; id++) {
    const bytes = 1 + ((id * 7919) % (id % 4 === 0 ? 20_000 : 300));
    const made = heap.allocate(bytes);
    writeFill(heap, made, bytes, id);
    live.push({ address: made, bytes, id });
    if (live.length < mostLive) continue;
    const [ended] = live.splice((id * 31) % mostLive, 1) as [(typeof live)[0]];
    readFill(heap, ended.address, ended.bytes, ended.id);
    heap.deallocate(ended.address);
  }
}

await work(JSON.parse(argv[2] as string) as ProcessOrders);

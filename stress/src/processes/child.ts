// A process of the storm that is started as any other, with a second thread or without.

import { writeSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { type HeapHandle, MemoryPool, SlabAllocator } from "offheap";
import { loadOs } from "offheap/os";
import { Actor } from "./actor.ts";
import { liveAlone, type Orders } from "./life.ts";
import { Notes, type OpenedMemory } from "./notes.ts";

/** What the second thread gets. */
interface ThreadData extends Orders {
  readonly handle: HeapHandle;
  readonly memory: OpenedMemory;
}

const endMilliseconds = 60_000;

function runProcess(): void {
  const orders = JSON.parse(process.argv[2] as string) as Orders;
  const other = orders.seats[1];
  if (other === undefined) liveAlone(orders);
  else
    liveAlone(
      orders,
      ({ handle }, { memory }) => {
        const workerData: ThreadData = { ...orders, handle, memory };
        new Worker(new URL(import.meta.url), { workerData });
      },
      (notes) => waitFor(notes, other),
    );
  process.exit(0);
}

function waitFor(notes: Notes, other: number): void {
  const end = Date.now() + endMilliseconds;
  const nap = new Int32Array(new SharedArrayBuffer(4));
  while (!notes.hasLeft(other)) {
    if (Date.now() > end) throw new Error("the other thread does not end");
    Atomics.wait(nap, 0, 0, 1);
  }
}

function runThread({ shape, handle, memory, seats, seed }: ThreadData): void {
  const options = { os: loadOs(), engine: shape.engine };
  const heap =
    shape.kind === "pool" ? MemoryPool.attach(handle, options) : SlabAllocator.attach(handle, options);
  const notes = new Notes(memory);
  const seat = seats[1] as number;
  new Actor(heap, notes, shape, seat, seed + 1).run();
  heap.detach();
  notes.leave(seat);
}

try {
  if (isMainThread) runProcess();
  else runThread(workerData as ThreadData);
} catch (error) {
  // Not by console: the first thread never returns to its event loop, through which the words of others go.
  writeSync(2, `${error instanceof Error ? error.stack : error}\n`);
  process.kill(process.pid, "SIGTERM");
}

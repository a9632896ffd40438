// A process of the storm: opens the heap, starts a second thread or not, and goes on until it is killed, or told to stop.

import { writeSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { type HeapHandle, MemoryPool, SlabAllocator } from "offheap";
import { loadOs } from "offheap/os";
import { closeHeap } from "offheap/process";
import { Actor } from "./actor.ts";
import { Notes, type OpenedMemory } from "./notes.ts";
import { openShape, type Shape } from "./shape.ts";

export interface Orders {
  readonly shape: Shape;
  /** The path of the notes. */
  readonly notes: string;
  /** One for each thread. */
  readonly seats: readonly number[];
  readonly seed: number;
}

/** What the second thread gets. */
interface ThreadData extends Orders {
  readonly handle: HeapHandle;
  readonly memory: OpenedMemory;
}

const endMilliseconds = 60_000;

function runProcess(): void {
  const orders = JSON.parse(process.argv[2] as string) as Orders;
  const { shape, seats, seed } = orders;
  const notes = Notes.open(orders.notes);
  const heap = openShape(shape);
  const [seat, other] = seats as [number, number?];
  if (other !== undefined) {
    const workerData: ThreadData = { ...orders, handle: heap.handle, memory: notes.memory };
    new Worker(new URL(import.meta.url), { workerData });
  }
  new Actor(heap, notes, shape, seat, seed).run();
  const end = Date.now() + endMilliseconds;
  const nap = new Int32Array(new SharedArrayBuffer(4));
  while (other !== undefined && !notes.hasLeft(other)) {
    if (Date.now() > end) throw new Error("the other thread does not end");
    Atomics.wait(nap, 0, 0, 1);
  }
  closeHeap(heap);
  notes.leave(seat);
  process.exit(0);
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

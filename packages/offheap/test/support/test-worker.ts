// One worker thread of a test: does as it is told, and reports.

import { parentPort, workerData } from "node:worker_threads";
import { AllocatorError, MemoryPool, SlabAllocator } from "offheap";
import { readFill, writeFill } from "./fill.ts";
import { Random } from "./random.ts";
import { type Orders, type Report, said, startWorker } from "./threads.ts";

const orders = workerData as Orders;
const { mailbox, sizes, steps } = orders;
const heap = (orders.isPool === true ? MemoryPool : SlabAllocator).attach(orders.handle);
const random = new Random(orders.seed);
let allocs = 0;
let deallocs = 0;
let exhausted = 0;

function report(): Report {
  return { workerId: heap.workerId, allocs, deallocs, exhausted };
}

/** A new object with a fill that is unique among all workers; 0 when the heap is full just now. */
function make(): number {
  try {
    const address = heap.allocate(random.pick(sizes) - random.below(8));
    allocs++;
    writeFill(heap, address, (orders.seed << 24) | allocs);
    return address;
  } catch (error) {
    if (!(error instanceof AllocatorError) || error.code !== "ERR_OUT_OF_MEMORY") throw error;
    exhausted++;
    return 0;
  }
}

function end(address: number): void {
  readFill(heap, address);
  heap.deallocate(address);
  deallocs++;
}

/** Puts an address into a cell, and takes what lay there: the hand-over that orders what each one wrote. */
function exchange(address: number): number {
  return (Atomics.exchange(mailbox, random.below(mailbox.length), address / 8) >>> 0) * 8;
}

/** Allocates and frees at random; half of what it frees was allocated by others. */
function churn(): void {
  const own: number[] = [];
  for (let step = 0; step < steps; step++) {
    const dice = random.below(10);
    if (dice < 4) {
      const address = make();
      if (address !== 0) own.push(address);
    } else if (dice < 7 && own.length > 0) {
      const received = exchange(own.splice(random.below(own.length), 1)[0] as number);
      if (received !== 0) end(received);
    } else if (own.length > 0) end(own.splice(random.below(own.length), 1)[0] as number);
    if (own.length > 200) for (const address of own.splice(0, 150)) end(address);
    if (step % 5000 === 4999) heap.cleanup();
  }
  for (const address of own) end(address);
}

/** Lets the other side run where threads are more than processors. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}

/** Only allocates: puts an object into each cell in turn, when it is empty. */
function produce(): void {
  for (let made = 0; made < steps; made++) {
    const cell = made % mailbox.length;
    while (Atomics.load(mailbox, cell) !== 0) pause();
    const address = make();
    if (address === 0) throw new Error("a heap that nothing fills is full");
    Atomics.store(mailbox, cell, address / 8);
  }
}

/** Only frees what lies in each cell in turn. */
function consume(): void {
  for (let taken = 0; taken < steps; taken++) {
    const cell = taken % mailbox.length;
    while (Atomics.load(mailbox, cell) === 0) pause();
    end((Atomics.exchange(mailbox, cell, 0) >>> 0) * 8);
  }
}

/** Allocates and caches, says so, and waits for its end. */
function hold(): void {
  const live = Array.from({ length: steps }, make);
  for (const address of live.slice(steps >> 1)) end(address);
  parentPort?.postMessage(report());
  parentPort?.on("message", () => process.exit(0));
}

/** Starts a worker that holds, tracks it, and holds, too. */
async function track(): Promise<void> {
  const child = startWorker({ ...orders, role: "hold", seed: orders.seed + 1 });
  heap.track(child);
  await said(child);
  hold();
}

const roles = { churn, produce, consume, hold, track };
await roles[orders.role]();
if (orders.role !== "hold" && orders.role !== "track") {
  if (orders.detaches) heap.detach();
  parentPort?.postMessage(report());
}

// Runs in a process of its own: receives and frees messages, first until that is warm, then a million that are measured. Prints
// one line of JSON.

import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { MemoryPool } from "offheap";
import { type Message, Ring } from "offheap/ring";

const how = process.argv[2] as "receive" | "receiveMany";
const [capacity, count] = [2 ** 20, 1_000_000];
const pool = new MemoryPool({ capacity: 2 ** 28, maxWorkers: 4 });
const ring = new Ring(pool, { capacity });

let waits = 0;
for (const name of ["wait", "waitAsync"] as const) {
  const plain = Reflect.get(Atomics, name) as ((...given: unknown[]) => unknown) | undefined;
  const counting = (...given: unknown[]) => {
    waits++;
    return plain?.apply(Atomics, given);
  };
  if (plain !== undefined) Reflect.set(Atomics, name, counting);
}

function fill(): void {
  for (let tag = 0; tag < count; tag++) ring.send(pool.allocate(64), 64, tag);
}

let received = 0;
let inOrder = true;

function receiveAll(): void {
  for (let message = ring.receive(); message !== undefined; message = ring.receive()) {
    if (message.tag !== received) inOrder = false;
    received++;
    pool.deallocate(message.address);
  }
}

const batch = Array.from({ length: 64 }, (): Message => ({ address: 0, length: 0, tag: 0 }));
function receiveBatches(): void {
  for (let got = ring.receiveMany(batch); got > 0; got = ring.receiveMany(batch))
    for (let i = 0; i < got; i++) {
      const { address, tag } = batch[i] as Message;
      if (tag !== received) inOrder = false;
      received++;
      pool.deallocate(address);
    }
}

const receiveThem = how === "receive" ? receiveAll : receiveBatches;
let collections = 0;
/** Those before are not ours: on a busy machine they are told of late. */
let measuredFrom = Number.POSITIVE_INFINITY;
new PerformanceObserver((list) => {
  collections += list.getEntries().filter(({ startTime }) => startTime >= measuredFrom).length;
}).observe({ entryTypes: ["gc"] });

for (let round = 0; round < 3; round++) {
  fill();
  received = 0;
  receiveThem();
  await sleep(20);
}
fill();
(globalThis as { gc?: () => void }).gc?.();
await sleep(20);
received = 0;
waits = 0;
measuredFrom = performance.now();
const before = process.memoryUsage().heapUsed;
receiveThem();
const heapBytes = process.memoryUsage().heapUsed - before;
await sleep(20);
const waitsOfReceive = waits;
// Long enough for a busy machine: it looks again for a while before it sleeps.
ring.wait({ timeout: 200 });
const waitsOfWait = waits - waitsOfReceive;
const violations = pool.check().length;
console.log(
  JSON.stringify({
    received,
    inOrder,
    waits: waitsOfReceive,
    waitsOfWait,
    heapBytes,
    collections,
    violations,
    engine: pool.stats().engine,
  }),
);

// Runs in a process of its own, under V8's tracing: loops over allocate and deallocate, first until they are
// warm, then ten million operations that are measured. Prints one line of JSON.

import { statSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { SlabAllocator } from "offheap";
import { Random } from "./random.ts";

const traceFile = process.argv[2] as string;
const operations = 10_000_000;
const heap = new SlabAllocator({ capacity: 64 << 20, maxWorkers: 2 });
const random = new Random(1);
// Everything random is drawn before, so that the loops hold nothing but the allocator.
const sizes = Uint16Array.from({ length: 4096 }, () => 1 + random.below(1024));
const victims = Uint16Array.from({ length: 4096 }, () => random.below(4096));
const live = new Float64Array(4096);

/** One object at a time: the magazines are never empty nor full. */
function pairs(count: number): void {
  for (let i = 0; i < count; i += 2) heap.deallocate(heap.allocate(64), 64);
}

/** Bursts: refills and drains. */
function bursts(count: number): void {
  for (let done = 0; done < count; done += 2 * live.length) {
    for (let i = 0; i < live.length; i++) live[i] = heap.allocate(64);
    for (let i = 0; i < live.length; i++) heap.deallocate(live[i] as number);
    live.fill(0);
  }
}

/** Replaces objects of all sizes at random; slabs come and go. */
function churn(count: number): void {
  for (let i = 0; i < count; i += 2) {
    const at = victims[i & 4095] as number;
    if (live[at] !== 0) heap.deallocate(live[at] as number);
    live[at] = heap.allocate(sizes[(i + at) & 4095] as number);
  }
  for (let i = 0; i < live.length; i++) {
    if (live[i] !== 0) heap.deallocate(live[i] as number);
    live[i] = 0;
  }
}

const bytes = Uint8Array.from({ length: 96 }, (_, i) => i);
const object = heap.allocate(128);

/** Bytes into an object, and a short text. */
function copies(count: number): void {
  for (let i = 0; i < count; i += 2) {
    heap.copyIn(object, bytes);
    heap.writeText(object + 96, "a short text");
  }
}

const traceBytes = () => statSync(traceFile, { throwIfNoEntry: false })?.size ?? 0;

const loops = { pairs, bursts, churn, copies };
let collections = 0;
/** Those before are not ours: on a busy machine they are told of late. */
let measuredFrom = Number.POSITIVE_INFINITY;
new PerformanceObserver((list) => {
  collections += list.getEntries().filter(({ startTime }) => startTime >= measuredFrom).length;
}).observe({ entryTypes: ["gc"] });

for (let round = 0; round < 6; round++) {
  for (const loop of Object.values(loops)) loop(1_000_000);
  await sleep(20);
}
const results: Record<string, { heapBytes: number }> = {};
(globalThis as { gc?: () => void }).gc?.();
await sleep(20);
measuredFrom = performance.now();
const warmTraceBytes = traceBytes();
for (const [name, loop] of Object.entries(loops)) {
  const before = process.memoryUsage().heapUsed;
  loop(operations);
  results[name] = { heapBytes: process.memoryUsage().heapUsed - before };
}
await sleep(20);
const traced = [warmTraceBytes, traceBytes()];
const violations = heap.check().length;
console.log(JSON.stringify({ results, collections, traced, violations }));

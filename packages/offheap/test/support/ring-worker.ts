// One worker thread of a ring's tests: sends numbers, passes them on, or adds them up; until its ring is closed, or it is killed.

import { parentPort, workerData } from "node:worker_threads";
import { MemoryPool, SlabAllocator } from "offheap";
import { Ring } from "offheap/ring";
import type { RingOrders } from "./ring-threads.ts";

const { role, handle, isPool, first, count, from, to, ledger } = workerData as RingOrders;
const heap = (isPool ? MemoryPool : SlabAllocator).attach(handle);
const source = from === undefined ? undefined : Ring.attach(heap, from);
const target = to === undefined ? undefined : Ring.attach(heap, to);
parentPort?.postMessage(heap.workerId);

/** Sends `first`, `first` + 1 …: each a message of its own, of one to 31 words that all say the same. */
function produce(): void {
  for (let number = first; number < first + count; number++) {
    const words = 1 + (number % 31);
    const address = heap.allocate(words * 4);
    heap.u32.fill(number, address / 4, address / 4 + words);
    while (!target?.send(address, words * 4, number)) target?.waitForSpace({ timeout: 20 });
  }
}

function check(address: number, length: number, tag: number): void {
  for (let at = address / 4; at < (address + length) / 4; at++)
    if (heap.u32[at] !== tag) throw new Error(`word ${at} of message ${tag} is ${heap.u32[at]}`);
}

/** Passes messages on, in place: what it holds when it is killed comes back. */
function pass(): void {
  for (;;) {
    const message = source?.take();
    if (message === undefined) {
      if (source?.isClosed === true && source.size === 0) return;
      source?.wait({ timeout: 20 });
      continue;
    }
    const { address, length, tag } = message;
    check(address, length, tag);
    while (!target?.send(address, length, tag)) target?.waitForSpace({ timeout: 20 });
  }
}

/** Counts each number in the ledger. */
function consume(): void {
  for (;;) {
    const message = source?.receive();
    if (message === undefined) {
      if (source?.isClosed === true && source.size === 0) return;
      source?.wait({ timeout: 20 });
      continue;
    }
    const { address, length, tag } = message;
    check(address, length, tag);
    Atomics.add(ledger, tag, 1);
    heap.deallocate(address);
  }
}

if (role === "produce") produce();
if (role === "pass") pass();
if (role === "consume") consume();
parentPort?.postMessage("done");

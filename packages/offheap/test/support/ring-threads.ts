// The worker threads of a ring's tests, and what they are told.

import { Worker } from "node:worker_threads";
import type { HeapHandle } from "offheap";
import type { RingHandle } from "offheap/ring";

export interface RingOrders {
  readonly role: "produce" | "pass" | "consume";
  readonly handle: HeapHandle;
  readonly isPool: boolean;
  readonly first: number;
  readonly count: number;
  readonly from?: RingHandle;
  readonly to?: RingHandle;
  /** How often each number arrived. */
  readonly ledger: Int32Array;
}

/** Starts one; its worker id is its first message. */
export function startRingWorker(workerData: RingOrders): Worker {
  return new Worker(new URL("./ring-worker.js", import.meta.url), { workerData, execArgv: [] });
}

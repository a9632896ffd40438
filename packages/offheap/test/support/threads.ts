// Real workers for tests: started from compiled files, joined, killed; and the mailbox through which they hand
// objects to each other.

import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import type { HeapHandle } from "offheap";

export type Role = "churn" | "produce" | "consume" | "hold" | "track";

/** What a test worker is told. */
export interface Orders {
  readonly role: Role;
  readonly handle: HeapHandle;
  /** Cells of one address / 8 each; 0 is empty. Swapped with atomics. */
  readonly mailbox: Int32Array;
  readonly seed: number;
  readonly steps: number;
  readonly sizes: readonly number[];
  /** The heap is a pool. */
  readonly isPool?: boolean;
  /** Whether it detaches in the end, or just stops. */
  readonly detaches: boolean;
}

export interface Report {
  readonly workerId: number;
  readonly allocs: number;
  readonly deallocs: number;
  readonly exhausted: number;
}

export function mailbox(cells: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(cells * 4));
}

export function startWorker(orders: Orders): Worker {
  return new Worker(new URL("./test-worker.js", import.meta.url), { workerData: orders, execArgv: [] });
}

/** The worker's first message. */
export function said<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

export function ended(worker: Worker): Promise<number> {
  return new Promise((resolve) => worker.once("exit", resolve));
}

/** Runs workers to their end; their reports. */
export async function runWorkers(all: readonly Orders[]): Promise<Report[]> {
  const workers = all.map(startWorker);
  const codes = Promise.all(workers.map(ended));
  const reports = await Promise.all(workers.map((worker) => said<Report>(worker)));
  assert.deepEqual(
    await codes,
    all.map(() => 0),
  );
  return reports;
}

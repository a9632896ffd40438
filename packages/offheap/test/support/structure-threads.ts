// What a thread that uses structures is told, and where it tells what it did.

import { Worker } from "node:worker_threads";
import type { HeapHandle } from "offheap";

export const stopped = 1;

/** Words of one worker: values pushed; the one whose push is under way; 1 while a pop is. */
export const tally = { pushed: 0, pushing: 1, popping: 2, words: 16 } as const;

export interface StructureOrders {
  readonly handle: HeapHandle;
  readonly isPool: boolean;
  readonly seed: number;
  readonly steps: number;
  /** Heads of stacks. */
  readonly heads: readonly number[];
  readonly names: readonly string[];
  /** What names lead to. */
  readonly targets: readonly number[];
  /** `stopped` in the first word ends it. */
  readonly control: Int32Array;
  /** How often each value was popped. */
  readonly seen: Int32Array;
  readonly told: Int32Array;
  readonly seat: number;
  readonly firstValue: number;
}

export function sharedWords(count: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(count * 4));
}

/** The kind of what stands at an address: a name's kind and address belong together. */
export function kindOf(address: number): string {
  return `at ${address}`;
}

export function startStructureWorker(orders: StructureOrders): Worker {
  const url = new URL("./structure-worker.js", import.meta.url);
  return new Worker(url, { workerData: orders, execArgv: [] });
}

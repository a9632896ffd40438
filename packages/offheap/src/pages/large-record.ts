// What a worker's record says of large objects: how many it allocated and freed, and the operation in flight.
// The core writes it (core/pages/record.ts).

import type { WorkerPlace } from "../base/index.ts";
import { record, recordAt } from "../layout/index.ts";
import { type Heap, readCount, writeCount } from "../memory/index.ts";

export const largeCounts = [record.largeAllocs, record.largeFrees, record.reused] as const;

export function largeCount(heap: Heap, worker: WorkerPlace, which: (typeof largeCounts)[number]): number {
  return readCount(heap.words, recordAt(heap.layout, worker) + which);
}

export function setLargeCount(
  heap: Heap,
  worker: WorkerPlace,
  which: (typeof largeCounts)[number],
  count: number,
): void {
  writeCount(heap.words, recordAt(heap.layout, worker) + which, count);
}

/** The operation in flight, as it was noted. */
export interface LargeOperation {
  readonly target: number;
  readonly limit: number;
  readonly count: number;
}

export function operationOf(heap: Heap, worker: WorkerPlace): LargeOperation {
  const at = recordAt(heap.layout, worker);
  return {
    target: heap.words[at + record.target] as number,
    limit: heap.words[at + record.limit] as number,
    count: readCount(heap.words, at + record.count),
  };
}

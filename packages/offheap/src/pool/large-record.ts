// What a worker's record says of large objects: how many it allocated and freed, and the operation in flight.
// An operation notes what it is about and the count as it must be if it does not (allocation) or does (free)
// take place; then the journal. So whoever settles it stores a count that was settled already once more.

import type { WorkerSlot } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { record, recordAt } from "../memory/layout.ts";
import { writeJournal } from "../slab/journal.ts";

export const largeCounts = [record.largeAllocs, record.largeFrees] as const;

function readCount(heap: Heap, at: number): number {
  return ((heap.words[at] as number) >>> 0) + (heap.words[at + 1] as number) * 2 ** 32;
}

function writeCount(heap: Heap, at: number, count: number): void {
  heap.words[at] = count | 0;
  heap.words[at + 1] = Math.floor(count / 2 ** 32);
}

export function largeCount(heap: Heap, worker: WorkerSlot, which: (typeof largeCounts)[number]): number {
  return readCount(heap, recordAt(heap.layout, worker) + which);
}

export function setLargeCount(
  heap: Heap,
  worker: WorkerSlot,
  which: (typeof largeCounts)[number],
  count: number,
): void {
  writeCount(heap, recordAt(heap.layout, worker) + which, count);
}

/** The operation in flight, as `begin` noted it. */
export interface LargeOperation {
  readonly target: number;
  readonly limit: number;
  readonly count: number;
}

/** Notes an operation, then says in the journal that it is under way. */
export function begin(
  heap: Heap,
  worker: WorkerSlot,
  entry: number,
  { target, limit, count }: LargeOperation,
): void {
  const at = recordAt(heap.layout, worker);
  heap.words[at + record.target] = target;
  heap.words[at + record.limit] = limit;
  writeCount(heap, at + record.count, count);
  writeJournal(heap, worker, entry);
}

export function operationOf(heap: Heap, worker: WorkerSlot): LargeOperation {
  const at = recordAt(heap.layout, worker);
  return {
    target: heap.words[at + record.target] as number,
    limit: heap.words[at + record.limit] as number,
    count: readCount(heap, at + record.count),
  };
}

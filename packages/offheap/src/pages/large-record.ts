// What a worker's record says of large objects: how many it allocated and freed, and the operation in flight.
// An operation notes what it is about and the count as it must be if it does not (allocation) or does (free)
// take place; then the journal. So whoever settles it stores a count that was settled already once more.

import type { WorkerPlace } from "../base/index.ts";
import { record, recordAt } from "../layout/index.ts";
import { type Heap, readCount, writeCount } from "../memory/index.ts";
import { journal, writeJournal } from "../worker/index.ts";

// Constants of this module are folded into its code.
const { target: targetWord, count: countWord, journal: journalWord } = record;

export const largeCounts = [record.largeAllocs, record.largeFrees] as const;

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

// What an operation writes to its worker's own record, which is at `at`: in 32-bit arithmetic, and without an object.

/** Notes an allocation or a free, with its count as it must be: `more` than it is. Then the journal. */
export function beginLarge(
  words: Int32Array,
  at: number,
  entry: number,
  target: number,
  which: number,
  more: 0 | 1,
): void {
  const low = ((words[(at + which) | 0] as number) + more) | 0;
  const high = words[(at + which + 1) | 0] as number;
  words[(at + targetWord) | 0] = target;
  words[(at + countWord) | 0] = low;
  words[(at + countWord + 1) | 0] = more === 1 && low === 0 ? high + 1 : high;
  words[(at + journalWord) | 0] = entry;
}

/** Counts one more, in two stores where the low word overflows: a death in between is settled by what was noted. */
export function countLarge(words: Int32Array, at: number, which: number): void {
  const low = ((words[(at + which) | 0] as number) + 1) | 0;
  words[(at + which) | 0] = low;
  if (low === 0) words[(at + which + 1) | 0] = (words[(at + which + 1) | 0] as number) + 1;
}

/** Notes a resize, which leaves at least `least` chunks, and has at most `limit` meanwhile. Then the journal. */
export function beginResize(
  heap: Heap,
  worker: WorkerPlace,
  target: number,
  limit: number,
  least: number,
): void {
  const at = recordAt(heap.layout, worker);
  heap.words[at + record.target] = target;
  heap.words[at + record.limit] = limit;
  writeCount(heap.words, at + record.count, least);
  writeJournal(heap, worker, journal.resizingSpan);
}

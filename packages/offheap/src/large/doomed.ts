// A move makes two objects of one for a moment. The record of its worker says which of them ends if the worker does:
// the new one until it is whole, then, by one store, the old one. Either is live by that worker as long as it is to
// be ended, so whoever recovers the worker looks at nothing else, and may look again.
//
//   1 + the index of its (first) state byte     a slot, or a page run
//   −1 − its chunk                              an object with a span of its own
//   0                                           no move is under way

import { claimLarge, ownerBits } from "../arena/index.ts";
import type { ChunkIndex, WorkerPlace } from "../base/index.ts";
import { liveBy, record, recordAt } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";

export function doomOfSlot(slot: number): number {
  return 1 + slot;
}

export function doomOfSpan(head: number): number {
  return -1 - head;
}

export function doomedAt(heap: Heap, worker: WorkerPlace): number {
  return recordAt(heap.layout, worker) + record.doomed;
}

/** What is to end of a worker's: a state byte's index or a chunk; undefined when there is nothing. */
export interface Doomed {
  readonly isSpan: boolean;
  readonly at: number;
}

export function doomedOf(heap: Heap, worker: WorkerPlace): Doomed | undefined {
  const { words, states, layout, atomics } = heap;
  const doom = words[doomedAt(heap, worker)] as number;
  if (doom > 0) {
    const at = doom - 1;
    return states[at] === liveBy(worker) ? { isSpan: false, at } : undefined;
  }
  const head = (-1 - doom) as ChunkIndex;
  if (doom === 0 || head >= layout.chunkCount) return undefined;
  const claim = atomics.load(words, layout.claimsAt + head);
  return (claim & ownerBits) === claimLarge(worker, 1) ? { isSpan: true, at: head } : undefined;
}

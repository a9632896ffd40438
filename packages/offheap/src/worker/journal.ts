// The journal word of a worker: what it is in the middle of, for whoever comes after a kill or an exception.
// Allocate and deallocate leave it alone: they are settled from the magazine (slab/settle.ts).

import * as shared from "../../core/layout/index.ts";
import type { WorkerPlace } from "../base/index.ts";
import { record, recordAt } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";

export const journal = {
  /** Nothing, or the few stores of an allocate or deallocate. */
  idle: shared.journalIdle,
  /** Slots move between magazine and slabs, spans come and go: no object is allocated or freed. */
  moving: shared.journalMoving,
  /** A slot that cannot go home is being freed, in the order of a deallocate. */
  freeing: shared.journalFreeing,
  // A large object is being allocated, freed or resized, or all are: the record's target says which (pool).
  allocatingRun: shared.journalAllocatingRun,
  freeingRun: shared.journalFreeingRun,
  allocatingSpan: shared.journalAllocatingSpan,
  freeingSpan: shared.journalFreeingSpan,
  resizingSpan: shared.journalResizingSpan,
  resetting: shared.journalResetting,
  // One that is kept is being taken.
  takingRun: shared.journalTakingRun,
  takingSpan: shared.journalTakingSpan,
} as const;

export function readJournal(heap: Heap, worker: WorkerPlace): number {
  return heap.words[recordAt(heap.layout, worker) + record.journal] as number;
}

export function writeJournal(heap: Heap, worker: WorkerPlace, entry: number): void {
  heap.words[recordAt(heap.layout, worker) + record.journal] = entry;
}

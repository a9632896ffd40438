// reset: everything allocated is freed at once, without a look at any object: a word or two for each chunk, and for
// each class of each worker, and the state bytes of whole spans cleared. The others are quiet, as for check().
//
//   magazines of all workers   empty, so that no round of before is taken for one of after
//   counters                   the objects that lived count as freed by this worker
//   state bytes                0, as outside of slabs: an address behind the next slab's last slot rests on that
//   claims, map, sets          every chunk free
//
// All of it can be done again from the start, which is what settles a reset that was cut short.

import { claimFree, classOf, isPages, isSlab, lengthOf } from "../arena/claim.ts";
import { Spans } from "../arena/spans.ts";
import type { WorkerSlot } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { header, pageCountOf, record, slotCountOf, statesPerPage } from "../memory/layout.ts";
import { type SizeClass, sizeClassesOf } from "../slab/class-table.ts";
import { allocsOf, freesOf, setRounds, setStrays } from "../slab/counters.ts";
import { journal, writeJournal } from "../slab/journal.ts";
import { largeCount, setLargeCount } from "./large-record.ts";

/** Frees everything; `worker` is the one whose reset it is. Its journal stays at "resetting". */
export function resetHeap(heap: Heap, worker: WorkerSlot): void {
  const { layout, words, atomics } = heap;
  writeJournal(heap, worker, journal.resetting);
  words[header.resets] = ((words[header.resets] as number) + 1) | 0;
  countAllFreed(heap, worker);
  for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
    clearStates(heap, chunk, atomics.load(words, layout.claimsAt + chunk));
    words[layout.mapAt + chunk] = 0;
    atomics.store(words, layout.claimsAt + chunk, claimFree);
  }
  for (let at = layout.chunkSetsAt; at < layout.cleanAt; at++) words[at] = 0;
  new Spans(heap).freeAll();
  atomics.store(words, header.spanChunks, 0);
}

/** Before the claim of the span's head goes: bodies alone have been cleared already. */
function clearStates({ layout, states }: Heap, chunk: number, claim: number): void {
  const first = chunk << layout.stateShift;
  if (isSlab(claim)) states.fill(0, first, first + slotCountOf(layout, classOf(claim), lengthOf(claim)));
  if (isPages(claim)) states.fill(0, first, first + pageCountOf(layout, lengthOf(claim)) * statesPerPage);
}

/** Empties all magazines, and adds what is live by the counters to the worker's frees. */
function countAllFreed(heap: Heap, worker: WorkerSlot): void {
  const live = heap.layout.objectBytes.map(() => 0);
  let liveLarge = 0;
  let own: readonly SizeClass[] = [];
  for (let slot = 1 as WorkerSlot; slot <= heap.layout.maxWorkers; slot++) {
    const classes = sizeClassesOf(heap.layout, slot);
    if (slot === worker) own = classes;
    else writeJournal(heap, slot, journal.idle);
    liveLarge += largeCount(heap, slot, record.largeAllocs) - largeCount(heap, slot, record.largeFrees);
    for (const sizeClass of classes) {
      if (sizeClass.index === 0) continue;
      live[sizeClass.index - 1] =
        (live[sizeClass.index - 1] as number) + allocsOf(heap, sizeClass) - freesOf(heap, sizeClass);
      setRounds(heap, sizeClass, 0);
      setStrays(heap, sizeClass, 0);
    }
  }
  for (const sizeClass of own) {
    if (sizeClass.index === 0) continue;
    setRounds(heap, sizeClass, 0, live[sizeClass.index - 1] as number);
  }
  const frees = largeCount(heap, worker, record.largeFrees);
  setLargeCount(heap, worker, record.largeFrees, frees + liveLarge);
}

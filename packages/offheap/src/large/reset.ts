// reset: everything allocated is freed at once, without a look at any object: two words for each chunk in a span, and
// a few for each class of each worker. The others are quiet, as for check().
//
//   magazines of all workers   empty, so that no round of before is taken for one of after
//   counters                   the objects that lived count as freed by this worker
//   moves                      none is under way, also where an exception has stopped one
//   claims, map, sets          every chunk free
//   records                    gone, with their leaves; generations go on from the highest
//   state bytes                stay as they are: outside of spans nobody reads them, and who builds one clears its own
//
// All of it can be done again from the start, which is what settles a reset that was cut short.

import { claimFree, Spans } from "../arena/index.ts";
import type { WorkerPlace } from "../base/index.ts";
import { forgetRecords } from "../generations/index.ts";
import {
  header,
  intent,
  intentAt,
  record,
  recordAt,
  rootCount,
  type SizeClass,
  sizeClassesOf,
  wordsPerCell,
} from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { largeCount, setLargeCount } from "../pages/index.ts";
import { allocsOf, freesOf, setRoundCount, setStrays } from "../slab/index.ts";
import { journal, writeJournal } from "../worker/index.ts";
import { doomedAt } from "./doomed.ts";

/**
 * Frees everything; `worker` is the one whose reset it is, and its journal stays at "resetting". That of `caller`, its
 * reaper if it is another, stays as it is, too: an exception in here leaves a reap to be gone on with.
 */
export function resetHeap(heap: Heap, worker: WorkerPlace, caller: WorkerPlace): void {
  const { layout, words, atomics } = heap;
  writeJournal(heap, worker, journal.resetting);
  words[header.resets] = ((words[header.resets] as number) + 1) | 0;
  countAllFreed(heap, worker, caller);
  for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
    if (atomics.load(words, layout.claimsAt + chunk) === claimFree) continue;
    words[layout.mapAt + chunk] = 0;
    atomics.store(words, layout.claimsAt + chunk, claimFree);
  }
  for (let i = 0; i < rootCount * wordsPerCell; i++) words[layout.rootsAt + i] = 0;
  forgetRecords(heap);
  for (let at = layout.chunkSetsAt; at < layout.cleanAt; at++) words[at] = 0;
  new Spans(heap).freeAll();
  atomics.store(words, header.spanChunks, 0);
}

/** No worker is about anything in a structure, and none reads one. How many stamps it made it knows further on. */
function forgetStructures({ words, layout }: Heap, worker: WorkerPlace): void {
  const at = intentAt(layout, worker);
  words[at + intent.kind] = 0;
  for (let i = intent.hazards; i < layout.intentWords; i++) words[at + i] = 0;
}

/** Empties all magazines, and adds what is live by the counters to the worker's frees. */
function countAllFreed(heap: Heap, worker: WorkerPlace, caller: WorkerPlace): void {
  const live = heap.layout.objectBytes.map(() => 0);
  let liveLarge = 0;
  let own: readonly SizeClass[] = [];
  for (let slot = 1 as WorkerPlace; slot <= heap.layout.maxWorkers; slot++) {
    const classes = sizeClassesOf(heap.layout, slot);
    if (slot === worker) own = classes;
    else if (slot !== caller) writeJournal(heap, slot, journal.idle);
    heap.words[doomedAt(heap, slot)] = 0;
    forgetStructures(heap, slot);
    heap.core.forgetKept(slot);
    heap.words[recordAt(heap.layout, slot) + record.ending] = 0;
    liveLarge += largeCount(heap, slot, record.largeAllocs) - largeCount(heap, slot, record.largeFrees);
    for (const sizeClass of classes) {
      if (sizeClass.index === 0) continue;
      live[sizeClass.index - 1] =
        (live[sizeClass.index - 1] as number) + allocsOf(heap, sizeClass) - freesOf(heap, sizeClass);
      setRoundCount(heap, sizeClass, 0);
      setStrays(heap, sizeClass, 0);
    }
  }
  for (const sizeClass of own) {
    if (sizeClass.index === 0) continue;
    setRoundCount(heap, sizeClass, 0, live[sizeClass.index - 1] as number);
  }
  const frees = largeCount(heap, worker, record.largeFrees);
  setLargeCount(heap, worker, record.largeFrees, frees + liveLarge);
}

// What check() looks at in a worker's scratch: a drain forgets what it has noted before it ends (core/magazine/drain.ts). A
// mark that is left would lead the next one to a slab that is not held.

import type { WorkerPlace } from "../base/index.ts";
import { mostHeldOf, mostMetOf, noteWordsOf, recordAt, scratchIn } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { journal, readJournal } from "../worker/index.ts";

const wordsPerHeld = 4;

/** Of a worker that is at rest. */
export function checkScratch(
  heap: Heap,
  worker: WorkerPlace,
  report: (invariant: "magazine", message: string) => void,
): void {
  const { words, layout } = heap;
  if (readJournal(heap, worker) !== journal.idle) return;
  const { roundLimits, objectBytes, magazineShift, chunkCount } = layout;
  const at = recordAt(layout, worker) + scratchIn(objectBytes.length, magazineShift);
  const marksAt = at + 1 + mostMetOf(roundLimits) + wordsPerHeld * mostHeldOf(roundLimits);
  const end = at + noteWordsOf(roundLimits, chunkCount);
  let isClean = words[at] === 0;
  for (let i = marksAt; i < end && isClean; i++) isClean = words[i] === 0;
  if (!isClean) report("magazine", `worker ${worker} has notes of a drain that is over`);
}

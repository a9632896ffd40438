// The storm of processes: each round on another heap in a file.

import { join } from "node:path";
import { closeHeap, fileOf, removeHeap } from "offheap/process";
import { Ring } from "offheap/ring";
import { Random } from "offheap-tools";
import { type Before, balance, measureUsable, waitForReaping } from "./accounts.ts";
import { ProcessCrew, type Round } from "./crew.ts";
import { Notes } from "./notes.ts";
import {
  type ProcessStormOptions,
  type Progress,
  type RoundOptions,
  type RoundsResult,
  runRounds,
} from "./rounds.ts";
import { Sessions } from "./sessions.ts";
import { chooseShape, openShape } from "./shape.ts";
import { addCounts, emptyProcessTally, type ProcessTally } from "./tally.ts";

const ringCapacity = 64;
/** Bytes of the objects with which a whole capacity is filled: smaller ones take long. */
const leastMeasured = 64;

export type ProcessStormResult = RoundsResult<ProcessTally>;

/** Runs until the time is over, or to the end of the first round with a violation. */
export function runProcessStorm(
  options: ProcessStormOptions,
  progress: Progress = () => {},
): Promise<ProcessStormResult> {
  const tally = emptyProcessTally();
  return runRounds(options, tally, (round, folder) => runRound(round, folder, tally), progress);
}

async function runRound(options: RoundOptions, folder: string, tally: ProcessTally): Promise<string[]> {
  const { seed, workers, engine, seconds } = options;
  const random = new Random(seed);
  const paths = [join(folder, `${seed}.heap`), join(folder, `${seed}.notes`)] as const;
  const shape = chooseShape(random, { engine, maxWorkers: 2 * workers + 8, path: paths[0] });
  const violations: string[] = [];
  try {
    const heap = openShape(shape);
    const notes = Notes.open(paths[1], shape.cells);
    const size = random.pick(shape.sizes.filter((each) => each >= leastMeasured));
    const fresh = measureUsable(heap, size, violations);
    // The first look at the records sees all that is made for them.
    new Sessions(heap, shape.records);
    const usable = measureUsable(heap, size, violations);
    const before = { size, fresh, usable, live: heap.stats().liveObjects };
    for (const name of ["first", "second"])
      heap.roots.set(name, new Ring(heap, { capacity: ringCapacity }).handle);
    const round: Round = { heap, notes, notesPath: paths[1], shape, random, tally, violations, nameless: 0 };
    const crew = new ProcessCrew(round, workers, random.pick([3, 10, 30, 80]));
    await crew.run(seconds * 1000);
    await crew.end();
    await settle(round, before);
    addCounts(tally, notes);
    closeHeap(notes.memory);
  } catch (error) {
    violations.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  tally.rounds++;
  if (violations.length === 0) for (const path of paths) removeHeap(path);
  return violations.map((violation) => `${violation}\n    in ${JSON.stringify(shape)}`);
}

/** Half of the heaps are closed by all, and opened again as after a restart, before their accounts. */
async function settle(round: Round, before: Before): Promise<void> {
  const { heap, shape, random, tally, violations } = round;
  if (violations.length > 0) return;
  let settled = round;
  if (random.part() < 0.5) {
    closeHeap(heap);
    settled = { ...round, heap: openShape(shape, true) };
    tally.restarts++;
    const { was } = fileOf(settled.heap);
    if (was !== "killed" && was !== "closed") violations.push(`nobody has the file open, and it says ${was}`);
  }
  await waitForReaping(settled);
  balance(settled, before);
  closeHeap(settled.heap);
}

// The storm of processes: rounds one after another, each on another heap in a file, until the time is over or something is wrong.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadOs } from "offheap/os";
import { closeHeap, fileOf, removeHeap } from "offheap/process";
import { Ring } from "offheap/ring";
import { pick, randomOf } from "../random.ts";
import type { StormOptions } from "../storm.ts";
import { type Before, balance, measureUsable, waitForReaping } from "./accounts.ts";
import { ProcessCrew, type Round } from "./crew.ts";
import { Notes } from "./notes.ts";
import { Sessions } from "./sessions.ts";
import { chooseShape, openShape } from "./shape.ts";
import { addCounts, emptyProcessTally, type ProcessTally } from "./tally.ts";

const ringCapacity = 64;
/** Bytes of the objects with which a whole capacity is filled: smaller ones take long. */
const leastMeasured = 64;

export interface ProcessStormOptions extends StormOptions {
  /** "auto": now the one, now the other. */
  readonly engine: "auto" | "wasm" | "js";
}

export interface ProcessStormResult {
  readonly options: ProcessStormOptions;
  readonly seconds: number;
  readonly tally: ProcessTally;
  readonly violations: readonly string[];
}

/** Why there can be no such storm on this machine; undefined where there can. */
export function whyNoProcesses(): string | undefined {
  const { available, reason } = loadOs().processes;
  return available ? undefined : reason;
}

/** Runs until the time is over, or to the end of the first round with a violation. */
export async function runProcessStorm(
  options: ProcessStormOptions,
  progress: (seconds: number, rounds: number, kills: number) => void = () => {},
): Promise<ProcessStormResult> {
  const why = whyNoProcesses();
  if (why !== undefined) throw new Error(`no heap can be shared by processes here: ${why}`);
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "offheap-storm-"));
  const tally = emptyProcessTally();
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const violations: string[] = [];
  const timer = setInterval(() => progress(elapsed(), tally.rounds, tally.kills), 250);
  for (let round = 0; elapsed() < options.seconds && violations.length === 0; round++) {
    const seed = (options.seed + round) | 0;
    const seconds = Math.min(options.roundSeconds, Math.max(options.seconds - elapsed(), 1));
    const found = await runRound({ ...options, seed, seconds }, folder, tally);
    violations.push(...found.map((violation) => `seed ${seed}: ${violation}`));
  }
  clearInterval(timer);
  if (violations.length === 0) rmSync(folder, { recursive: true, force: true });
  else violations.push(`the files are kept in ${folder}`);
  return { options, seconds: elapsed(), tally, violations };
}

async function runRound(
  options: ProcessStormOptions,
  folder: string,
  tally: ProcessTally,
): Promise<string[]> {
  const { seed, workers, engine, seconds } = options;
  const random = randomOf(seed);
  const paths = [join(folder, `${seed}.heap`), join(folder, `${seed}.notes`)] as const;
  const shape = chooseShape(random, { engine, maxWorkers: 2 * workers + 8, path: paths[0] });
  const violations: string[] = [];
  try {
    const heap = openShape(shape);
    const notes = Notes.open(paths[1], shape.cells);
    const size = pick(
      random,
      shape.sizes.filter((each) => each >= leastMeasured),
    );
    const fresh = measureUsable(heap, size, violations);
    // The first look at the records sees all that is made for them.
    new Sessions(heap, shape.records);
    const usable = measureUsable(heap, size, violations);
    const before = { size, fresh, usable, live: heap.stats().liveObjects };
    for (const name of ["first", "second"])
      heap.roots.set(name, new Ring(heap, { capacity: ringCapacity }).handle);
    const round: Round = { heap, notes, notesPath: paths[1], shape, random, tally, violations, nameless: 0 };
    const crew = new ProcessCrew(round, workers, pick(random, [3, 20, 60, 200]));
    await crew.run(performance.now() + seconds * 1000);
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
  if (random() < 0.5) {
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

// One round of the storm: a heap of some shape, a crew, and the accounts.

import { type HeapOptions, SizeClasses, SlabAllocator } from "offheap";
import type { Random } from "offheap-tools";
import { balance } from "./accounts.ts";
import { Control, type CountName, count } from "./control.ts";
import { Crew } from "./crew.ts";
import { Ledger } from "./ledger.ts";
import { Scene } from "./scene.ts";
import type { Tally } from "./tally.ts";

const mebi = 2 ** 20;

/** A shape of a heap, and how many objects there are at most. */
function chooseShape(
  random: Random,
  workers: number,
): { options: HeapOptions; cells: number; sizes: readonly number[] } {
  const capacity = random.pick([2, 3, 4, 8, 16, 32]) * mebi;
  const sizeClasses = random.pick([
    SizeClasses.powersOfTwo,
    SizeClasses.powersOfTwo,
    SizeClasses.fine,
    [64],
    [8, 24, 40, 1000, 65_536],
    [256, 8192],
  ]);
  const place = random.pick(["own", "own", "within", "high"] as const);
  const options: HeapOptions = {
    capacity,
    sizeClasses,
    maxWorkers: random.pick([2 * workers + 12, 64, 126]),
    cleanupInterval: random.pick([0, 1, 100, 1000]),
    ...memoryOf(place, capacity),
  };
  // Some sizes only, so that now and then small objects fill the heap, or large ones.
  const from = Math.floor(random.part() * sizeClasses.length);
  const sizes =
    random.part() < 0.5 ? sizeClasses : sizeClasses.slice(from, from + 1 + Math.floor(random.part() * 4));
  const meanBytes = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  const pressure = random.pick([0.2, 0.7, 1.5]);
  const cells = Math.min(Math.max(Math.floor((capacity * pressure) / meanBytes), 16), 4096);
  return { options, cells, sizes };
}

/** Its own memory, the middle of someone else's, or the last bytes below 2^32. */
function memoryOf(
  place: "own" | "within" | "high",
  capacity: number,
): { memory?: WebAssembly.Memory; offset?: number } {
  if (place === "own") return {};
  const pages = place === "high" ? 65_536 : capacity / 65_536 + 7;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  return { memory, offset: place === "high" ? 2 ** 32 - capacity : 3 * 65_536 };
}

export interface RoundOptions {
  readonly workers: number;
  readonly seconds: number;
}

/** Runs a round; returns what it found wrong, with what is needed to run it again. */
export async function runRound(random: Random, round: RoundOptions, tally: Tally): Promise<string[]> {
  const { options, cells, sizes } = chooseShape(random, round.workers);
  const heap = new SlabAllocator(options);
  const control = Control.create(round.workers);
  const scene = new Scene(options, heap, Ledger.create(cells), control, random, tally);
  const killsJoining = Math.min(20, (options.maxWorkers as number) - 2 * round.workers - 6);
  const lifeMilliseconds = random.pick([2, 10, 30, 100]);
  const crew = new Crew(scene, { workers: round.workers, sizes, lifeMilliseconds, killsJoining });
  try {
    await crew.run(performance.now() + round.seconds * 1000);
    if (scene.violations.length === 0) balance(scene);
  } catch (error) {
    scene.violate(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  tally.rounds++;
  for (let seat = 1; seat <= round.workers; seat++) {
    for (const name of Object.keys(count) as CountName[]) tally.counts[name] += control.countOf(seat, name);
  }
  const { memory: _, ...shape } = options;
  return scene.violations.map(
    (violation) => `${violation}\n    in ${JSON.stringify({ ...shape, cells, sizes })}`,
  );
}

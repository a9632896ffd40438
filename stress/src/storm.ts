// The storm: rounds one after another, each on another heap, until the time is over or something is wrong.

import { Random } from "offheap-tools";
import { runRound } from "./round.ts";
import { emptyTally, type Tally } from "./tally.ts";

export interface StormOptions {
  readonly seconds: number;
  readonly workers: number;
  readonly seed: number;
  /** Of one round. */
  readonly roundSeconds: number;
}

export interface StormResult {
  readonly options: StormOptions;
  readonly seconds: number;
  readonly tally: Tally;
  readonly violations: readonly string[];
}

/** Runs until the time is over, or to the end of the first round with a violation. */
export async function runStorm(
  options: StormOptions,
  progress: (seconds: number, tally: Tally) => void = () => {},
): Promise<StormResult> {
  const tally = emptyTally();
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const violations: string[] = [];
  for (let round = 0; elapsed() < options.seconds && violations.length === 0; round++) {
    const seed = (options.seed + round) | 0;
    const seconds = Math.min(options.roundSeconds, Math.max(options.seconds - elapsed(), 1));
    const timer = setInterval(() => progress(elapsed(), tally), 250);
    const found = await runRound(new Random(seed), { workers: options.workers, seconds }, tally);
    clearInterval(timer);
    violations.push(...found.map((violation) => `seed ${seed}: ${violation}`));
    progress(elapsed(), tally);
  }
  return { options, seconds: elapsed(), tally, violations };
}

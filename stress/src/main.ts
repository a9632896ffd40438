// npm run stress: the storm as a command. Exit code 1 on any violation, 2 on a wrong option.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { makeProgress } from "./progress.ts";
import { tableOf } from "./report.ts";
import { runStorm, type StormOptions } from "./storm.ts";

const usage = `usage: npm run stress -- [--seconds N] [--workers N] [--seed N] [--round SECONDS] [--json]

Workers allocate, pass on, free and adopt objects in one heap after another, while others are killed at
random and replaced. At the end of each round nothing may be missing.`;

class UsageError extends Error {}

function integer(
  name: string,
  text: string | undefined,
  low: number,
  high: number,
  otherwise: number,
): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < low || value > high) {
    throw new UsageError(`--${name} is an integer from ${low} to ${high}, got ${text}`);
  }
  return value;
}

function readOptions(): { options: StormOptions; json: boolean } {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string" },
      workers: { type: "string" },
      seed: { type: "string" },
      round: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const options = {
    seconds: integer("seconds", values.seconds, 1, 10 ** 7, 180),
    workers: integer("workers", values.workers, 1, 24, Math.max(4, availableParallelism())),
    seed: integer("seed", values.seed, 0, 2 ** 31 - 1, Math.floor(Math.random() * 2 ** 31)),
    roundSeconds: integer("round", values.round, 1, 10 ** 7, 8),
  };
  return { options, json: values.json };
}

async function main(): Promise<number> {
  const { options, json } = readOptions();
  if (!json) console.log(`storm: ${options.seconds} s, ${options.workers} workers, seed ${options.seed}`);
  const progress = makeProgress(process.stderr, options.seconds);
  const result = await runStorm(options, (seconds, tally) => progress.update(seconds, tally));
  progress.stop();
  console.log(json ? JSON.stringify(result) : tableOf(result));
  return result.violations.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
  console.error(isUsage ? `${error.message}\n\n${usage}` : error);
  process.exitCode = isUsage ? 2 : 1;
}

// npm run stress: the storm as a command. Exit code 1 on any violation, 2 on a wrong option.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { processTableOf } from "./processes/report.ts";
import { runProcessStorm } from "./processes/storm.ts";
import { makeProgress } from "./progress.ts";
import { tableOf } from "./report.ts";
import { runSteps } from "./steps/main.ts";
import { runStorm, type StormOptions } from "./storm.ts";
import { killsOf } from "./tally.ts";

const usage = `usage: npm run stress -- [--seconds N] [--workers N] [--seed N] [--round SECONDS] [--json]
       npm run stress -- --processes [--seconds N] [--workers N] [--seed N] [--round SECONDS] [--engine wasm|js] [--json]
       npm run stress -- --steps [--seed N] [--engine wasm|js] [--kills N] [--json]

Workers allocate, pass on, free and adopt objects in one heap after another, while others are killed at
random and replaced. At the end of each round nothing may be missing. With --processes they are processes that
share a heap in a file, and are killed by SIGKILL, at any instruction. With --steps one process makes calls
and is stepped through them: its heap is judged behind every instruction that changed it.`;

const engines = ["auto", "wasm", "js"] as const;

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

type EngineName = (typeof engines)[number];

interface Command {
  readonly options: StormOptions;
  readonly json: boolean;
  readonly processes: boolean;
  readonly steps: boolean;
  readonly kills: number;
  readonly engine: EngineName;
}

function engineOf(text: string): EngineName {
  const engine = engines.find((name) => name === text);
  if (engine === undefined) throw new UsageError(`--engine is ${engines.join(", ")}, got ${text}`);
  return engine;
}

function readOptions(): Command {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string" },
      workers: { type: "string" },
      seed: { type: "string" },
      round: { type: "string" },
      json: { type: "boolean", default: false },
      processes: { type: "boolean", default: false },
      steps: { type: "boolean", default: false },
      kills: { type: "string" },
      engine: { type: "string", default: "auto" },
    },
  });
  const options = {
    seconds: integer("seconds", values.seconds, 1, 10 ** 7, 180),
    workers: integer(
      "workers",
      values.workers,
      1,
      values.processes ? 15 : 24,
      Math.max(4, availableParallelism()),
    ),
    seed: integer("seed", values.seed, 0, 2 ** 31 - 1, Math.floor(Math.random() * 2 ** 31)),
    roundSeconds: integer("round", values.round, 1, 10 ** 7, 8),
  };
  const { json, processes, steps } = values;
  const kills = integer("kills", values.kills, 0, 10_000, 2);
  const engine = engineOf(values.engine);
  if (engine !== "auto" && !processes && !steps)
    throw new UsageError("--engine goes with --processes or --steps");
  return { options, json, processes, engine, steps, kills };
}

/** The words of the result, and what was found wrong. */
async function run({
  options,
  processes,
  engine,
}: Command): Promise<[result: object, table: string, wrong: number]> {
  const progress = makeProgress(process.stderr, options.seconds);
  try {
    if (processes) {
      const result = await runProcessStorm({ ...options, engine }, progress.update);
      return [result, processTableOf(result), result.violations.length];
    }
    const result = await runStorm(options, (seconds, tally) =>
      progress.update(seconds, tally.rounds, killsOf(tally)),
    );
    return [result, tableOf(result), result.violations.length];
  } finally {
    progress.stop();
  }
}

async function step({ options: { seed }, engine, kills, json }: Command): Promise<number> {
  if (!json) console.log(`steps: seed ${seed}`);
  const result = await runSteps({ seed, engine, kills }, json ? () => undefined : console.log);
  if (json) console.log(JSON.stringify(result));
  else if (result.leftOut !== undefined) console.log(`left out: ${result.leftOut}`);
  return result.walks.every(({ violations }) => violations.length === 0) ? 0 : 1;
}

async function main(): Promise<number> {
  const command = readOptions();
  const { options, json, processes, steps } = command;
  if (steps) return step(command);
  if (!json)
    console.log(
      `storm: ${options.seconds} s, ${options.workers} ${processes ? "processes" : "workers"}, seed ${options.seed}`,
    );
  const [result, table, wrong] = await run(command);
  console.log(json ? JSON.stringify(result) : table);
  return wrong === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
  console.error(isUsage ? `${error.message}\n\n${usage}` : error);
  process.exitCode = isUsage ? 2 : 1;
}

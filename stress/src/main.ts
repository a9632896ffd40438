// npm run stress: the storm as a command. Exit code 1 on any violation, 2 on a wrong option.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { makeProgress } from "offheap-cli";
import { runCacheStorm } from "./cache/storm.ts";
import { cacheTableOf } from "./cache/tally.ts";
import { processTableOf } from "./processes/report.ts";
import { runProcessStorm } from "./processes/storm.ts";
import { tableOf } from "./report.ts";
import { stepCases } from "./steps/cases.ts";
import { runSteps } from "./steps/main.ts";
import { runStorm, type StormOptions } from "./storm.ts";
import { killsOf } from "./tally.ts";

const usage = `usage: npm run stress -- [--seconds N] [--workers N] [--seed N] [--round SECONDS] [--json]
       npm run stress -- --processes [--seconds N] [--workers N] [--seed N] [--round SECONDS] [--engine wasm|js] [--json]
       npm run stress -- --cache [--seconds N] [--workers N] [--seed N] [--round SECONDS] [--engine wasm|js] [--json]
       npm run stress -- --steps [CASE...] [--seed N] [--engine wasm|js] [--kills N] [--json]

Workers allocate, pass on, free and adopt objects in one heap after another, while others are killed at
random and replaced. At the end of each round nothing may be missing. With --processes they are processes that
share a heap in a file, and are killed by SIGKILL, at any instruction; with --cache, that share a cache. With --steps one process makes calls
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
  readonly cache: boolean;
  readonly steps: boolean;
  readonly kills: number;
  /** Of the single steps. */
  readonly cases: readonly string[];
  readonly engine: EngineName;
}

function engineOf(text: string): EngineName {
  const engine = engines.find((name) => name === text);
  if (engine === undefined) throw new UsageError(`--engine is ${engines.join(", ")}, got ${text}`);
  return engine;
}

function readOptions(): Command {
  const { values, positionals: cases } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: "string" },
      workers: { type: "string" },
      seed: { type: "string" },
      round: { type: "string" },
      json: { type: "boolean", default: false },
      processes: { type: "boolean", default: false },
      cache: { type: "boolean", default: false },
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
      values.processes || values.cache ? 15 : 24,
      Math.max(4, availableParallelism()),
    ),
    seed: integer("seed", values.seed, 0, 2 ** 31 - 1, Math.floor(Math.random() * 2 ** 31)),
    roundSeconds: integer("round", values.round, 1, 10 ** 7, 8),
  };
  const { json, processes, cache, steps } = values;
  const kills = integer("kills", values.kills, 0, 10_000, 2);
  const engine = engineOf(values.engine);
  if (engine !== "auto" && !processes && !cache && !steps)
    throw new UsageError("--engine goes with --processes, --cache or --steps");
  if ([processes, cache, steps].filter(Boolean).length > 1)
    throw new UsageError("of --processes, --cache and --steps one");
  const unknown = cases.find((name) => !steps || stepCases[name] === undefined);
  if (unknown !== undefined)
    throw new UsageError(
      `a case goes with --steps and is ${Object.keys(stepCases).join(", ")}; got ${unknown}`,
    );
  return { options, json, processes, cache, engine, steps, kills, cases };
}

/** The words of the result, and what was found wrong. */
async function run({
  options,
  processes,
  cache,
  engine,
}: Command): Promise<[result: object, table: string, wrong: number]> {
  const progress = makeProgress(process.stderr);
  const show = (seconds: number, rounds: number, kills: number) =>
    progress.update(`storm, round ${rounds + 1}, ${kills} kills`, seconds, options.seconds);
  try {
    if (cache) {
      const result = await runCacheStorm({ ...options, engine }, show);
      return [result, cacheTableOf(result), result.violations.length];
    }
    if (processes) {
      const result = await runProcessStorm({ ...options, engine }, show);
      return [result, processTableOf(result), result.violations.length];
    }
    const result = await runStorm(options, (seconds, tally) => show(seconds, tally.rounds, killsOf(tally)));
    return [result, tableOf(result), result.violations.length];
  } finally {
    progress.stop();
  }
}

async function step({ options: { seed }, engine, kills, json, cases }: Command): Promise<number> {
  if (!json) console.log(`steps: seed ${seed}`);
  const result = await runSteps({ seed, engine, kills, cases }, json ? () => undefined : console.log);
  if (json) console.log(JSON.stringify(result));
  else if (result.leftOut !== undefined) console.log(`left out: ${result.leftOut}`);
  return result.walks.every(({ violations }) => violations.length === 0) ? 0 : 1;
}

async function main(): Promise<number> {
  const command = readOptions();
  const { options, json, processes, cache, steps } = command;
  if (steps) return step(command);
  if (!json)
    console.log(
      `storm: ${options.seconds} s, ${options.workers} ${processes || cache ? "processes" : "workers"}, seed ${options.seed}`,
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

/** The JSON file of a run and its plots. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Results } from "../measure/plan.ts";
import type { Options } from "../options.ts";
import { benchFolder } from "../workloads/workload.ts";
import { claims } from "./claims.ts";
import { goals } from "./goals.ts";
import { describeMachine } from "./machine.ts";
import { plots } from "./plots.ts";

export const RESULT_VERSION = 1;

export async function writeResults(options: Options, results: Results): Promise<string[]> {
  const folder = options.out ?? join(benchFolder, "results");
  mkdirSync(folder, { recursive: true });
  const { quick, rounds, budgetMs, only, peers } = options;
  const file = {
    version: RESULT_VERSION,
    date: new Date().toISOString(),
    machine: describeMachine(options),
    options: { quick, rounds, budgetMs, only, peers },
    ...results,
    claims: claims(results),
    goals: goals(results),
  };
  const path = join(folder, `${options.name}.json`);
  writeFileSync(path, `${JSON.stringify(file, null, 1)}\n`);
  const drawn = Object.entries(await plots(results)).map(([name, svg]) => {
    const image = join(folder, `${options.name}-${name}.svg`);
    writeFileSync(image, svg);
    return image;
  });
  return [path, ...drawn].map((written) => relative(process.cwd(), written));
}

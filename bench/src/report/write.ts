/** The JSON file of a run, its page and its plots. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Peer } from "../measure/cases.ts";
import type { Results } from "../measure/plan.ts";
import type { Options } from "../options.ts";
import { benchFolder } from "../workloads/workload.ts";
import { claims } from "./claims.ts";
import { goals } from "./goals.ts";
import { describeMachine } from "./machine.ts";
import { plots } from "./plots.ts";
import { asPage } from "./print.ts";

export const RESULT_VERSION = 2;

export interface Run {
  readonly options: Options;
  readonly peers: readonly Peer[];
  readonly results: Results;
  readonly loadAtStart: number;
  readonly command: string;
}

/** Paths of what was written. */
export async function writeResults({
  options,
  peers,
  results,
  loadAtStart,
  command,
}: Run): Promise<string[]> {
  const folder = options.out ?? join(benchFolder, "results");
  mkdirSync(folder, { recursive: true });
  const { quick, cpu, rounds, budgetMs, only } = options;
  const machine = describeMachine(options, loadAtStart);
  const file = {
    version: RESULT_VERSION,
    date: new Date().toISOString(),
    ...{ command, machine },
    options: { quick, cpu, rounds, budgetMs, only },
    peers: peers.map(({ id, kind, title, missing }) => ({ id, kind, title, missing })),
    ...results,
    claims: claims(results),
    goals: goals(results),
  };
  const path = join(folder, `${options.name}.json`);
  writeFileSync(path, `${JSON.stringify(file, null, 1)}\n`);
  const page = join(folder, `${options.name}.md`);
  writeFileSync(page, asPage(results, machine, peers, command));
  const drawn = Object.entries(await plots(results)).map(([name, svg]) => {
    const image = join(folder, `${options.name}-${name}.svg`);
    writeFileSync(image, svg);
    return image;
  });
  return [path, page, ...drawn].map((written) => relative(process.cwd(), written));
}

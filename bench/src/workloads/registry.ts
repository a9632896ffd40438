/** All single-threaded workloads that are timed. */
import type { Options } from "../options.ts";
import { largeObjects } from "./large.ts";
import { batches, pairs, replacements } from "./loops.ts";
import { traces } from "./traces.ts";
import type { Workload } from "./workload.ts";

export function timedWorkloads(options: Pick<Options, "traces">): Workload[] {
  return [...pairs, ...batches, ...replacements, ...largeObjects, ...traces(options.traces)];
}

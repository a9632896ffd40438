// A run in a page. `hostsRun` says how; `hostsOutcome` is what became of it.

import { describe, type Outcome, runScenarios } from "./harness.ts";
import { type Host, type Loading, loadLibrary } from "./host.ts";
import { scenariosFor } from "./scenarios/index.ts";
import { startWebWorker } from "./web-workers.ts";

interface Run extends Loading {
  /** What the page's workers load, where that is another: they know no import map. */
  readonly workerSpecifier?: string;
  readonly classicWorker?: string;
}

const page = globalThis as unknown as { hostsRun: Run; hostsOutcome?: Outcome };
const run = page.hostsRun;

async function outcome(): Promise<Outcome> {
  const inWorkers: Loading = { ...run, ...(run.workerSpecifier && { specifier: run.workerSpecifier }) };
  const host: Host = {
    name: "browser",
    library: await loadLibrary(run),
    workers: "web",
    isIsolated: crossOriginIsolated,
    start: (job, data) => startWebWorker(job, inWorkers, data, run.classicWorker),
  };
  return runScenarios(host, scenariosFor(host), (line) => console.log(line));
}

page.hostsOutcome = await outcome().catch((error) => {
  console.log(`FAIL the run: ${describe(error)}`);
  return { passed: 0, failed: 1 };
});

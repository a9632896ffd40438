// A run in a page. The page's address says how, as JSON behind `?`; what became of it is written
// on the root element, where a driver sees it whatever policy the page has.

import { describe, type Outcome, runScenarios } from "./harness.ts";
import { compiles, type Host, type Loading, loadLibrary } from "./host.ts";
import { scenariosFor } from "./scenarios/index.ts";
import { startWebWorker } from "./web-workers.ts";

interface Run extends Loading {
  /** What the page's workers load, where that is another: they know no import map. */
  readonly workerSpecifier?: string;
  readonly classicWorker?: string;
}

const run = JSON.parse(decodeURIComponent(location.search.slice(1))) as Run;

async function outcome(): Promise<Outcome> {
  const inWorkers: Loading = { ...run, ...(run.workerSpecifier && { specifier: run.workerSpecifier }) };
  const host: Host = {
    name: "browser",
    library: await loadLibrary(run),
    osSpecifier: "/node_modules/offheap/dist/os/index.js",
    sharedFiles: undefined,
    workers: "web",
    isIsolated: crossOriginIsolated,
    compiles: compiles(),
    start: (job, data) => startWebWorker(job, inWorkers, data, run.classicWorker),
  };
  return runScenarios(host, scenariosFor(host), (line) => console.log(line));
}

const { dataset } = document.documentElement;
dataset["outcome"] = JSON.stringify(
  await outcome().catch((error) => {
    console.log(`FAIL the run: ${describe(error)}`);
    return { passed: 0, failed: 1 };
  }),
);

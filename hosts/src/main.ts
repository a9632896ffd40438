// A run from a command line: Node, Bun, Deno. The one argument is a JSON text of `Run`.

import { argv, exit, versions } from "node:process";
import { runScenarios } from "./harness.ts";
import { compiles, type Host, type HostWorker, type Loading, loadLibrary, type SharedFiles } from "./host.ts";
import { scenariosFor } from "./scenarios/index.ts";
import { startThread } from "./thread-workers.ts";
import { startWebWorker } from "./web-workers.ts";

interface Run extends Loading {
  readonly workers: "threads" | "web";
  readonly sharedFiles?: SharedFiles;
}

const run = JSON.parse(argv[2] as string) as Run;
const name = versions["bun"] ? "bun" : versions["deno"] ? "deno" : "node";
const start = run.workers === "threads" ? startThread : startWebWorker;
const crew: HostWorker[] = [];
const host: Host = {
  name,
  library: await loadLibrary(run),
  osSpecifier: "offheap/os",
  sharedFiles: run.sharedFiles,
  workers: run.workers,
  isIsolated: true,
  compiles: compiles(),
  start: async (job, data) => {
    const worker = await start(job, run, data);
    crew.push(worker);
    return worker;
  },
};
const { passed, failed } = await runScenarios(host, scenariosFor(host), console.log);
// Every thread has ended before the process is told to: one run of many hung where a thread was just ending.
await Promise.all(crew.map((worker) => worker.terminate()));
exit(failed === 0 && passed > 0 ? 0 : 1);

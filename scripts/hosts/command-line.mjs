// The runs of Node, Bun and Deno: each is one process over the staged folder.

import { spawnSync } from "node:child_process";

/** What engines of the years before lack, and what only Node has. Bun's own workers need `process`. */
const old = ["FinalizationRegistry", "WeakRef", "Symbol.dispose", "Symbol.asyncDispose", "Buffer"];
const spare = [...old, "process"];
const bundled = "../bundle/offheap.mjs";

const asPacked = { name: "package", workers: "threads", specifier: "offheap" };
const asBundle = { name: "bundle", workers: "threads", specifier: bundled };
const onSpare = { name: "spare engine", workers: "threads", specifier: "offheap", without: spare };
const web = { name: "web workers", workers: "web", specifier: "offheap" };

function noWebAssembly(without) {
  const all = [...without, "WebAssembly"];
  return { name: "spare, no WebAssembly", workers: "threads", specifier: "offheap", without: all };
}

/** What differs between the hosts, not what differs between versions of one: those in between run one. */
const oldestOrNewestNode = [asPacked, asBundle, onSpare, noWebAssembly(spare)];
const runsOf = {
  node: oldestOrNewestNode,
  "node-22": [asPacked],
  "node-24": [asPacked],
  "node-26": oldestOrNewestNode,
  bun: [asPacked, asBundle, noWebAssembly(old), web],
  deno: [
    asPacked,
    asBundle,
    noWebAssembly(spare),
    web,
    {
      name: "import map, read permission alone",
      workers: "web",
      specifier: "offheap",
      flags: ["--allow-read", "--import-map=import-map.json"],
    },
  ],
};

/** Runs everything on one host; the names of the runs, with whether each was good. */
export function commandLineRuns(name, path, folder) {
  return runsOf[name].map(({ name: run, flags = ["--allow-all"], ...how }) => {
    console.log(`--- ${name}: ${run}`);
    const prefix = name === "deno" ? ["run", "--no-lock", "--node-modules-dir=manual", ...flags] : [];
    const args = [...prefix, "app/main.js", JSON.stringify(how)];
    const { status, signal, error } = spawnSync(path, args, {
      cwd: folder,
      stdio: ["ignore", "inherit", "inherit"],
      timeout: 300_000,
      env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" },
    });
    const why = error?.message ?? (status === null ? `ended by ${signal}` : `exit code ${status}`);
    return { run, good: status === 0, why };
  });
}

// The runs of Node, Bun and Deno: each is one process over the staged folder.

import { spawnSync } from "node:child_process";

/** What engines of the years before lack, and what only Node has. Bun's own workers need `process`. */
const old = ["FinalizationRegistry", "WeakRef", "Symbol.dispose", "Symbol.asyncDispose", "Buffer"];
const spare = [...old, "process"];
const bundled = "../bundle/offheap.mjs";

function threads(without) {
  return [
    { name: "package", workers: "threads", specifier: "offheap" },
    { name: "bundle", workers: "threads", specifier: bundled },
    { name: "spare engine", workers: "threads", specifier: "offheap", without },
    {
      name: "no WebAssembly",
      workers: "threads",
      specifier: "offheap",
      without: [...without, "WebAssembly"],
    },
  ];
}

const node = threads(spare);
const web = { name: "web workers", workers: "web", specifier: "offheap" };
const bun = [...threads(old), web];
const deno = [
  ...threads(spare),
  web,
  {
    name: "import map, read permission alone",
    workers: "web",
    specifier: "offheap",
    flags: ["--allow-read", "--import-map=import-map.json"],
  },
];

/** Runs everything on one host; the names of the runs, with whether each was good. */
export function commandLineRuns(name, path, folder) {
  const runs = name === "bun" ? bun : name === "deno" ? deno : node;
  return runs.map(({ name: run, flags = ["--allow-all"], ...how }) => {
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

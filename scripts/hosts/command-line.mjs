// The runs of Node, Bun and Deno: each is one process over the staged folder.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** What engines of the years before lack, and what only Node has. Bun's own workers need `process`. */
const old = ["FinalizationRegistry", "WeakRef", "Symbol.dispose", "Symbol.asyncDispose", "Buffer"];
const spare = [...old, "process"];
const bundled = "../bundle/offheap.mjs";

/** Heaps in files: beside the package lies koffi; the bundle has what the host itself has to call C. */
const packedFiles = { specifier: "offheap/process", ring: "offheap/ring" };
const bundledFiles = { specifier: "bundle/process.mjs", ring: "bundle/process.mjs" };

const asPacked = { name: "package", workers: "threads", specifier: "offheap", files: packedFiles };
const asBundle = { name: "bundle", workers: "threads", specifier: bundled, files: bundledFiles };
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
      files: packedFiles,
      flags: ["--allow-read", "--import-map=import-map.json"],
    },
  ],
};

const denoFlags = ["run", "--no-lock", "--node-modules-dir=manual"];
const allowAll = ["--allow-all"];

/**
 * What a run is told of heaps in files. There is a way to them with koffi on Linux, unless C may not be called; and without it on Bun
 * and Deno. What a version of Node has of its own is not told here.
 */
function sharedFilesOf(name, path, { files, flags, folder }) {
  if (files === undefined || process.platform !== "linux") return undefined;
  const isPacked = files === packedFiles;
  if (!isPacked && name.startsWith("node")) return undefined;
  const self = { name: `another ${name}`, path, args: name === "deno" ? [...denoFlags, ...flags] : [] };
  const node = { name: `Node ${process.version}`, path: process.execPath, args: [] };
  // Without koffi this Node may have no way.
  const programs = isPacked && name !== "node" ? [self, node] : [self];
  const file = (specifier) => pathToFileURL(join(folder, specifier)).href;
  const specifiers = isPacked ? files : { specifier: file(files.specifier), ring: file(files.ring) };
  return { ...specifiers, areThere: flags === allowAll, programs };
}

/** Runs everything on one host; the names of the runs, with whether each was good. */
export function commandLineRuns(name, path, folder) {
  return runsOf[name].map(({ name: run, flags = allowAll, files, ...how }) => {
    console.log(`--- ${name}: ${run}`);
    const prefix = name === "deno" ? [...denoFlags, ...flags] : [];
    const orders = { ...how, sharedFiles: sharedFilesOf(name, path, { files, flags, folder }) };
    const args = [...prefix, "app/main.js", JSON.stringify(orders)];
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

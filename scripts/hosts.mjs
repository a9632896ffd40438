// Runs the scenarios of hosts/ on every host that can be had:
//
//   npm run hosts                    all
//   npm run hosts -- deno chromium   some; `node` is the version that runs this
//   node scripts/hosts.mjs --path node-24     only installs a host and prints its program's path
//
// A host that cannot be had is no failure, and is said aloud. One that runs and fails is.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findHost, hostNames } from "./hosts/install.mjs";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { path: { type: "string" } } });
const chosen = values.path === undefined ? (positionals.length > 0 ? positionals : hostNames) : [values.path];
const unknown = chosen.filter((name) => !hostNames.includes(name));
if (unknown.length > 0) {
  console.error(`There is no host ${unknown.join(", ")}; there are ${hostNames.join(", ")}.`);
  process.exit(1);
}
process.exit(values.path === undefined ? await runAll() : printPath(values.path));

function printPath(name) {
  const { path, missing } = findHost(name);
  if (path === undefined) console.error(missing);
  else console.log(path);
  return path === undefined ? 1 : 0;
}

async function runAll() {
  // Only a run needs the build, esbuild and playwright.
  const { stage } = await import("./hosts/stage.mjs");
  const folder = mkdtempSync(join(tmpdir(), "offheap-hosts-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  await stage(folder);
  const results = [];
  for (const name of chosen) results.push(...(await runHost(name, folder)));
  console.log("\nHosts:");
  for (const { host, run, good, why, missing } of results) {
    if (missing !== undefined) console.log(`!!!  ${host} NOT TESTED: ${missing}`);
    else console.log(`${good ? "ok  " : "FAIL"} ${host}: ${run}${good ? "" : ` (${why})`}`);
  }
  return results.every(({ good, missing }) => good || missing !== undefined) ? 0 : 1;
}

async function runHost(name, folder) {
  const { path, missing } = findHost(name);
  if (path === undefined) return [{ host: name, missing }];
  const results =
    name === "chromium"
      ? await (await import("./hosts/chromium.mjs")).chromiumRuns(path, folder)
      : (await import("./hosts/command-line.mjs")).commandLineRuns(name, path, folder);
  return results.map((result) => ({ host: name, ...result }));
}

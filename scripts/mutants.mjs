// Shows that the schedule explorer finds defects: makes one at a time in the compiled library, mechanically, and
// runs the scenarios on it. Prints the table and writes it to docs/mutants.md; the survivors are explained in
// docs/proof.md. Takes about half an hour on two cores.
//
//   npm run mutants                        all
//   npm run mutants -- --list              only what would be made
//   npm run mutants -- --only slabs.js     those whose description contains the word; nothing is written
//   npm run mutants -- --cheap             small bounds only
//   npm run mutants -- --thorough          ten times the schedules for what is not killed soon
//   npm run mutants -- --jobs 4            so many at a time (2)

import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { mutantsOf } from "./mutants/make.mjs";
import { tableOf } from "./mutants/table.mjs";
import { root } from "./workspace.mjs";

const { values } = parseArgs({
  options: {
    list: { type: "boolean", default: false },
    cheap: { type: "boolean", default: false },
    thorough: { type: "boolean", default: false },
    only: { type: "string" },
    jobs: { type: "string", default: "2" },
    timeout: { type: "string", default: "600" },
  },
});

/** Where shared memory is written, read with consequences, or ordered. check.js and stats.js only look. */
const files = [
  "arena/chunk-set.js",
  "arena/clean-chunks.js",
  "arena/decommit.js",
  "arena/spans.js",
  "pool/large.js",
  "pool/large-record.js",
  "pool/large-spans.js",
  "pool/memory-pool.js",
  "pool/page-bits.js",
  "pool/page-runs.js",
  "pool/page-spans.js",
  "pool/reset.js",
  "slab/counters.js",
  "slab/fast-path.js",
  "slab/journal.js",
  "slab/magazines.js",
  "slab/reaper.js",
  "slab/recover.js",
  "slab/settle.js",
  "slab/slab-allocator.js",
  "slab/slabs.js",
  "slab/slow-path.js",
  "slab/workers.js",
];

const home = join(root, "packages", "offheap");
const mutants = files
  .flatMap((file) => mutantsOf(file, readFileSync(join(home, "dist", file), "utf8")))
  .filter((mutant) => values.only === undefined || describe(mutant).includes(values.only));

function describe({ file, where, what, before }) {
  return `${file} ${where}: ${what}: ${before}`;
}

if (values.list) {
  for (const mutant of mutants) console.log(describe(mutant));
  console.log(`${mutants.length} mutants`);
  process.exit(0);
}

/** A copy of the package, in which one file at a time is not what it was. */
function workshop() {
  const folder = mkdtempSync(join(tmpdir(), "offheap-mutants-"));
  for (const name of ["package.json", "dist", "dist-test"]) {
    cpSync(join(home, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** Runs a script of the copy in a process of its own: a mutant may never come back. Says what failed, if anything. */
function fails(folder, script, ...args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(folder, "dist-test", script), ...args]);
    const timer = setTimeout(() => child.kill("SIGKILL"), Number(values.timeout) * 1000);
    let text = "";
    child.stdout.on("data", (part) => {
      text += part;
    });
    child.stderr.on("data", (part) => {
      text += part;
    });
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      resolve(signal !== null ? "it does not end" : code !== 0 ? text.trim().split("\n").at(-1) : undefined);
    });
  });
}

/** What the schedules do not see, because one worker alone shows it, is the business of the other tests. */
const otherTests = [
  "slab",
  "pool",
  "contract-errors",
  "cleanup",
  "decommit",
  "huge-pages",
  "statistics",
  "memory-sources",
  "workers-in-thread",
  "stack-overflow",
  "stack-end",
  "fuzz-calls",
];

/** What finds the mutant that stands in the folder, if anything does. */
async function finder(folder, bounds) {
  if (bounds !== "other tests") return fails(folder, join("interleave", "hunt.js"), bounds);
  for (const name of otherTests) {
    if ((await fails(folder, `${name}.test.js`)) !== undefined) return `the other tests: ${name}.test.ts`;
  }
  return undefined;
}

/** Tries those that are left within the bounds, several at a time. */
async function pass(bounds) {
  const queue = mutants.filter(({ isKilled }) => !isKilled);
  console.log(`${queue.length} mutants, bounds ${bounds}`);
  const work = async () => {
    const folder = workshop();
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const path = join(folder, "dist", mutant.file);
      const original = readFileSync(path, "utf8");
      writeFileSync(path, mutant.text);
      mutant.by = await finder(folder, bounds);
      mutant.isKilled = mutant.by !== undefined;
      writeFileSync(path, original);
      console.log(`${mutant.isKilled ? "killed  " : "survived"} ${describe(mutant)}`);
      if (mutant.isKilled) console.log(`    by ${mutant.by}`);
    }
    rmSync(folder, { recursive: true });
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  if (values.only === undefined) writeFileSync(join(root, "docs", "mutants.md"), tableOf(mutants));
}

/** As it is, the library must pass: a test that fails in the copy for reasons of its own would kill everything. */
async function check() {
  const folder = workshop();
  const failed = (await finder(folder, "other tests")) ?? (await finder(folder, "--cheap"));
  rmSync(folder, { recursive: true });
  if (failed === undefined) return;
  console.error(`Without any mutant: ${failed}`);
  process.exit(1);
}

await check();
await pass("--cheap");
await pass("other tests");
if (!values.cheap) await pass(values.thorough ? "--thorough" : "--dear");
console.log(`${mutants.filter(({ isKilled }) => !isKilled).length} of ${mutants.length} survived`);

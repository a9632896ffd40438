// Shows that the tests find defects: makes one at a time in the compiled library, mechanically, and runs the
// scenarios and the other tests on it. Writes mutants.md; fails when one survives that explained.mjs does
// not explain. The survivors take most of the time: an hour and more on one core.
//
//   npm run mutants                        all
//   npm run mutants -- --list              only what would be made
//   npm run mutants -- --only slabs.js     those whose description contains the word, or one of several; no table
//   npm run mutants -- --kind rings        only those of code that serves one thing, or several: pool, structures, rings, maps,
//                                          records; no table
//   npm run mutants -- --stage quick       only one stage, or several: likely, quick, cheap, slow, dear, thorough
//   npm run mutants -- --cheap             small bounds and the other tests only
//   npm run mutants -- --thorough          ten times the schedules for what is not killed soon
//   npm run mutants -- --table --resume F  only writes the table, of what has been tried so far
//   npm run mutants -- --jobs 4            so many at a time (2)
//   npm run mutants -- --resume FILE       outcomes are kept in the file, with the library's commit. Those of the
//                                          same library stand; of another, what killed a mutant then is tried on it
//                                          first, and the table names the commit

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { reasonOf, reasonsForNone } from "./mutants/explained.mjs";
import { finder, firstFinder, kindOf, nameOf, stages, workshop } from "./mutants/finders.mjs";
import { likelyFor } from "./mutants/likely.mjs";
import { mutantsOf } from "./mutants/make.mjs";
import { tableOf } from "./mutants/table.mjs";
import { filesBelow, root } from "./workspace.mjs";

const { values } = parseArgs({
  options: {
    list: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
    stage: { type: "string", multiple: true },
    cheap: { type: "boolean", default: false },
    kind: { type: "string", multiple: true },
    thorough: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    jobs: { type: "string", default: "2" },
    timeout: { type: "string", default: "300" },
    resume: { type: "string" },
  },
});

/**
 * Where shared memory is written, read with consequences, or ordered. check.js, stats.js and locate.js only look.
 */
const files = [
  "allocator/fast-path.js",
  "allocator/slab-allocator.js",
  "allocator/slow-path.js",
  "allocator/reclaimer.js",
  "arena/decommit.js",
  "core.js",
  "generations/begin.js",
  "generations/ending.js",
  "generations/leaf.js",
  "generations/recovery.js",
  "generations/registry.js",
  "large/doomed.js",
  "large/large-spans.js",
  "large/large.js",
  "large/reset.js",
  "map/count.js",
  "map/frozen.js",
  "map/entries.js",
  "packed/claim.js",
  "packed/ending.js",
  "packed/pack.js",
  "pages/large-record.js",
  "pages/page-hints.js",
  "pages/page-runs.js",
  "pages/page-spans.js",
  "pool/clear.js",
  "pool/malloc.js",
  "pool/memory-pool.js",
  "pool/moves.js",
  "pool/region.js",
  "records/records.js",
  "recovery/reaper.js",
  "recovery/recover.js",
  "ring/calls.js",
  "ring/list.js",
  "ring/place.js",
  "ring/ring.js",
  "structure/kit.js",
  "structure/roots.js",
  "worker/journal.js",
  "worker/workers.js",
];

const home = join(root, "packages", "offheap");
/** The core is one file, the JavaScript of it: the WebAssembly comes of the same source, and leaves the same bytes. */
const pathOf = (file) => (file === "core.js" ? "core/built/instance.js" : `src/${file}`);
/** What stands in its place: no mutant is found by an assert, which production has not. */
const pathsOf = (file) => [pathOf(file), ...(file === "core.js" ? ["core/built/asserting.js"] : [])];
const seconds = Number(values.timeout);

function describe({ file, where, what, before }) {
  return `${file} ${where}: ${what}: ${before}`;
}

const missing = files.filter((file) => !existsSync(join(home, "dist", pathOf(file))));
if (missing.length > 0) {
  const names = missing.map((file) => join("dist", pathOf(file))).join(", ");
  console.error(
    `packages/offheap has no ${names}: build first, or take out of scripts/mutants.mjs what is gone.`,
  );
  process.exit(2);
}

/** Each with a name of its own: mutants of one description are numbered. */
function makeAll() {
  const counts = new Map();
  return files
    .flatMap((file) => mutantsOf(file, readFileSync(join(home, "dist", pathOf(file)), "utf8")))
    .map((mutant) => {
      const name = describe(mutant);
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return { ...mutant, name: `${name} #${counts.get(name)}`, survived: [] };
    });
}

const all = makeAll();
const idle = reasonsForNone(all.map(({ name }) => name));
if (idle.length > 0) {
  console.error(`scripts/mutants/explained.mjs explains what is not made:\n${idle.join("\n")}`);
  process.exit(2);
}
const mutants = all.filter(
  (mutant) =>
    (values.kind?.includes(kindOf(mutant)) ?? true) &&
    (values.only?.some((word) => mutant.name.includes(word)) ?? true),
);

if (values.list) {
  for (const { name } of mutants) console.log(name);
  console.log(`${mutants.length} mutants`);
  process.exit(0);
}

/** Of the compiled library: outcomes of another are no outcomes. */
const fingerprint = createHash("sha256");
for (const path of filesBelow(join(home, "dist")).filter((name) => name.endsWith(".js")))
  fingerprint.update(path).update(readFileSync(join(home, "dist", path)));
const version = fingerprint.digest("hex").slice(0, 16);

const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
const commit = git("log", "-1", "--format=%h", "--", "packages/offheap");

function kept() {
  if (values.resume === undefined || !existsSync(values.resume)) return {};
  return JSON.parse(readFileSync(values.resume, "utf8")).outcomes;
}

function recall() {
  const outcomes = kept();
  for (const mutant of mutants) {
    const { by, survived = [], hint, ...of } = outcomes[mutant.name] ?? {};
    if (of.version === version || values.table) Object.assign(mutant, { by, survived, hint, ...of });
    else mutant.hint = by ?? hint;
  }
}

/** Outcomes of mutants that are not tried now stay as they are. */
function keep(mutant) {
  if (values.resume === undefined) return;
  const { name, by, survived, hint } = mutant;
  Object.assign(mutant, { version, commit });
  const outcomes = { ...kept(), [name]: { version, commit, by, survived, hint } };
  writeFileSync(values.resume, `${JSON.stringify({ outcomes }, undefined, 1)}\n`);
}

/** What found the mutant the last time, and what stands near it: tried before everything else. */
const likely = "likely finders";

function namesFor({ name, hint }) {
  return [...(hint === undefined ? [] : [nameOf(hint)]), ...likelyFor(name)].filter(
    (found) => found !== undefined,
  );
}

/** Tries those that are left and have not been through these bounds, several at a time. */
async function pass(bounds) {
  const queue = mutants.filter(({ by, survived }) => by === undefined && !survived.includes(bounds));
  console.log(`${queue.length} mutants: ${bounds}`);
  const work = async () => {
    const folder = workshop();
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const paths = pathsOf(mutant.file).map((path) => join(folder, "dist", path));
      const originals = paths.map((path) => readFileSync(path, "utf8"));
      for (const path of paths) writeFileSync(path, mutant.text);
      mutant.by = await (bounds === likely
        ? firstFinder(folder, namesFor(mutant), seconds)
        : finder(folder, bounds, seconds, kindOf(mutant), namesFor(mutant)));
      if (mutant.by === undefined) mutant.survived.push(bounds);
      for (const [i, path] of paths.entries()) writeFileSync(path, originals[i]);
      console.log(`${mutant.by === undefined ? "survived" : "killed  "} ${mutant.name}`);
      if (mutant.by !== undefined) console.log(`    by ${mutant.by}`);
      keep(mutant);
    }
    rmSync(folder, { recursive: true });
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
}

/** As it is, the library must pass: a test that fails in the copy for reasons of its own would kill everything. */
async function check(tried) {
  const folder = workshop();
  let failed;
  for (const bounds of tried) {
    for (const kind of new Set(mutants.map(kindOf))) failed ??= await finder(folder, bounds, seconds, kind);
  }
  rmSync(folder, { recursive: true });
  if (failed === undefined) return;
  console.error(`Without any mutant: ${failed}`);
  process.exit(1);
}

function isWanted(stage) {
  if (values.stage !== undefined) return values.stage.some((word) => stage.startsWith(word));
  return stage === "thorough" ? values.thorough : stage !== "dear" || !values.cheap;
}

const wanted = [likely, ...stages].filter(isWanted);
recall();
if (!values.table) {
  await check(wanted.filter((stage) => stages.indexOf(stage) >= 0 && stages.indexOf(stage) < 3));
  for (const bounds of wanted) await pass(bounds);
}

const survivors = mutants.filter(({ by, survived }) => by === undefined && survived.length > 0);
const unexplained = survivors.filter((mutant) => reasonOf(mutant.name) === undefined);
if (values.only === undefined && values.kind === undefined)
  writeFileSync(join(root, "mutants.md"), tableOf(mutants));
for (const { name } of unexplained) console.log(`not explained: ${name}`);
console.log(`${survivors.length} of ${mutants.length} survived, ${unexplained.length} without a reason`);
process.exit(unexplained.length === 0 ? 0 : 1);

// What is set on a mutant: the scenarios within some bounds, then the other tests. Each in a process of its own,
// for a mutant may never come back; it has a limit of seconds.

import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../workspace.mjs";
import { placeInCore } from "./rooms.mjs";

const home = join(root, "packages", "offheap");
const hunt = join("interleave", "hunt.js");
const testsMark = "the other tests: ";
const testFile = ".test.ts";

/** What one worker alone shows is the business of the other tests: the quick ones first. */
const tests = {
  "quick tests": [
    "hints",
    "slab",
    "cut-short",
    "drain",
    "unused-magazines",
    "meanwhile",
    "refill",
    "overlapping-frees",
    "after-the-end",
    "statistics",
    "cleanup",
    "contract-errors",
    "pool-calls",
    "page-hints",
    "page-runs",
    "large-spans",
    "moves",
    "disown",
    "kit",
    "roots",
  ],
  "slow tests": [
    "roots.model",
    "workers-in-thread",
    "accesses",
    "decommit",
    "free-runs.model",
    "pool",
    "pool.model",
    "reset",
    "malloc",
    "wide-heaps",
    "footprint",
    "huge-pages",
    "memory-sources",
    "stack-end",
    "stack-overflow",
    "last-worker",
    "incarnations",
    "limits-slab",
    "limits-pool",
    "stats-exact",
    "stats.model",
    "above-2gib",
    "above-2gib-calls",
    "check-clean",
    "fuzz-damage",
    "damaged-calls",
    "damaged-pool",
    "fuzz-calls",
  ],
};

/** Those that make a pool: the others never run the code of its rooms. What only counts accesses comes last. */
const poolTests = {
  "quick tests": ["page-hints", "page-runs", "large-spans", "moves", "pool-calls", "cleanup"],
  "slow tests": [
    "pool",
    "pool.model",
    "reset",
    "malloc",
    "wide-heaps",
    "last-worker",
    "limits-pool",
    "stats.model",
    "above-2gib",
    "above-2gib-calls",
    "damaged-pool",
    "damaged-calls",
    "footprint",
    "accesses",
  ],
};

/** Those of rings, maps and records: the others never run the code of their rooms. */
const ringTests = {
  "quick tests": ["ring", "ring-quiet"],
  "slow tests": ["structure.stress", "ring-threads", "fuzz-damage", "damaged-calls"],
};
const mapTests = {
  "quick tests": ["map", "cache", "map-recent", "map-shrink", "map-freeze"],
  "slow tests": [
    "map.model",
    "cache.model",
    "check-maps",
    "cache-open",
    "cache-pool",
    "map-large",
    "core-targets-maps",
    "damaged-maps",
  ],
};
const recordTests = {
  "quick tests": ["records", "records-values", "records-high"],
  "slow tests": ["records.model", "records.stress", "fuzz-damage", "damaged-calls"],
};
/** All of them stand on structures. */
const structureTests = {
  "quick tests": ["kit", "kit-deaths", "roots", "disown", "ring", "map", "cache"],
  "slow tests": ["roots.model", ...ringTests["slow tests"], ...mapTests["slow tests"]],
};
const testsOf = {
  pool: poolTests,
  structures: structureTests,
  rings: ringTests,
  maps: mapTests,
  records: recordTests,
};
const kindOfRoom = {
  pages: "pool",
  large: "pool",
  pool: "pool",
  generations: "records",
  records: "records",
  structure: "structures",
  ring: "rings",
  buckets: "maps",
  packed: "maps",
  map: "maps",
};

/** What a mutant's code serves alone, if it does: `pool`, or a part of the kit. */
export function kindOf({ file, where }) {
  const place = file === "core.js" ? placeInCore(where) : file;
  return kindOfRoom[place?.split("/")[0]];
}

/** What is tried on a mutant, one after the other. */
export const stages = ["quick tests", "cheap", "slow tests", "dear", "thorough"];

/** A copy of the package, in which one file at a time is not what it was. */
export function workshop() {
  const folder = mkdtempSync(join(tmpdir(), "offheap-mutants-"));
  for (const name of ["package.json", "dist", "dist-test", "test"]) {
    cpSync(join(home, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** Runs a script of the copy. Says what failed, if anything. */
function fails(folder, script, args, seconds) {
  return new Promise((resolve) => {
    // The core's JavaScript, which is what has been changed.
    const preloads = [
      new URL("no-wasm.mjs", import.meta.url),
      pathToFileURL(join(folder, "dist-test", "support", "use-js.js")),
    ];
    const child = spawn(
      process.execPath,
      [...preloads.map((url) => `--import=${url}`), join(folder, "dist-test", script), ...args],
      {
        cwd: folder,
        // One seed: what fails by chance would be taken for a find.
        env: { ...process.env, OFFHEAP_SEED: process.env.OFFHEAP_SEED ?? "1" },
      },
    );
    const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
    let text = "";
    let failed = false;
    const listen = (part) => {
      text += part;
      failed ||= /^ *not ok /m.test(text);
      if (failed) child.kill("SIGKILL");
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      const last = text.trim().split("\n").at(-1);
      resolve(
        failed
          ? "a test fails"
          : signal !== null
            ? `it does not end (${seconds} s)`
            : code !== 0
              ? last
              : undefined,
      );
    });
  });
}

async function failingTest(folder, names, seconds) {
  for (const name of names) {
    if ((await fails(folder, `${name}.test.js`, [], seconds)) !== undefined)
      return `${testsMark}${name}${testFile}`;
  }
  return undefined;
}

/** What finds the mutant that stands in the folder, if anything does; `passed` did not, when it was tried as likely. */
export function finder(folder, bounds, seconds, kind, passed = []) {
  if (bounds in tests) {
    const names = (testsOf[kind] ?? tests)[bounds].filter((name) => !passed.includes(`${name}${testFile}`));
    return failingTest(folder, names, seconds);
  }
  return fails(folder, hunt, [`--${bounds}`, ...(kind === undefined ? [] : [`--${kind}`])], seconds);
}

/** One test file, or one scenario within all bounds, by its name. */
function one(folder, name, seconds) {
  if (!name.endsWith(testFile)) return fails(folder, hunt, ["--only", name], seconds);
  return failingTest(folder, [name.slice(0, -testFile.length)], seconds);
}

/** The name of what found a mutant, as `one` takes it. */
export function nameOf(by) {
  if (by.startsWith(testsMark)) return by.slice(testsMark.length);
  return /^(.*?) \((?:strong|eager|lazy)[^)]*\): /.exec(by)?.[1];
}

export async function firstFinder(folder, names, seconds) {
  for (const name of names) {
    const found = await one(folder, name, seconds);
    if (found !== undefined) return found;
  }
  return undefined;
}

// Runs each program in examples/ and looks for the words that it must print. A program without words here fails. The pages
// in examples/browser want a browser: `npm run hosts` opens them. What is in other folders there belongs to a program above.
// One that says why it cannot run on this machine ("left out: …") is told of, and is no failure.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { filesBelow, root } from "./workspace.mjs";

const expected = {
  "c-module.mjs": [/^be 1$/m, /a freed address in C: ERR_DOUBLE_FREE/, /^0 objects left, 0 violations/m],
  "cache-server.mjs": [
    /^a worker terminated under load, and replaced; of the others' clients 0 noticed$/m,
    /^[1-9]\d{2,} answers were right, 0 wrong$/m,
    /^0 connections and 0 objects left$/m,
    /^0 violations, 0 in the cache$/m,
  ],
  "cluster-cache.mjs": [
    /^one for all: [1-9]\d\.\d % hits/m,
    /^16000 items each, all of them right; \d+ entries left, 0 violations$/m,
  ],
  "cluster-sessions.mjs": [
    /40 sessions, served by [34] processes, one of them killed under load: 0 lost/,
    /the table has all of them/,
    /the count of requests is whole/,
    /^0 violations/m,
  ],
  "goes-on.mjs": [
    /the file was killed; from block [1-9]/,
    /^98610 primes below 1280000/m,
    /^killed [1-3] times/m,
  ],
  "http-sessions.mjs": [
    /^records: all answers were right, nothing is left$/m,
    /^objects: all answers were right, nothing is left$/m,
  ],
  "many-sizes.mjs": [/powersOfTwo: 0 objects left, 0 violations/, /fine: 0 objects left, 0 violations/],
  "one-allocation.mjs": [/\(3, 4\) stands at address \d+/, /freed twice: ERR_DOUBLE_FREE/],
  "pipeline.mjs": [
    /through rings: \d+ ms, the sums are right/,
    /with the parser killed: \d+ ms, the sums are right/,
    /[1-3] parsers were killed; violations: 0/,
  ],
  "stats-monitor.mjs": [/objectSize/, /worker ended with 0; 0 objects live/],
  "two-layers.mjs": [
    /^[1-9]\d{3,} reads, [1-9]\d? % of them from the first layer; staler than was said: 0$/m,
    /^redis stopped: the first layer served on/m,
    /^redis refusing: the first layer served on/m,
    /"ERR_SECOND_LAYER_SILENT":[1-9]/,
    /"ERR_SECOND_LAYER_CLOSED":[1-9]/,
    /; of another type: 0$/m,
    /^a machine's first layer has [1-9]\d* keys, and 0 violations$/m,
  ],
  "two-programs.mjs": [
    /10000 messages, the sum is 4999500000/,
    /consumer: 0 objects left, 0 violations/,
    /both have ended: 0,0/,
  ],
  "two-workers.mjs": [
    /sum 4999950000/,
    /100000 allocated by one, 100000 freed by the other, 0 live/,
    /^0 violations/m,
  ],
};

let failed = 0;
const names = filesBelow(join(root, "examples")).filter(
  (name) => name.endsWith(".mjs") && !name.includes("/"),
);
for (const name of new Set([...names, ...Object.keys(expected)])) {
  const result = spawnSync(process.execPath, [join("examples", name)], {
    cwd: root,
    encoding: "utf8",
    timeout: 60_000,
  });
  const leftOut = /^left out: .*/.exec(result.stdout)?.[0];
  if (result.status === 0 && leftOut !== undefined && name in expected) {
    console.log(`--   examples/${name} ${leftOut}`);
    continue;
  }
  const missing = (expected[name] ?? [/words to look for/]).filter((words) => !words.test(result.stdout));
  const good = result.status === 0 && missing.length === 0;
  console.log(`${good ? "ok  " : "FAIL"} examples/${name}`);
  if (good) continue;
  failed++;
  console.error(`exit code ${result.status}, not printed: ${missing.join(" ") || "nothing"}`);
  console.error(`${result.stdout}${result.stderr}`);
}
process.exit(failed === 0 ? 0 : 1);

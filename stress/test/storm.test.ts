// A short storm, as part of every test run: real threads, real kills, and nothing missing at the end.

import assert from "node:assert/strict";
import { it } from "node:test";
import { tableOf } from "#src/report.js";
import { runStorm } from "#src/storm.js";
import { killsOf } from "#src/tally.js";

it("a storm of kills loses nothing", { timeout: 300_000 }, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const result = await runStorm({ seconds: 12, roundSeconds: 3, workers: 4, seed });
  console.log(tableOf(result));
  assert.deepEqual(result.violations, []);
  assert.ok(killsOf(result.tally) > 0, "nobody was killed");
  assert.ok(result.tally.counts.operations > 0, "nobody did anything");
});

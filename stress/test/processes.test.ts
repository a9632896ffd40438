// A short storm of processes: each is killed by SIGKILL at any instruction, and nothing is missing at the end.

import assert from "node:assert/strict";
import { it } from "node:test";
import { processTableOf } from "#src/processes/report.js";
import { whyNoProcesses } from "#src/processes/rounds.js";
import { runProcessStorm } from "#src/processes/storm.js";

const why = whyNoProcesses();

it("a storm of kills loses nothing of a heap of processes", {
  timeout: 300_000,
  skip: why ?? false,
}, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const result = await runProcessStorm({ seconds: 12, roundSeconds: 4, workers: 4, seed, engine: "auto" });
  console.log(processTableOf(result));
  assert.deepEqual(result.violations, []);
  assert.ok(result.tally.kills > 0, "nobody was killed");
  // On a busy machine all may be killed before the first count of their calls.
  const { strikes, counts } = result.tally;
  const { joining, ...within } = strikes;
  const struck = Object.values(within).reduce((sum, each) => sum + each, 0);
  assert.ok(
    struck + counts.allocations > 0,
    `nobody did anything: ${joining} were killed before they had joined`,
  );
});

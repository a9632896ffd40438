// A short storm of caches: processes that share one are killed by SIGKILL, and nothing is torn, over the cap, or left at the end.

import assert from "node:assert/strict";
import { it } from "node:test";
import { runCacheStorm } from "#src/cache/storm.js";
import { cacheTableOf } from "#src/cache/tally.js";
import { whyNoProcesses } from "#src/processes/rounds.js";

it("a storm of kills tears no entry of a cache, and leaves none", {
  timeout: 300_000,
  skip: whyNoProcesses() ?? false,
}, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const result = await runCacheStorm({ seconds: 8, roundSeconds: 4, workers: 3, seed, engine: "auto" });
  console.log(cacheTableOf(result));
  assert.deepEqual(result.violations, []);
  assert.ok(result.tally.kills > 0, "nobody was killed");
  assert.ok(result.tally.highest > 0.9, "it was never full");
});

// Maps, and caches on them: every schedule of two workers, and an exception at every access. On the JavaScript of the core, and a part
// of it on the compiled module. Deaths are in map-deaths.interleave.test.ts: each file has a processor of its own.

import { describe } from "node:test";
import type { Scenario } from "../support/stepping/scenario.ts";
import { interleave, interrupt, isDeep } from "../support/stepping/suite.ts";
import { withVictim } from "./kills.ts";
import { large, small } from "./map-scenarios.ts";
import { recallMimicked } from "./scenarios/maps.ts";

describe("maps: every schedule", () => {
  for (const scenario of [...small, ...(recallMimicked as unknown as Scenario[])]) interleave(scenario);
  for (const scenario of large)
    interrupt(scenario, [{ memory: "strong", preemptions: isDeep ? 2 : 1, reduce: true }]);
});

describe("maps: an exception at every access", () => {
  for (const scenario of [...small, ...large])
    interrupt({ ...scenario, name: `exception: ${scenario.name}` }, [
      { memory: "strong", preemptions: 0, throws: 1, reduce: true },
    ]);
});

describe("maps: the compiled module", () => {
  const isCompiled = true;
  for (const scenario of small) {
    interrupt(scenario, [{ memory: "strong", preemptions: 1, reduce: true, isCompiled }]);
    interrupt(withVictim(scenario, 0), [{ memory: "strong", preemptions: 0, kills: 1, isCompiled }]);
  }
});

// A worker dies before any one of its accesses; another runs on, and then reaps it.

import { describe } from "node:test";
import type { Bounds } from "../support/stepping/explore.ts";
import { interrupt, isDeep } from "../support/stepping/suite.ts";
import { placeTakenAgain, reapWithObjects, withDeath } from "./scenarios/deaths.ts";

const lone: Bounds = { memory: "strong", preemptions: 0, kills: 1 };
const late: Bounds = { memory: "lazy", preemptions: 0, kills: 1 };
const crossed: Bounds = { memory: "strong", preemptions: 1, kills: 1, reduce: true };
const lateCrossed: Bounds = { memory: "lazy", preemptions: 1, kills: 1, reduce: true };

for (const victim of [0, 1]) {
  describe(`kill at every access: worker ${victim}`, () => {
    for (const scenario of withDeath(victim)) {
      const isSmall = scenario.programs.length === 2 && scenario.isLarge !== true;
      const isCrossed = victim === 0 && isSmall;
      const bounds = isDeep ? [lone, late, crossed, lateCrossed] : isCrossed ? [late, crossed] : [lone, late];
      interrupt(scenario, bounds, isDeep ? 10_000 : 100);
    }
  });
}

describe("kill at every access: what comes after", () => {
  for (const scenario of [placeTakenAgain, reapWithObjects])
    interrupt(scenario, [lone, late, crossed, lateCrossed]);
});

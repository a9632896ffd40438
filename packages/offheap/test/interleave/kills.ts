// A worker dies before any one of its accesses; another runs on, and then reaps it. In two test files, each of which
// has a core of its own: every other scenario of a victim.

import { describe } from "node:test";
import type { Bounds } from "../support/stepping/explore.ts";
import type { Scenario } from "../support/stepping/scenario.ts";
import { interrupt, isDeep, samplesWithDeath } from "../support/stepping/suite.ts";
import { withDeath } from "./scenarios/deaths.ts";

export const lone: Bounds = { memory: "strong", preemptions: 0, kills: 1 };
export const late: Bounds = { memory: "lazy", preemptions: 0, kills: 1 };
export const crossed: Bounds = { memory: "strong", preemptions: 1, kills: 1, reduce: true };
export const lateCrossed: Bounds = { memory: "lazy", preemptions: 1, kills: 1, reduce: true };

export function withVictim(scenario: Scenario, victim: number): Scenario {
  return { ...scenario, name: `death of worker ${victim}: ${scenario.name}`, victims: [victim] };
}

export function killInEveryOther(victim: number, half: 0 | 1): void {
  describe(`kill at every access: worker ${victim}, ${half === 0 ? "one half" : "the other half"}`, () => {
    for (const [i, scenario] of withDeath(victim).entries()) {
      if (i % 2 !== half) continue;
      const isSmall = scenario.programs.length === 2 && scenario.isLarge !== true;
      const isCrossed = victim === 0 && isSmall;
      const bounds = isDeep ? [lone, late, crossed, lateCrossed] : isCrossed ? [late, crossed] : [lone, late];
      interrupt(scenario, bounds, samplesWithDeath);
    }
  });
}

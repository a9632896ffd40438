// A worker dies before any one of its accesses: one half of the scenarios, and what comes after.

import { describe } from "node:test";
import { interrupt } from "../support/stepping/suite.ts";
import { crossed, killInEveryOther, late, lateCrossed, lone } from "./kills.ts";
import { placeTakenAgain, reapWithObjects } from "./scenarios/deaths.ts";

for (const victim of [0, 1]) killInEveryOther(victim, 0);

describe("kill at every access: what comes after", () => {
  for (const scenario of [placeTakenAgain, reapWithObjects])
    interrupt(scenario, [lone, late, crossed, lateCrossed]);
});

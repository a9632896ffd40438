// Maps, and caches on them: a kill before every access of each of two workers.

import { describe } from "node:test";
import { interrupt, isDeep, samplesWithDeath } from "../support/stepping/suite.ts";
import { crossed, late, lone, withVictim } from "./kills.ts";
import { large, small } from "./map-scenarios.ts";

describe("maps: kill at every access", () => {
  for (const victim of [0, 1]) {
    for (const scenario of small) interrupt(withVictim(scenario, victim), [late, crossed], samplesWithDeath);
    for (const scenario of large)
      interrupt(withVictim(scenario, victim), isDeep ? [late, crossed] : [lone, late], samplesWithDeath);
  }
});

// Maps whose buckets are closed, because they have become too many: every schedule of two workers, a kill before every access of each,
// and an exception at every access.

import { describe } from "node:test";
import type { Scenario } from "../support/stepping/scenario.ts";
import { interleave, interrupt, samplesWithDeath } from "../support/stepping/suite.ts";
import { late, lone, withVictim } from "./kills.ts";
import {
  closedBefore,
  closedDelete,
  closedGetSet,
  closedGrown,
  closedNew,
  closedReused,
  closedTwice,
  openedClosed,
  recallClosed,
} from "./scenarios/map-resize.ts";

const mortal = [
  closedGetSet,
  closedDelete,
  closedBefore,
  closedTwice,
  closedGrown,
  closedNew,
  openedClosed,
] as unknown as Scenario[];
const all = [...mortal, recallClosed as unknown as Scenario, closedReused as unknown as Scenario];

describe("maps that shrink: every schedule", () => {
  for (const scenario of all) interleave(scenario);
});

describe("maps that shrink: kill at every access", () => {
  for (const victim of [0, 1])
    for (const scenario of mortal) interrupt(withVictim(scenario, victim), [lone, late], samplesWithDeath);
});

describe("maps that shrink: an exception at every access", () => {
  for (const scenario of mortal)
    interrupt({ ...scenario, name: `exception: ${scenario.name}` }, [
      { memory: "strong", preemptions: 0, throws: 1, reduce: true },
    ]);
});

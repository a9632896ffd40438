// Maps that are frozen: every schedule of two workers, a kill before every access of each, and an exception at every access.

import { describe } from "node:test";
import type { Scenario } from "../support/stepping/scenario.ts";
import { interleave, interrupt, samplesWithDeath } from "../support/stepping/suite.ts";
import { late, lone, withVictim } from "./kills.ts";
import {
  frozenDelete,
  frozenGet,
  frozenIterated,
  frozenRecall,
  frozenReplaced,
  frozenSet,
  frozenTwice,
} from "./scenarios/map-freeze.ts";

const all = [
  frozenGet,
  frozenSet,
  frozenReplaced,
  frozenDelete,
  frozenTwice,
  frozenRecall,
  frozenIterated,
] as unknown as Scenario[];

describe("maps that are frozen: every schedule", () => {
  for (const scenario of all) interleave(scenario);
});

describe("maps that are frozen: kill at every access", () => {
  for (const victim of [0, 1])
    for (const scenario of all) interrupt(withVictim(scenario, victim), [lone, late], samplesWithDeath);
});

describe("maps that are frozen: an exception at every access", () => {
  for (const scenario of all)
    interrupt({ ...scenario, name: `exception: ${scenario.name}` }, [
      { memory: "strong", preemptions: 0, throws: 1, reduce: true },
    ]);
});

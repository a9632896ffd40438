// The compiled module itself, every access of it a step: a part of the scenarios that the JavaScript of the same source goes
// through as a whole.

import { describe } from "node:test";
import type { Bounds } from "../support/stepping/explore.ts";
import { interrupt } from "../support/stepping/suite.ts";
import { drainDrain, lastSlots, localRemote, refillDrain, twoLines } from "./scenarios/allocate-free.ts";
import { withDeath } from "./scenarios/deaths.ts";

const isCompiled = true;
const crossed: Bounds = { memory: "strong", preemptions: 1, reduce: true, isCompiled };
const late: Bounds = { memory: "lazy", preemptions: 1, arrivals: 0, reduce: true, isCompiled };
const killed: Bounds = { memory: "strong", preemptions: 0, kills: 1, isCompiled };

describe("the compiled module: every schedule", () => {
  interrupt(lastSlots, [crossed, late]);
  interrupt(localRemote, [crossed, late]);
  interrupt(twoLines, [crossed, late]);
  interrupt(refillDrain, [crossed, late]);
  interrupt(drainDrain, [crossed, late]);
});

describe("the compiled module: kill at every access", () => {
  for (const scenario of withDeath(0)) interrupt(scenario, [killed]);
});

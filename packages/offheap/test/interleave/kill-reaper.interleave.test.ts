// A reaper dies before any one of its accesses, for each access at which the worker that it reaps had died;
// its own reaper takes over, or dies, too. And an exception passes through a worker that lives on.

import { describe } from "node:test";
import type { Bounds } from "../support/stepping/explore.ts";
import { interrupt, isDeep } from "../support/stepping/suite.ts";
import { afterException, afterExceptionDeath } from "./scenarios/after-exception.ts";
import {
  heirDies,
  reaperDies,
  reaperWithObjectsDies,
  secondDeaths,
  strayDies,
  strayReaped,
  withException,
} from "./scenarios/deaths.ts";

describe("kill at every access: of reapers", () => {
  const two: Bounds = { memory: "strong", preemptions: 0, kills: 2, reduce: true };
  for (const scenario of [...reaperDies, reaperWithObjectsDies])
    interrupt(scenario, [two], isDeep ? 10_000 : 300);
  interrupt(heirDies, [{ ...two, kills: isDeep ? 3 : 1, reduce: false }], isDeep ? 50_000 : 1000);
  for (const scenario of secondDeaths) {
    const one: Bounds = { memory: "strong", preemptions: 0, kills: 1 };
    interrupt(scenario, [one, { ...one, memory: "lazy" }]);
  }
  interrupt(strayReaped, [two], 300);
  interrupt(strayDies, [two, { ...two, kills: 1, throws: 1 }], 300);
});

describe("an exception at every access", () => {
  for (const scenario of afterException)
    interrupt(scenario, [{ memory: "strong", preemptions: 0, throws: isDeep ? 2 : 1 }]);
  for (const scenario of afterExceptionDeath)
    interrupt(scenario, [{ memory: "strong", preemptions: 0, throws: 1, kills: 1, reduce: !isDeep }]);
  for (const scenario of withException()) {
    interrupt(scenario, [{ memory: "strong", preemptions: isDeep ? 1 : 0, throws: 1, reduce: true }]);
  }
});

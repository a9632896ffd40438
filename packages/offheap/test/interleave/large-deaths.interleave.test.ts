// Large objects of a pool: deaths of workers and of their reapers, and exceptions.

import { describe } from "node:test";
import type { Bounds } from "../support/stepping/explore.ts";
import { interrupt, isDeep } from "../support/stepping/suite.ts";
import { largeReaperDies, reapWithLarge, resetDies, searchDies } from "./scenarios/large-deaths.ts";
import { largeGoOn, resetReapThrown, resetThrown } from "./scenarios/large-exceptions.ts";

describe("kill at every access: large objects", () => {
  const two: Bounds = { memory: "strong", preemptions: 0, kills: 2, reduce: true };
  for (const scenario of [...largeReaperDies, searchDies, reapWithLarge])
    interrupt(scenario, [two], isDeep ? 10_000 : 300);
  interrupt(resetDies, [{ ...two, kills: isDeep ? 2 : 1, reduce: false }], 1000);
});

describe("an exception at every access: large objects", () => {
  const once: Bounds = { memory: "strong", preemptions: 0, throws: 1 };
  for (const scenario of largeGoOn) interrupt(scenario, [once]);
  interrupt(resetThrown, [once]);
  interrupt(resetReapThrown, [once]);
});

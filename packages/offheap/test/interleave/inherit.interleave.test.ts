// Who attaches takes the place of a thread that has ended, with whatever it left half done; and may die of it.

import { describe } from "node:test";
import type { Bounds } from "../support/stepping/explore.ts";
import { interleave, interrupt, isDeep } from "../support/stepping/suite.ts";
import {
  heirOfLarge,
  heirOfReaper,
  heirs,
  inheritFree,
  inheritInherit,
  inheritReap,
} from "./scenarios/inherit.ts";

describe("every schedule: the place of a thread that has ended", () => {
  interleave(inheritReap);
  interleave(inheritFree);
  interleave(inheritInherit);
});

describe("kill at every access: of who takes the place of a thread that has ended", () => {
  const two: Bounds = { memory: "strong", preemptions: 0, kills: 2, reduce: true };
  for (const scenario of heirs) interrupt(scenario, [two], isDeep ? 10_000 : 300);
  for (const scenario of [heirOfReaper, heirOfLarge]) interrupt(scenario, [two], isDeep ? 10_000 : 300);
});

describe("an exception at every access of who takes it", () => {
  const bounds: Bounds = { memory: "strong", preemptions: 0, throws: 1 };
  for (const scenario of [inheritReap, ...heirs]) interrupt(scenario, [bounds]);
});

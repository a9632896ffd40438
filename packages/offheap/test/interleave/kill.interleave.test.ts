import { describe } from "node:test";
import { interrupt } from "../support/stepping/suite.ts";
import {
  heirDies,
  placeTakenAgain,
  reaperDies,
  reaperWithObjectsDies,
  reapWithObjects,
  withDeath,
  withException,
} from "./kill-scenarios.ts";

describe("kill at every access", () => {
  for (const victim of [0, 1])
    for (const scenario of withDeath(victim))
      interrupt(scenario, [
        { memory: "strong", preemptions: 1, kills: 1, reduce: true },
        { memory: "lazy", preemptions: 0, kills: 1, reduce: true },
      ]);
});
describe("exception at every access", () => {
  for (const scenario of withException())
    interrupt(scenario, [{ memory: "strong", preemptions: 0, throws: 1, reduce: true }]);
});
describe("chains", () => {
  for (const scenario of [...reaperDies, reaperWithObjectsDies])
    interrupt(scenario, [{ memory: "strong", preemptions: 0, kills: 2, reduce: true }]);
  for (const scenario of [heirDies])
    interrupt(scenario, [{ memory: "strong", preemptions: 0, kills: 1, reduce: true }], 1000);
  for (const scenario of [placeTakenAgain, reapWithObjects])
    interrupt(scenario, [{ memory: "strong", preemptions: 1, kills: 1, reduce: true }]);
});

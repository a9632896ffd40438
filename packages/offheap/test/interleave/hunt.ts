// Runs the scenarios until one fails: what scripts/mutants.mjs calls for each mutant, with --cheap for small bounds,
// then without for those that are left.
// Ends with code 1 and the name of what failed, or with code 0 when nothing did.

import { type Bounds, explore, type Failure, sample } from "../support/stepping/explore.ts";
import type { Scenario } from "../support/stepping/scenario.ts";
import { scenarios } from "./scenarios/all.ts";
import {
  heirDies,
  placeTakenAgain,
  reaperDies,
  reaperWithObjectsDies,
  reapWithObjects,
  strayDies,
  withDeath,
  withException,
} from "./scenarios/deaths.ts";

import { largeReaperDies, reapWithLarge, resetDies } from "./scenarios/large-deaths.ts";

interface Try {
  readonly list: readonly Scenario<never>[];
  readonly bounds: Bounds;
}

const deaths = [
  ...withDeath(0),
  ...withDeath(1),
  placeTakenAgain,
  reapWithObjects,
  reapWithLarge,
  resetDies,
] as Scenario<never>[];
const chains = [
  strayDies,
  ...reaperDies,
  reaperWithObjectsDies,
  ...largeReaperDies,
] as unknown as Scenario<never>[];

/** With --thorough there are ten times the schedules. */
const effort = process.argv.includes("--thorough") ? 10 : 1;

const cheap: readonly Try[] = [
  { list: scenarios, bounds: { memory: "strong", preemptions: 0 } },
  { list: deaths, bounds: { memory: "strong", preemptions: 0, kills: 1 } },
  { list: scenarios, bounds: { memory: "lazy", preemptions: 1, reduce: true } },
  { list: withException(), bounds: { memory: "strong", preemptions: 0, throws: 1 } },
];
const dear: readonly Try[] = [
  { list: deaths, bounds: { memory: "lazy", preemptions: 0, kills: 1 } },
  {
    list: [strayDies as unknown as Scenario<never>],
    bounds: { memory: "strong", preemptions: 0, kills: 1, throws: 1 },
  },
  { list: chains, bounds: { memory: "strong", preemptions: 0, kills: 2, limit: 700 * effort } },
  { list: scenarios, bounds: { memory: "strong", preemptions: 2, reduce: true, limit: 2500 * effort } },
  { list: scenarios, bounds: { memory: "eager", preemptions: 1, arrivals: 1, reduce: true } },
];

function explain(scenario: Scenario<never>, memory: string, { message }: Failure): string {
  return `${scenario.name} (${memory}): ${message.split("\n")[0]}`;
}

function hunt(tries: readonly Try[]): string | undefined {
  for (const { list, bounds } of tries) {
    for (const scenario of list) {
      const { failure } = explore(scenario, bounds);
      if (failure !== undefined) return explain(scenario, bounds.memory, failure);
    }
  }
  return undefined;
}

function huntAtRandom(): string | undefined {
  const all = [...scenarios, ...deaths, ...chains, heirDies as unknown as Scenario<never>];
  for (const scenario of all) {
    const { failure } = sample(scenario, { memory: "lazy", seed: 1, count: 120 * effort, kills: true });
    if (failure !== undefined) return explain(scenario, "lazy", failure);
  }
  return undefined;
}

function attempt(): string | undefined {
  // A mutant may be so broken that not even the setup of a scenario ends well.
  try {
    return process.argv.includes("--cheap") ? hunt(cheap) : (hunt(dear) ?? huntAtRandom());
  } catch (error) {
    return `setup: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const failed = attempt();
console.log(failed ?? "nothing failed");
process.exitCode = failed === undefined ? 0 : 1;

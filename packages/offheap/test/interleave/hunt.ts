// Runs the scenarios until one fails: what scripts/mutants.mjs calls for each mutant, with --cheap for small bounds,
// --dear or --thorough for those that are left, --only NAME for one scenario within all bounds, --pool for those
// with a pool, --structures for those of the kit and of rings, --rings, --maps or --records for one of these: in the others no
// defect of their folders shows.
// Ends with code 1 and the name of what failed, or with code 0 when nothing did.

import { type Bounds, explore, type Failure, sample } from "../support/stepping/explore.ts";
import type { Scenario } from "../support/stepping/scenario.ts";
import { label } from "../support/stepping/suite.ts";
import { afterException } from "./scenarios/after-exception.ts";
import { scenarios } from "./scenarios/all.ts";
import {
  heirDies,
  placeTakenAgain,
  reaperDies,
  reaperWithObjectsDies,
  reapWithObjects,
  secondDeaths,
  strayDies,
  strayReaped,
  withDeath,
  withException,
} from "./scenarios/deaths.ts";
import { largeReaperDies, reapWithLarge, resetDies } from "./scenarios/large-deaths.ts";
import { largeGoOn, resetReapThrown, resetThrown } from "./scenarios/large-exceptions.ts";
import { largeStructures } from "./scenarios/large-structures.ts";
import * as mapResize from "./scenarios/map-resize.ts";
import * as maps from "./scenarios/maps.ts";
import * as newNames from "./scenarios/new-names.ts";
import * as records from "./scenarios/records.ts";
import * as rings from "./scenarios/rings.ts";
import * as structures from "./scenarios/structures.ts";

interface Try {
  readonly list: readonly Scenario<never>[];
  readonly bounds: Bounds;
}

const isThorough = process.argv.includes("--thorough");
const effort = isThorough ? 10 : 1;
const onlyAt = process.argv.indexOf("--only");
const only = onlyAt < 0 ? undefined : process.argv[onlyAt + 1];

const isPoolOnly = process.argv.includes("--pool");
const isCheap = process.argv.includes("--cheap");
const ofOne = ["--structures", "--rings", "--maps", "--records"].find((word) => process.argv.includes(word));
const isOfKit = ofOne !== undefined;
/** Without a word for one of them there are all. */
const has = (...words: readonly string[]) => ofOne === undefined || words.includes(ofOne);

const scenariosIn = (...files: readonly object[]): readonly Scenario<never>[] =>
  files
    .flatMap((file) => Object.values(file).flat())
    .filter((value) => typeof value === "object" && "programs" in value);

/** Those of the kit, and of what is built on it; in `chains` two workers die one after the other. */
const chainsOfKit = [
  ...(has("--rings", "--structures") ? rings.ringReapers : []),
  ...(has("--structures") ? structures.reapers : []),
  ...(has("--records") ? records.reaperOfRecordsDies : []),
] as unknown as readonly Scenario<never>[];
const ofRecords = has("--records") ? scenariosIn(records) : [];
const ofKit = [
  ...(has("--rings", "--structures") ? scenariosIn(rings) : []),
  ...(has("--structures") ? scenariosIn(structures, { largeStructures }, newNames) : []),
  ...(has("--maps") ? scenariosIn(maps, mapResize) : []),
  ...ofRecords,
].filter((scenario) => !chainsOfKit.includes(scenario) && !(isCheap && scenario.isLarge === true));
const deathless = ofKit.filter(({ victims }) => victims === undefined);
const mortal = deathless.filter((scenario) => scenario.isDeathless !== true && !ofRecords.includes(scenario));
const withVictims = [
  ...ofKit.filter((scenario) => !deathless.includes(scenario)),
  ...mortal.flatMap((scenario) =>
    [0, 1].map((victim) => ({
      ...scenario,
      name: `death of worker ${victim}: ${scenario.name}`,
      victims: [victim],
    })),
  ),
];
const withThrows = mortal.map((scenario) => ({ ...scenario, name: `exception: ${scenario.name}` }));

const wanted = (
  list: readonly unknown[],
  kitToo: readonly Scenario<never>[] = [],
): readonly Scenario<never>[] =>
  [
    ...(isOfKit ? [] : (list as readonly Scenario<never>[])),
    ...(isOfKit || only !== undefined ? kitToo : []),
  ].filter(
    ({ name, geometry }) =>
      (only === undefined || name === only) && (!isPoolOnly || geometry.isPool === true),
  );

const all = wanted(scenarios, deathless);
const deaths = wanted(
  [...withDeath(0), ...withDeath(1), placeTakenAgain, reapWithObjects, reapWithLarge, resetDies],
  withVictims,
);
const seconds = wanted(secondDeaths);
const exceptions = wanted(withException(), withThrows);
const others = wanted([...afterException, ...largeGoOn, resetThrown, resetReapThrown]);
const strays = wanted([strayDies]);
const chains = wanted(
  [strayDies, strayReaped, ...reaperDies, reaperWithObjectsDies, ...largeReaperDies],
  chainsOfKit,
);

const cheap: readonly Try[] = [
  { list: all, bounds: { memory: "strong", preemptions: 0 } },
  { list: [...deaths, ...seconds], bounds: { memory: "strong", preemptions: 0, kills: 1 } },
  { list: [...others, ...exceptions], bounds: { memory: "strong", preemptions: 0, throws: 1 } },
  { list: all, bounds: { memory: "lazy", preemptions: 1, reduce: true } },
  { list: all, bounds: { memory: "lazy", preemptions: 0, arrivals: 1, limit: 300 } },
];
const dear: readonly Try[] = [
  { list: all, bounds: { memory: "lazy", preemptions: 1, arrivals: 1, reduce: true, limit: 500 * effort } },
  { list: [...deaths, ...seconds], bounds: { memory: "lazy", preemptions: 0, kills: 1 } },
  { list: strays, bounds: { memory: "strong", preemptions: 0, kills: 1, throws: 1 } },
  { list: chains, bounds: { memory: "strong", preemptions: 0, kills: 2, limit: 700 * effort } },
  { list: all, bounds: { memory: "strong", preemptions: 2, reduce: true, limit: 2500 * effort } },
  { list: all, bounds: { memory: "eager", preemptions: 1, arrivals: 1, reduce: true, limit: 500 * effort } },
];

function explain(scenario: Scenario<never>, how: string, { message }: Failure): string {
  return `${scenario.name} (${how}): ${message.split("\n")[0]}`;
}

function hunt(tries: readonly Try[]): string | undefined {
  for (const { list, bounds } of tries) {
    const start = performance.now();
    for (const scenario of list) {
      const { failure } = explore(scenario, bounds);
      if (failure !== undefined) return explain(scenario, label(bounds), failure);
    }
    console.log(`${label(bounds)}: ${Math.round(performance.now() - start)} ms`);
  }
  return undefined;
}

function huntAtRandom(): string | undefined {
  for (const scenario of [...all, ...deaths, ...chains, ...wanted([heirDies])]) {
    const { failure } = sample(scenario, { memory: "lazy", seed: 1, count: 100 * effort, kills: true });
    if (failure !== undefined) return explain(scenario, "lazy, at random", failure);
  }
  return undefined;
}

function attempt(): string | undefined {
  // A mutant may be so broken that not even the setup of a scenario ends well.
  try {
    if (isCheap) return hunt(cheap);
    return (only === undefined ? undefined : hunt(cheap)) ?? hunt(dear) ?? huntAtRandom();
  } catch (error) {
    return `setup: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const failed = attempt();
console.log(failed ?? "nothing failed");
process.exitCode = failed === undefined ? 0 : 1;

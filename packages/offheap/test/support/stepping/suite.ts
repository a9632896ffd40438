// What the test files call: each scenario in the three memory modes, exhaustively within the bounds that fit a
// test run, and at random beyond them. A failure prints the schedule, shrunk, as a line to replay it with.
//
//   OFFHEAP_DEEP=1       larger bounds             OFFHEAP_SEED=n   another seed for the random schedules
//   OFFHEAP_SCHEDULE=…   the printed line: only that schedule, with the accesses of its end

import assert from "node:assert/strict";
import { it, type TestContext } from "node:test";
import { type Bounds, explore, type Failure, type Report, sample } from "./explore.ts";
import { parse, type Scenario } from "./scenario.ts";
import { describeFailure, shrink } from "./shrink.ts";
import { World, type WorldOptions } from "./world.ts";

export const isDeep = process.env["OFFHEAP_DEEP"] === "1";
export const seed = Number(process.env["OFFHEAP_SEED"] ?? 20_260_101);
const wanted = process.env["OFFHEAP_SCHEDULE"];
/** Random schedules of each memory; those with a death. They took more than half of all time when there were three times as many. */
const mostSamples = isDeep ? 20_000 : 100;
export const samplesWithDeath = isDeep ? 10_000 : 40;

const usual: readonly Bounds[] = [
  { memory: "strong", preemptions: 2, reduce: true },
  { memory: "eager", preemptions: 1, arrivals: 1, reduce: true },
  { memory: "lazy", preemptions: 1, arrivals: 1, reduce: true },
];
const deep: readonly Bounds[] = [
  { memory: "strong", preemptions: 2, reduce: false },
  { memory: "strong", preemptions: 3, reduce: true, limit: 200_000 },
  { memory: "eager", preemptions: 2, arrivals: 2, reduce: true },
  { memory: "lazy", preemptions: 2, arrivals: 0, reduce: true },
];
const few: readonly Bounds[] = [
  { memory: "strong", preemptions: 1, reduce: true },
  { memory: "lazy", preemptions: 1, arrivals: 0, reduce: true },
];

/** The bounds that a scenario is explored within: with three workers less, for it has many more schedules. */
export function boundsOf<C>(scenario: Scenario<C>): readonly Bounds[] {
  if (scenario.programs.filter((program) => program.length > 0).length > 2) return isDeep ? usual : few;
  return isDeep ? [...usual, ...deep] : usual;
}

export function label(bounds: Bounds): string {
  const { memory, preemptions, arrivals = 0, kills = 0, throws = 0, reduce, limit } = bounds;
  const parts = [`${preemptions} pre-emptions`];
  if (memory !== "strong") parts.push(`${arrivals} arrivals`);
  if (kills > 0) parts.push(`${kills} kills`);
  if (throws > 0) parts.push(`${throws} exceptions`);
  if (reduce === true) parts.push("reduced");
  if (limit !== undefined) parts.push(`the first ${limit}`);
  return `${memory}, ${parts.join(", ")}`;
}

function fail<C>(scenario: Scenario<C>, options: WorldOptions, failure: Failure): never {
  const { scenario: least, failure: shrunk } = shrink(scenario, options, failure);
  assert.fail(describeFailure(least, options, shrunk));
}

export function summary(report: Report): string {
  const results = [...report.results].map(([result, count]) => `${result}: ${count}`);
  const tail = results.length > 1 && results.length <= 8 ? ` (${results.join("; ")})` : "";
  return `${report.schedules} schedules, ${report.ends} ends${tail}`;
}

function replayWanted<C>(scenario: Scenario<C>, line: string): void {
  const [name, memory, schedule] = line.split(" / ") as [string, WorldOptions["memory"], string];
  if (name !== scenario.name) return;
  const world = new World(scenario, { memory });
  const failure = world.replay(parse(schedule)).failure;
  if (failure !== undefined) fail(scenario, { memory }, { schedule: parse(schedule), message: failure });
}

export function runAll<C>(scenario: Scenario<C>, list: readonly Bounds[], test?: TestContext): void {
  for (const bounds of list) {
    const began = performance.now();
    const report = explore(scenario, bounds);
    if (report.failure !== undefined) fail(scenario, bounds, report.failure);
    test?.diagnostic(`${label(bounds)}: ${summary(report)}, ${Math.round(performance.now() - began)} ms`);
  }
}

export function runSamples<C>(
  scenario: Scenario<C>,
  count: number,
  kills: boolean,
  test?: TestContext,
): void {
  for (const memory of ["strong", "lazy"] as const) {
    const report = sample(scenario, { memory, seed, count, kills });
    if (report.failure !== undefined) {
      test?.diagnostic(`OFFHEAP_SEED=${seed}`);
      fail(scenario, { memory }, report.failure);
    }
    test?.diagnostic(`${memory}, at random (seed ${seed}): ${summary(report)}`);
  }
}

/** One test: every schedule of the scenario, then random ones. */
export function interleave<C>(scenario: Scenario<C>): void {
  it(scenario.name, (test) => {
    if (wanted !== undefined) {
      replayWanted(scenario, wanted);
      return;
    }
    runAll(scenario, boundsOf(scenario), test);
    runSamples(scenario, mostSamples, false, test);
  });
}

/** One test: each schedule of the scenario, with a death or an exception at each access. */
export function interrupt<C>(scenario: Scenario<C>, bounds: readonly Bounds[], samples = 0): void {
  it(scenario.name, (test) => {
    if (wanted !== undefined) {
      replayWanted(scenario, wanted);
      return;
    }
    runAll(scenario, bounds, test);
    if (samples > 0) runSamples(scenario, samples, true, test);
  });
}

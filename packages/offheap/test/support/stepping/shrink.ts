// Makes a failing schedule small: fewer deviations, then fewer steps of the programs; and prints it.

import { explore, type Failure } from "./explore.ts";
import { nameOf } from "./names.ts";
import { print, type Scenario, type Schedule } from "./scenario.ts";
import { type Outcome, World, type WorldOptions } from "./world.ts";

/** Pre-emptions, deaths and the like that a shrunk schedule may have, so that shrinking ends soon. */
const mostDeviations = 2;

export interface Shrunk<C> {
  readonly scenario: Scenario<C>;
  readonly failure: Failure;
}

export function shrink<C>(scenario: Scenario<C>, options: WorldOptions, failure: Failure): Shrunk<C> {
  let best: Shrunk<C> = { scenario, failure: fewerDeviations(scenario, options, failure) };
  for (let worker = 0; worker < scenario.programs.length; worker++) {
    for (let step = best.scenario.programs[worker]?.length ?? 0; step > 0; step--) {
      const programs = best.scenario.programs.map((program, i) =>
        i === worker ? program.toSpliced(step - 1, 1) : program,
      );
      const fewer = { ...best.scenario, programs };
      const found = search(fewer, options, best.failure);
      if (found !== undefined && isAlike(found, failure))
        best = { scenario: fewer, failure: fewerDeviations(fewer, options, found) };
    }
  }
  return best;
}

/** Whether two failures are of one kind: the same words, numbers aside. */
function isAlike(one: Pick<Failure, "message">, other: Pick<Failure, "message">): boolean {
  const [first, second] = [one, other].map(({ message }) => message.replace(/\d+/g, "").slice(0, 30));
  return first === second;
}

/** Any failing schedule of a scenario with deviations of the same kinds, and no more of them. */
function search<C>(scenario: Scenario<C>, options: WorldOptions, { schedule }: Failure): Failure | undefined {
  const count = (kind: string) =>
    Math.min(schedule.filter((deviation) => deviation.kind === kind).length, mostDeviations);
  const bounds = {
    ...options,
    preemptions: count("to"),
    arrivals: count("see"),
    kills: count("kill"),
    throws: count("throw"),
  };
  return explore(scenario, { ...bounds, reduce: true, limit: 20_000 }).failure;
}

function fewerDeviations<C>(scenario: Scenario<C>, options: WorldOptions, failure: Failure): Failure {
  const world = new World(scenario, options);
  let best = failure;
  for (let i = best.schedule.length - 1; i >= 0; i--) {
    const shorter = best.schedule.filter((_, j) => j !== i);
    const { failure: message } = attempt(world, shorter);
    if (message === undefined || !isAlike({ message }, failure)) continue;
    best = { schedule: shorter, message };
    i = best.schedule.length;
  }
  return best;
}

/** A schedule that was not followed to its end is not that schedule. */
function attempt<C>(world: World<C>, schedule: Schedule): Outcome {
  const outcome = world.replay(schedule);
  return outcome.taken.length === schedule.length ? outcome : { ...outcome, failure: undefined };
}

/** The message, the line that replays it, and the accesses before and after each deviation. */
export function describeFailure<C>(scenario: Scenario<C>, options: WorldOptions, failure: Failure): string {
  const { memory } = options;
  const world = new World(scenario, options);
  world.traces = true;
  const { points, failure: message = failure.message } = world.replay(failure.schedule);
  const near = (at: number) => failure.schedule.some((deviation) => Math.abs(deviation.at - at) <= 6);
  const lines: string[] = [];
  for (const [at, point] of points.entries()) {
    const deviation = failure.schedule.find((one) => one.at === at);
    if (!near(at) && points.length > 60) continue;
    const what =
      point.kind === "see"
        ? `sees (${point.waiting} wait)`
        : point.isAtomic
          ? "atomic"
          : point.writes
            ? "store"
            : "load";
    const mark = deviation === undefined ? "" : `   <<< ${print([deviation])}`;
    lines.push(
      `    ${at} worker ${point.worker} ${what} ${nameOf(world.heap.layout, point.location)}${mark}`,
    );
  }
  const steps = scenario.programs.map((program) => program.map((step) => String(step)).join("; "));
  return `${message}
  OFFHEAP_SCHEDULE='${scenario.name} / ${memory} / ${print(failure.schedule)}'
  programs: ${steps.join(" | ")}
${lines.join("\n")}`;
}

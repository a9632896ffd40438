// Enumerates schedules: all within a bound on pre-emptions, or random ones beyond it.
//
// The course without deviations runs each worker to its end. A schedule is extended by one deviation after its
// last, so each is run once. A pre-emption counts against the bound; choosing who goes on when a worker has
// ended does not. With `reduce`, a worker is pre-empted only before an access to a location that another
// worker touches too and one of them writes: before any other access it would come to the same as before the
// next such one (accesses to different locations commute). Which locations those are is found out while
// exploring: until no new one turns up, it is done again. Nor does a worker die before a load then, where stores are in memory at
// once: it would leave the same behind as by a death before what comes next.

import { wordsOf } from "../random.ts";
import type { Deviation, Scenario, Schedule } from "./scenario.ts";
import { type Outcome, type Point, World, type WorldOptions } from "./world.ts";

export interface Bounds extends WorldOptions {
  readonly preemptions: number;
  /** Deviations from the default in which stores arrive. */
  readonly arrivals?: number;
  /** Deaths of victims before the end of their programs. */
  readonly kills?: number;
  /** Exceptions that pass through a worker. */
  readonly throws?: number;
  readonly reduce?: boolean;
  /** Gives up after so many schedules. */
  readonly limit?: number;
}

export interface Report {
  readonly schedules: number;
  readonly ends: number;
  readonly results: ReadonlyMap<string, number>;
  readonly failure?: Failure;
}

export interface Failure {
  readonly schedule: Schedule;
  readonly message: string;
}

interface Left {
  preemptions: number;
  arrivals: number;
  kills: number;
  throws: number;
}

function leftOf(bounds: Bounds, schedule: Schedule, points: readonly Point[]): Left {
  const left = {
    preemptions: bounds.preemptions,
    arrivals: bounds.arrivals ?? 0,
    kills: bounds.kills ?? 0,
    throws: bounds.throws ?? 0,
  };
  for (const { at, kind } of schedule) {
    if (kind === "to" && points[at]?.turn === 0) left.preemptions--;
    if (kind === "see") left.arrivals--;
    if (kind === "kill") left.kills--;
    if (kind === "throw") left.throws--;
  }
  return left;
}

class Explorer<C> {
  private readonly world: World<C>;
  private readonly bounds: Bounds;
  schedules = 0;

  constructor(world: World<C>, bounds: Bounds) {
    this.world = world;
    this.bounds = bounds;
  }

  /** Runs every schedule within the bounds; returns the first that fails. */
  all(): Failure | undefined {
    const stack: Schedule[] = [[]];
    for (let schedule = stack.pop(); schedule !== undefined; schedule = stack.pop()) {
      const { failure, points } = this.world.replay(schedule);
      this.schedules++;
      if (failure !== undefined) return { schedule, message: failure };
      if (this.schedules === this.bounds.limit) return undefined;
      this.extend(schedule, points, stack);
    }
    return undefined;
  }

  private extend(schedule: Schedule, points: readonly Point[], stack: Schedule[]): void {
    const left = leftOf(this.bounds, schedule, points);
    const ends = this.endsOf(schedule, points);
    const from = (schedule.at(-1)?.at ?? -1) + 1;
    for (let at = points.length - 1; at >= from; at--) {
      for (const deviation of this.deviations(at, points, left, ends)) stack.push([...schedule, deviation]);
    }
  }

  /** For each worker the point of its last access, or of its death. */
  private endsOf(schedule: Schedule, points: readonly Point[]): number[] {
    const ends = this.world.scenario.programs.map(() => -1);
    for (let at = 0; at < points.length; at++) {
      const { kind, worker } = points[at] as Point;
      if (kind === "access") ends[worker] = at;
    }
    for (const { at, kind, value } of schedule)
      if (kind === "kill") ends[value] = Math.min(ends[value] as number, at);
    return ends;
  }

  private deviations(at: number, points: readonly Point[], left: Left, ends: readonly number[]): Deviation[] {
    const point = points[at] as Point;
    const list: Deviation[] = [];
    if (point.kind === "see") {
      const usual = this.bounds.memory === "lazy" ? 0 : point.waiting;
      if (left.arrivals === 0) return list;
      for (let value = 0; value <= point.waiting; value++)
        if (value !== usual) list.push({ at, kind: "see", value });
      return list;
    }
    const { worker, turn } = point;
    const { victims, programs } = this.world.scenario;
    const mayDie = left.kills > 0 && victims?.includes(worker) === true;
    if (mayDie && !this.isDeathLater(point, points[at + 1])) list.push({ at, kind: "kill", value: worker });
    if (left.throws > 0 && point.mayThrow) list.push({ at, kind: "throw", value: worker });
    const mayStop = turn === 1 || (turn === 0 && left.preemptions > 0 && this.isWorthwhile(point));
    for (let other = 0; mayStop && other < programs.length; other++) {
      if (other !== worker && this.couldRun(other, at, ends)) list.push({ at, kind: "to", value: other });
    }
    return list;
  }

  /** Whether a death before a load comes to the same as one before the next access of that turn. */
  private isDeathLater({ writes, worker, events }: Point, next: Point | undefined): boolean {
    if (this.bounds.reduce !== true || this.bounds.memory !== "strong" || writes) return false;
    return next?.kind === "access" && next.worker === worker && next.turn === 0 && next.events === events;
  }

  private isWorthwhile(point: Point): boolean {
    // Before an atomic the worker's stores may still be waiting, and after it they are not.
    const isFence = point.isAtomic && this.bounds.memory !== "strong";
    return this.bounds.reduce !== true || isFence || this.world.isShared(point.location);
  }

  /** Whether a worker had something left to do at that point, and was allowed to. */
  private couldRun(worker: number, at: number, ends: readonly number[]): boolean {
    const isOver = (other: number) => (ends[other] as number) < at;
    return !isOver(worker) && (this.world.scenario.startsAfter?.[worker] ?? []).every(isOver);
  }
}

/** Scenarios of which it is known who touches what when one pre-empts the other anywhere: the same in each mode of memory. */
const lookedAt = new WeakSet<object>();

/** Every schedule of the scenario within the bounds. */
export function explore<C>(scenario: Scenario<C>, bounds: Bounds): Report {
  const world = new World(scenario, bounds);
  let schedules = 0;
  const passes =
    bounds.reduce === true && !lookedAt.has(scenario)
      ? [
          {
            ...bounds,
            preemptions: Math.min(bounds.preemptions, 1),
            arrivals: 0,
            kills: 0,
            throws: 0,
            reduce: false,
          },
          bounds,
        ]
      : [bounds];
  let failure: Failure | undefined;
  for (const pass of passes) {
    for (let known = -1; failure === undefined && known !== sharedCount(world); ) {
      known = sharedCount(world);
      world.resultCounts.clear();
      const explorer = new Explorer(world, pass);
      failure = explorer.all();
      schedules = explorer.schedules;
      if (pass.reduce !== true) break;
    }
  }
  if (bounds.reduce === true) lookedAt.add(scenario);
  return { schedules, ends: world.ends.size, results: world.resultCounts, ...(failure && { failure }) };
}

function sharedCount<C>(world: World<C>): number {
  let count = 0;
  for (const location of world.touched.keys()) if (world.isShared(location)) count++;
  return count;
}

export interface Sampling extends WorldOptions {
  readonly seed: number;
  readonly count: number;
  /** Whether victims die at random. */
  readonly kills?: boolean;
}

/** Random schedules, each with a rate of pre-emptions of its own. */
export function sample<C>(scenario: Scenario<C>, { seed, count, memory, kills }: Sampling): Report {
  const world = new World(scenario, { memory });
  const word = wordsOf(seed);
  const next = () => word() / 2 ** 32;
  for (let i = 0; i < count; i++) {
    const rate = [0.01, 0.03, 0.1, 0.3][Math.floor(next() * 4)] as number;
    const outcome: Outcome = world.run((at, { kind, worker, waiting }) => {
      if (kind === "see") return { at, kind, value: Math.floor(next() * (waiting + 1)) };
      if (next() >= rate) return undefined;
      if (kills === true && scenario.victims?.includes(worker) === true && next() < 0.2)
        return { at, kind: "kill", value: worker };
      const others = scenario.programs.flatMap((_, other) =>
        other !== worker && world.canRun(other) ? [other] : [],
      );
      if (others.length === 0) return undefined;
      return { at, kind: "to", value: others[Math.floor(next() * others.length)] as number };
    });
    if (outcome.failure !== undefined) {
      const failure = { schedule: outcome.taken, message: outcome.failure };
      return { schedules: i + 1, ends: world.ends.size, results: world.resultCounts, failure };
    }
  }
  return { schedules: count, ends: world.ends.size, results: world.resultCounts };
}

// Runs one schedule of a scenario: who goes on before which access, who dies, what arrives late. The code
// under test is the shipped one; only its views and atomics are ours.

import { formatHeap } from "#src/format/format.js";
import { configOf } from "#src/format/options.js";
import { computeLayout } from "#src/layout/layout.js";
import type { Heap } from "#src/memory/heap.js";
import { journal, readJournal } from "#src/worker/journal.js";
import { Actor } from "./actor.ts";
import { assertCleanIsZero, fakeOs } from "./fake-os.ts";
import { Fiber, Overflow, Stopped, type Target } from "./fiber.ts";
import { judge } from "./finish.ts";
import { Machine } from "./machine.ts";
import { Objects, Violated } from "./objects.ts";
import type { Deviation, Scenario, Schedule, Step } from "./scenario.ts";

/** A place in a schedule where it could go another way. */
export interface Point {
  readonly kind: "access" | "see";
  readonly worker: number;
  readonly location: number;
  /** access: 0 in the middle of the worker's turn, 1 at the start of a turn by default, 2 of one by choice. */
  readonly turn: 0 | 1 | 2;
  readonly isAtomic: boolean;
  readonly writes: boolean;
  readonly mayThrow: boolean;
  /** access: what has happened to the worker so far beside accesses. */
  readonly events: number;
  /** see: stores that wait. */
  readonly waiting: number;
}

type PointMade = { -readonly [K in keyof Point]: Point[K] };

/** Decides at a point; undefined is the default. */
export type Decide = (at: number, point: Point) => Deviation | undefined;

export interface Outcome {
  readonly failure: string | undefined;
  /** Until the next schedule runs. */
  readonly points: readonly Point[];
  readonly taken: Schedule;
}

/** One for all: making an error costs more than a hundred accesses. */
const stopped = new Stopped();

export interface WorldOptions extends Target {
  /** strong; or weak, where stores arrive as early (eager) or as late (lazy) as they can by default. */
  readonly memory: "strong" | "eager" | "lazy";
}

/** A schedule of this many accesses does not end: somebody waits. */
const mostPoints = 50_000;

/** What was found out of a scenario's locations within some bounds holds within others, too. */
const touchedBy = new WeakMap<object, Map<number, number>>();

function touchedIn(scenario: object): Map<number, number> {
  const touched = touchedBy.get(scenario) ?? new Map<number, number>();
  touchedBy.set(scenario, touched);
  return touched;
}

export class World<C = unknown> {
  readonly scenario: Scenario<C>;
  readonly actors: Actor[];
  readonly fibers: Fiber[];
  readonly heap: Heap;
  readonly objects: Objects;
  readonly machine: Machine;
  /** Deaths in their order. */
  readonly dead: number[] = [];
  /** For each location, a bit for each worker that read it, and 8 bits up for each that wrote it. */
  readonly touched: Map<number, number>;
  readonly ends = new Set<string>();
  /** The ends of schedules that were judged right, with the results of the workers in each. */
  readonly resultCounts = new Map<string, number>();
  /** Whether a crash is reported with where it was: dear, so only when one is to be described. */
  traces = false;
  readonly context: C;
  private readonly memory: WorldOptions["memory"];
  private readonly done: boolean[];
  private decide: Decide = () => undefined;
  /** Filled anew by each schedule: to make a point for each access took a fifth of all time. */
  private readonly made: PointMade[] = [];
  private points: Point[] = [];
  private taken: Deviation[] = [];
  private isRunning = false;
  private turn: 0 | 1 | 2 = 1;
  private next: number | undefined;

  constructor(scenario: Scenario<C>, options: WorldOptions) {
    const { memory } = options;
    const { geometry, programs } = scenario;
    const maxWorkers = geometry.maxWorkers ?? programs.length + 1;
    const capacityBytes = (geometry.chunks + 1) * 65_536;
    const { slots = 16_384, roundLimit = 2, slabChunks = 16 } = geometry;
    const tiny = { slotsPerSlab: slots, roundLimit, slabChunks };
    const { classes, cleanupInterval = 0, isPool = false } = geometry;
    const config = configOf(capacityBytes, classes, maxWorkers, cleanupInterval, tiny, isPool);
    const buffer = new ArrayBuffer(capacityBytes);
    this.heap = formatHeap(buffer, 0, computeLayout(config), true);
    const { layout } = this.heap;
    if (layout.chunkCount !== geometry.chunks) throw new Error(`the heap has ${layout.chunkCount} chunks`);
    this.scenario = scenario;
    this.touched = touchedIn(scenario);
    this.memory = memory;
    const endOfBooks = layout.statesAt + layout.chunkCount * 2 ** layout.stateShift;
    const machine = () =>
      new Machine(
        buffer,
        layout.statesAt,
        endOfBooks,
        programs.length,
        (...what) => this.see(...what),
        geometry.keepsData,
      );
    this.objects = new Objects(buffer);
    const osOf = (fiber: Fiber) =>
      scenario.withOs?.includes(fiber.index) === true
        ? fakeOs(fiber, this.objects, layout, buffer)
        : undefined;
    const early = machine();
    this.fibers = programs.map(
      (_, i) => new Fiber(i, early, options, (...what) => this.beforeAccess(...what)),
    );
    this.actors = this.fibers.map(
      (fiber) => new Actor(fiber, this.objects, buffer, layout, scenario.mayRunOut === true, osOf(fiber)),
    );
    this.done = programs.map(() => false);
    this.context = this.setUp(early);
    this.machine = machine();
    for (const fiber of this.fibers) fiber.machine = this.machine;
  }

  private setUp(machine: Machine): C {
    for (const i of this.scenario.attached ?? this.actors.keys()) {
      const fiber = this.fibers[i] as Fiber;
      fiber.mode = "record";
      (this.actors[i] as Actor).begin();
      fiber.keep();
      fiber.mode = "free";
      machine.flush(i);
    }
    const context = this.scenario.setup?.(this.actors) as C;
    for (const fiber of this.fibers) machine.flush(fiber.index);
    this.objects.keep();
    return context;
  }

  /** Runs a schedule to its end, and judges the end. */
  run(decide: Decide): Outcome {
    if (this.scenario.geometry.keepsData !== true) this.objects.clearData(this.heap.dataAt);
    this.machine.reset();
    this.objects.reset();
    this.decide = decide;
    this.points = [];
    this.taken = [];
    this.dead.length = 0;
    this.turn = 1;
    this.next = undefined;
    this.done.fill(false);
    for (const fiber of this.fibers) fiber.forget();
    for (const actor of this.actors) actor.slab = undefined as never;
    const failure = this.attempt();
    return { failure, points: this.points, taken: this.taken };
  }

  replay(schedule: Schedule): Outcome {
    let position = 0;
    return this.run((at) => (schedule[position]?.at === at ? schedule[position++] : undefined));
  }

  /** Whether a worker died in the middle of its program, or was stopped by an exception. */
  isDisturbed(): boolean {
    return this.taken.some(({ kind }) => kind === "kill" || kind === "throw");
  }

  wasThrown(): boolean {
    return this.taken.some(({ kind }) => kind === "throw");
  }

  /** Whether a worker is in the heap and alive. */
  isPresent(worker: number): boolean {
    return !this.dead.includes(worker) && (this.actors[worker] as Actor).slab !== undefined;
  }

  /** Whether another worker touches a location too, and one of them writes it. */
  isShared(location: number): boolean {
    const bits = this.touched.get(location) ?? 0;
    const writers = bits >> 8;
    const users = (bits | writers) & 255;
    return writers !== 0 && (users & (users - 1)) !== 0;
  }

  private attempt(): string | undefined {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = this.traces ? 20 : 0;
    try {
      this.isRunning = true;
      this.machine.isWeak = this.memory !== "strong";
      for (let worker = this.pick(); worker >= 0; worker = this.pick()) this.giveTurn(worker);
      for (const fiber of this.fibers) this.machine.flush(fiber.index);
      this.isRunning = false;
      this.machine.isWeak = false;
      const wrong = this.scenario.verify?.(this.actors, this.context);
      if (wrong !== undefined) return wrong;
      if (this.scenario.withOs !== undefined) assertCleanIsZero(this.heap);
      judge(this);
      return undefined;
    } catch (error) {
      if (error instanceof Violated) return error.message;
      return error instanceof Error ? `crashed: ${error.stack}` : String(error);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
      this.isRunning = false;
    }
  }

  /** The worker whose turn it is: as the schedule said, or the first that can go on; −1 at the end. */
  private pick(): number {
    const chosen = this.next;
    this.next = undefined;
    this.turn = chosen === undefined ? 1 : 2;
    return chosen ?? this.actors.findIndex((_, i) => this.canRun(i));
  }

  canRun(worker: number): boolean {
    if (this.done[worker]) return false;
    return (this.scenario.startsAfter?.[worker] ?? []).every((other) => this.done[other]);
  }

  private giveTurn(worker: number): void {
    const fiber = this.fibers[worker] as Fiber;
    const actor = this.actors[worker] as Actor;
    for (const other of this.scenario.startsAfter?.[worker] ?? []) this.machine.flush(other);
    fiber.rewind();
    fiber.mode = "live";
    actor.clear();
    try {
      if (this.scenario.attached === undefined || this.scenario.attached.includes(worker)) actor.begin();
      this.runProgram(worker, actor);
      if (this.scenario.victims?.includes(worker) === true) this.dead.push(worker);
      this.done[worker] = true;
    } catch (reason) {
      if (!(reason instanceof Stopped)) throw reason;
    }
    fiber.mode = "free";
  }

  /** A worker that an exception passed through lives on. */
  private runProgram(worker: number, actor: Actor): void {
    const program = this.scenario.programs[worker] ?? [];
    let isDue = false;
    for (const [i, step] of program.entries()) {
      if (this.runStep(step, actor)) continue;
      if (actor.slab === undefined) return;
      if (this.scenario.goesOn === undefined) actor.call((slab) => slab.cleanup());
      else isDue ||= i >= program.length - 2;
    }
    if (isDue) actor.call((slab) => slab.cleanup());
  }

  /** False: an exception passed. */
  private runStep(step: Step<C>, actor: Actor): boolean {
    try {
      step(actor, this.context);
      return true;
    } catch (reason) {
      if (!(reason instanceof Overflow)) throw reason;
      actor.note("overflow");
      return false;
    }
  }

  /** Whether an exception may pass through an actor: its journal says that it is at what the scenario says, or anywhere. */
  private mayThrow({ slab, place }: Actor): boolean {
    const { goesOn } = this.scenario;
    if (goesOn === undefined || goesOn === "from anywhere") return true;
    const wanted = goesOn === "from moving" ? journal.moving : journal.resetting;
    return slab !== undefined && readJournal(this.heap, place) === wanted;
  }

  private beforeAccess(fiber: Fiber, location: number, writes: boolean, isAtomic: boolean): void {
    if (!this.isRunning) return;
    const worker = fiber.index;
    const seen = this.touched.get(location) ?? 0;
    const bits = writes ? 256 << worker : 1 << worker;
    if ((seen & bits) === 0) this.touched.set(location, seen | bits);
    const { turn } = this;
    this.turn = 0;
    const point = this.nextPoint();
    point.kind = "access";
    point.worker = worker;
    point.location = location;
    point.turn = turn;
    point.isAtomic = isAtomic;
    point.writes = writes;
    point.mayThrow = this.mayThrow(this.actors[worker] as Actor);
    point.events = fiber.events;
    point.waiting = 0;
    const decision = this.decideAt(point);
    if (decision === undefined) return;
    if (decision.kind === "throw") throw new Overflow("stack overflow");
    if (decision.kind === "kill") {
      this.done[worker] = true;
      this.dead.push(worker);
    } else this.next = decision.value;
    throw stopped;
  }

  /** How many waiting stores have arrived when another worker looks. */
  private see(waiting: number, worker: number, location: number): number {
    if (!this.isRunning) return waiting;
    const point = this.nextPoint();
    point.kind = "see";
    point.worker = worker;
    point.location = location;
    point.turn = 0;
    point.isAtomic = false;
    point.writes = false;
    point.mayThrow = false;
    point.waiting = waiting;
    const decision = this.decideAt(point);
    return decision?.value ?? (this.memory === "lazy" ? 0 : waiting);
  }

  private nextPoint(): PointMade {
    const at = this.points.length;
    if (at > mostPoints) throw new Violated("the schedule does not end");
    const point = this.made[at] ?? emptyPoint();
    this.made[at] = point;
    this.points.push(point);
    return point;
  }

  private decideAt(point: Point): Deviation | undefined {
    const decision = this.decide(this.points.length - 1, point);
    if (decision !== undefined) this.taken.push(decision);
    return decision;
  }
}

function emptyPoint(): PointMade {
  return {
    kind: "access",
    worker: 0,
    location: 0,
    turn: 0,
    isAtomic: false,
    writes: false,
    mayThrow: false,
    events: 0,
    waiting: 0,
  };
}

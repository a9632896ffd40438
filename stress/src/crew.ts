// The crew of a round: one seat for each worker, filled again as soon as it is empty, until time is up.

import type { ErrorCode } from "offheap";
import { type Death, Undertaker } from "./funeral.ts";
import { isStalled, type Moment, moment } from "./patience.ts";
import { type Ending, plannedMessage } from "./plan.ts";
import { pause, type Scene } from "./scene.ts";
import { Seat } from "./seat.ts";
import { settleCells } from "./settle-cells.ts";

const endings: readonly Ending[] = [
  "terminate",
  "terminate",
  "terminate",
  "terminate",
  "exit",
  "throw",
  "leave",
];
const detached: ErrorCode = "ERR_DETACHED";

export interface CrewOptions {
  readonly workers: number;
  readonly sizes: readonly number[];
  /** Longest life of a worker that is to be terminated, after it has joined. */
  readonly lifeMilliseconds: number;
  /** Threads that may be killed before they have said who they are; each costs a place until the end. */
  readonly killsJoining: number;
}

export class Crew {
  private readonly scene: Scene;
  private readonly options: CrewOptions;
  private readonly seats: Seat[];
  private readonly undertaker: Undertaker;
  private readonly burials = new Set<Promise<void>>();
  private killsJoining: number;
  private isOver = false;

  constructor(scene: Scene, options: CrewOptions) {
    this.scene = scene;
    this.options = options;
    this.seats = Array.from({ length: options.workers }, (_, i) => new Seat(i + 1));
    this.undertaker = new Undertaker(scene, this.seats);
    this.killsJoining = options.killsJoining;
  }

  /** Lives and deaths until `deadline`, by performance.now(); then everybody ends and is buried. */
  async run(deadline: number): Promise<void> {
    for (const seat of this.seats) this.fill(seat);
    while (performance.now() < deadline && this.scene.violations.length === 0) {
      await pause(1);
      this.lookAtAll();
    }
    this.isOver = true;
    this.scene.control.stop();
    const begin = moment();
    while (this.seats.some((seat) => seat.state !== "vacant") || this.burials.size > 0) {
      await pause(1);
      const at = this.lookAtAll();
      if (!isStalled(begin, at)) continue;
      this.scene.violate(
        `the round did not end: ${this.seats.map((seat) => seat.state)}, ${this.burials.size} burials`,
      );
      break;
    }
    for (const seat of this.seats) await seat.worker?.terminate();
  }

  private fill(seat: Seat): void {
    const { scene, options } = this;
    const { random, tally } = scene;
    const ending = random.pick(endings);
    const plan = {
      handle: scene.heap.handle,
      ledger: scene.ledger.buffer,
      control: scene.control.buffer,
      seat: seat.number,
      seed: Math.floor(random.part() * 2 ** 32),
      ending,
      lastStep: random.between(1, random.pick([100, 1000, 20_000])),
      sizes: options.sizes,
    };
    tally.threads++;
    scene.control.setWorkerId(seat.number, 0);
    scene.control.clearRequest(seat.number);
    scene.control.setLeaving(seat.number, false);
    seat.start(
      plan,
      scene.heap,
      random.part() < 0.2,
      () => this.ended(seat),
      (error) => this.failed(error),
    );
    // Some are killed on their way in. A tracked one is found by its thread, another at the end of the round.
    if (!this.isOver && ending === "terminate" && random.part() < 0.1) {
      if (seat.isTracked || this.killsJoining-- > 0) seat.killAt = performance.now() + random.part() * 80;
    }
  }

  private failed(error: Error): void {
    if (error.message === plannedMessage) return;
    // What a worker throws arrives as a copy; its stack names the place.
    const { code } = error as { code?: ErrorCode };
    if (code === detached && this.isOver) return;
    this.scene.violate(`a worker failed: ${error.stack ?? error.message}`);
  }

  private lookAtAll(): Moment {
    const at = moment();
    for (const seat of this.seats) this.look(seat, at);
    return at;
  }

  private look(seat: Seat, at: Moment): void {
    const { scene } = this;
    if (seat.worker === undefined) return;
    const { now } = at;
    if (seat.state === "starting" && scene.control.workerIdOf(seat.number) !== 0) {
      seat.state = "running";
      if (seat.ending === "terminate" && seat.killAt === Number.POSITIVE_INFINITY) {
        seat.killAt = now + scene.random.part() * this.options.lifeMilliseconds;
      }
      seat.movedAt = at;
    }
    if (now >= seat.killAt && !this.isOver) seat.kill();
    const operations = scene.control.countOf(seat.number, "operations");
    if (operations !== seat.lastOperations || seat.state === "starting") seat.movedAt = at;
    seat.lastOperations = operations;
    // Nobody waits for anybody, least of all for the dead.
    if (isStalled(seat.movedAt, at) && !seat.wasTerminated) {
      scene.violate(
        `the worker in seat ${seat.number} made no step for ${Math.round(now - seat.movedAt.now)} ms`,
      );
      seat.kill();
    }
  }

  /** At once, before anybody reaps: see settle-cells.ts. */
  private ended(seat: Seat): void {
    const { scene } = this;
    const { tally, control } = scene;
    const wasReaping = seat.errand !== undefined;
    seat.errand?.abandon();
    const nameless = settleCells(scene, seat.number);
    scene.nameless += nameless;
    const workerId = control.workerIdOf(seat.number);
    const hasLeft = seat.ending === "leave" && !seat.wasTerminated && !this.isOver;
    if (seat.wasTerminated) tally.terminated++;
    else if (!this.isOver)
      tally[({ exit: "exited", throw: "threw", leave: "left", terminate: "left" } as const)[seat.ending]]++;
    seat.state = "vacant";
    seat.worker = undefined;
    seat.errand = undefined;
    if (workerId !== 0) {
      const { isTracked } = seat;
      const wasLeaving = control.isLeaving(seat.number);
      this.bury({ workerId, nameless, hasLeft, wasLeaving, isTracked, wasReaping });
    } else if (seat.wasTerminated) tally.killedJoining++;
    if (!this.isOver && scene.violations.length === 0) this.fill(seat);
  }

  private bury(death: Death): void {
    const burial = this.undertaker
      .bury(death)
      .catch((error: unknown) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.scene.violate(`the burial of worker ${death.workerId} failed: ${text}`);
      })
      .then(() => {
        this.burials.delete(burial);
      });
    this.burials.add(burial);
  }
}

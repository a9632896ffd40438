// The processes of a round: each place filled again as soon as it is empty, until the time is up. SIGKILL ends them at any
// instruction; SIGSTOP makes them stand still for a while, alive.

import type { Random } from "offheap-tools";
import { pause } from "../scene.ts";
import { type Being, Forker, startProcess } from "./births.ts";
import type { Orders } from "./life.ts";
import type { Notes } from "./notes.ts";
import type { Heap, Shape } from "./shape.ts";
import { type ProcessTally, strikeOf } from "./tally.ts";

/** A process that is not killed ends after so long at the latest, when it is told to. */
const endMilliseconds = 60_000;
const stopMilliseconds = 40;
/** The share of processes that have a second thread, and with that are started: of those without, another such share is. */
const startedShare = 0.03;
/** Milliseconds from its beginning in which some processes are killed on their way in. */
const wayIn = { started: 300, forked: 40 };

interface Place {
  readonly number: number;
  being: Being | undefined;
  seats: number[];
  /** By performance.now(). */
  killAt: number;
  /** When it goes on, where it is stopped. */
  goesOnAt: number;
  isStopped: boolean;
  wasKilled: boolean;
}

export interface Round {
  readonly heap: Heap;
  readonly notes: Notes;
  readonly notesPath: string;
  readonly shape: Shape;
  readonly random: Random;
  readonly tally: ProcessTally;
  readonly violations: string[];
  /** Objects at most that the dead had allocated, and that no cell knows. */
  nameless: number;
}

export class ProcessCrew {
  private readonly round: Round;
  private readonly places: Place[];
  private readonly lifeMilliseconds: number;
  private readonly forker: Forker | undefined;
  private isOver = false;

  constructor(round: Round, count: number, lifeMilliseconds: number) {
    this.round = round;
    this.lifeMilliseconds = lifeMilliseconds;
    this.forker = Forker.isPossible() ? new Forker(this.ordersFor([1])) : undefined;
    this.places = Array.from({ length: count }, (_, number) => ({
      number,
      being: undefined,
      seats: [],
      killAt: 0,
      goesOnAt: 0,
      isStopped: false,
      wasKilled: false,
    }));
  }

  /** For so long, from when processes can be forked. */
  async run(milliseconds: number): Promise<void> {
    const { violations } = this.round;
    if ((await this.forker?.ready) === false) violations.push(`nothing can be forked: ${this.forker?.said}`);
    const deadline = performance.now() + milliseconds;
    for (const place of this.places) this.fill(place);
    while (performance.now() < deadline && violations.length === 0) {
      await pause(1);
      for (const place of this.places) this.look(place);
    }
    this.isOver = true;
  }

  /** Some are told to end, and the others killed. */
  async end(): Promise<void> {
    const { random, notes, violations } = this.round;
    for (const place of this.places) {
      if (random.part() < 0.5) this.kill(place);
      else this.goOn(place);
    }
    notes.stop();
    const end = performance.now() + endMilliseconds;
    while (this.places.some(({ being }) => being !== undefined)) {
      await pause(1);
      if (performance.now() < end) continue;
      violations.push("a process did not end when it was told to");
      for (const place of this.places) this.kill(place);
      break;
    }
    await this.forker?.stop();
  }

  private ordersFor(seats: readonly number[]): Orders {
    const { shape, notesPath, random } = this.round;
    return { shape, notes: notesPath, seats, seed: Math.floor(random.part() * 2 ** 31) };
  }

  private fill(place: Place): void {
    const { notes, random, tally } = this.round;
    const seat = place.number * 2 + 1;
    const dice = random.part();
    const isForked = this.forker !== undefined && dice > 2 * startedShare;
    place.seats =
      dice < (isForked ? 0 : this.forker === undefined ? 0.5 : startedShare) ? [seat, seat + 1] : [seat];
    for (const each of place.seats) notes.clear(each);
    Object.assign(place, { killAt: 0, isStopped: false, wasKilled: false });
    const ended = (end: number | string, words: string) => this.ended(place, end, words);
    const orders = this.ordersFor(place.seats);
    place.being = isForked ? this.forker?.fork(orders, ended) : startProcess(orders, ended);
    tally.processes++;
    if (isForked) tally.forked++;
    if (random.part() < 0.1)
      place.killAt = performance.now() + random.part() * (isForked ? wayIn.forked : wayIn.started);
  }

  private look(place: Place): void {
    const { notes, random, tally } = this.round;
    const now = performance.now();
    if (place.being === undefined || place.wasKilled) return;
    if (place.killAt === 0) {
      if (!place.seats.every((seat) => notes.isReady(seat))) return;
      place.killAt = now + random.part() * this.lifeMilliseconds;
    }
    if (now >= place.killAt) this.kill(place);
    else if (place.isStopped && now >= place.goesOnAt) this.goOn(place);
    else if (!place.isStopped && random.part() < 0.005) {
      place.being.signal("SIGSTOP");
      Object.assign(place, { isStopped: true, goesOnAt: now + random.part() * stopMilliseconds });
      tally.stops++;
    }
  }

  private kill(place: Place): void {
    if (place.being === undefined || place.wasKilled) return;
    const { tally } = this.round;
    place.wasKilled = place.being.signal("SIGKILL");
    tally.kills++;
    if (place.isStopped) tally.killedStopped++;
  }

  private goOn(place: Place): void {
    place.being?.signal("SIGCONT");
    place.isStopped = false;
  }

  private ended(place: Place, end: number | string, words: string): void {
    const { violations, tally, notes } = this.round;
    place.being = undefined;
    const isPlanned = end === "SIGKILL" ? place.wasKilled : end === 0 && this.isOver;
    if (!isPlanned) violations.push(`a process ended by ${end}: ${words}`);
    else if (end === 0) tally.ended++;
    for (const seat of place.seats) {
      notes.cells.abandon(seat);
      if (!notes.hasLeft(seat)) this.reckon(seat);
    }
    if (!this.isOver && violations.length === 0) this.fill(place);
  }

  /** Where the kill struck a thread. Half of them are reaped here, the others by whoever comes upon them. */
  private reckon(seat: number): void {
    const { notes, tally, random, heap, shape } = this.round;
    const id = notes.workerIdOf(seat);
    this.round.nameless += notes.holdingOf(seat) + 1;
    if (id === 0) {
      tally.strikes.joining++;
      return;
    }
    const report = random.pick([true, true, false]) ? heap.reap(id, { live: shape.live }) : undefined;
    if (report?.reaped) tally.reapedByParent++;
    else tally.reapedByOthers++;
    tally.strikes[strikeOf(report?.operation ?? "none", notes.insideOf(seat))]++;
  }
}

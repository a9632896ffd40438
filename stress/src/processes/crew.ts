// The processes of a round: each place filled again as soon as it is empty, until the time is up. SIGKILL ends them at any
// instruction; SIGSTOP makes them stand still for a while, alive.

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { pick, type Random } from "../random.ts";
import { pause } from "../scene.ts";
import type { Orders } from "./child.ts";
import type { Notes } from "./notes.ts";
import type { Heap, Shape } from "./shape.ts";
import { type ProcessTally, strikeOf } from "./tally.ts";

const childPath = fileURLToPath(new URL("./child.js", import.meta.url));
/** A process that is not killed ends after so long at the latest, when it is told to. */
const endMilliseconds = 60_000;
const stopMilliseconds = 40;

interface Place {
  readonly number: number;
  child: ChildProcess | undefined;
  seats: number[];
  /** By performance.now(). */
  killAt: number;
  /** When it goes on, where it is stopped. */
  goesOnAt: number;
  isStopped: boolean;
  wasKilled: boolean;
  words: string;
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
  private isOver = false;

  constructor(round: Round, count: number, lifeMilliseconds: number) {
    this.round = round;
    this.lifeMilliseconds = lifeMilliseconds;
    this.places = Array.from({ length: count }, (_, number) => ({
      number,
      child: undefined,
      seats: [],
      killAt: 0,
      goesOnAt: 0,
      isStopped: false,
      wasKilled: false,
      words: "",
    }));
  }

  /** Until `deadline`. */
  async run(deadline: number): Promise<void> {
    const { violations } = this.round;
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
      if (random() < 0.5) this.kill(place);
      else this.goOn(place);
    }
    notes.stop();
    const end = performance.now() + endMilliseconds;
    while (this.places.some(({ child }) => child !== undefined)) {
      await pause(1);
      if (performance.now() < end) continue;
      violations.push("a process did not end when it was told to");
      for (const place of this.places) this.kill(place);
      break;
    }
  }

  private fill(place: Place): void {
    const { shape, notes, notesPath, random, tally } = this.round;
    const seat = place.number * 2 + 1;
    place.seats = random() < 0.5 ? [seat] : [seat, seat + 1];
    for (const each of place.seats) notes.clear(each);
    const orders: Orders = {
      shape,
      notes: notesPath,
      seats: place.seats,
      seed: Math.floor(random() * 2 ** 31),
    };
    const child = spawn(process.execPath, [childPath, JSON.stringify(orders)], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    Object.assign(place, { child, killAt: 0, isStopped: false, wasKilled: false, words: "" });
    child.stderr?.setEncoding("utf8").on("data", (words: string) => {
      place.words += words;
    });
    child.once("close", (code, signal) => this.ended(place, code, signal));
    tally.processes++;
    // Some are killed on their way in.
    if (random() < 0.1) place.killAt = performance.now() + random() * 150;
  }

  private look(place: Place): void {
    const { notes, random, tally } = this.round;
    const now = performance.now();
    if (place.child === undefined || place.wasKilled) return;
    if (place.killAt === 0) {
      if (!place.seats.every((seat) => notes.isReady(seat))) return;
      place.killAt = now + random() * this.lifeMilliseconds;
    }
    if (now >= place.killAt) this.kill(place);
    else if (place.isStopped && now >= place.goesOnAt) this.goOn(place);
    else if (!place.isStopped && random() < 0.005) {
      place.child.kill("SIGSTOP");
      Object.assign(place, { isStopped: true, goesOnAt: now + random() * stopMilliseconds });
      tally.stops++;
    }
  }

  private kill(place: Place): void {
    if (place.child === undefined || place.wasKilled) return;
    const { tally } = this.round;
    place.wasKilled = place.child.kill("SIGKILL");
    tally.kills++;
    if (place.isStopped) tally.killedStopped++;
  }

  private goOn(place: Place): void {
    place.child?.kill("SIGCONT");
    place.isStopped = false;
  }

  private ended(place: Place, code: number | null, signal: string | null): void {
    const { violations, tally, notes } = this.round;
    place.child = undefined;
    const isPlanned = signal === "SIGKILL" ? place.wasKilled : code === 0 && this.isOver;
    if (!isPlanned) violations.push(`a process ended by ${signal ?? code}: ${place.words}`);
    else if (signal === null) tally.ended++;
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
    const report = pick(random, [true, true, false]) ? heap.reap(id, { live: shape.live }) : undefined;
    if (report?.reaped) tally.reapedByParent++;
    else tally.reapedByOthers++;
    tally.strikes[strikeOf(report?.operation ?? "none", notes.insideOf(seat))]++;
  }
}

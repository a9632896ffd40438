// The processes of a round: each seat filled again as soon as it is empty, until the time is up. SIGKILL ends them at any
// instruction; SIGSTOP makes them stand still for a while, alive, some with a claim.

import type { Random } from "offheap-tools";
import { isStalled, moment } from "../patience.ts";
import { type Being, startProcess } from "../processes/births.ts";
import { pause } from "../scene.ts";
import type { CacheOrders } from "./child.ts";
import type { CacheNotes } from "./notes.ts";
import type { Cache, CacheShape } from "./shape.ts";
import type { CacheTally } from "./tally.ts";

const stopMilliseconds = 40;
/** Milliseconds from its beginning in which some are killed on their way in. */
const wayInMilliseconds = 300;
const childFile = "../cache/child.js";

interface Seat {
  readonly number: number;
  being: Being | undefined;
  /** By performance.now(). */
  killAt: number;
  /** When it goes on, where it is stopped. */
  goesOnAt: number;
  wasKilled: boolean;
}

export interface CacheRound {
  readonly cache: Cache;
  readonly shape: CacheShape;
  readonly notes: CacheNotes;
  readonly notesPath: string;
  readonly random: Random;
  readonly tally: CacheTally;
  readonly violations: string[];
}

export class CacheCrew {
  private readonly round: CacheRound;
  private readonly seats: Seat[];
  private readonly lifeMilliseconds: number;
  private lives = 0;
  private isOver = false;

  constructor(round: CacheRound, count: number, lifeMilliseconds: number) {
    this.round = round;
    this.lifeMilliseconds = lifeMilliseconds;
    this.seats = Array.from({ length: count }, (_, i) => ({
      ...{ number: i + 1, being: undefined, killAt: 0, goesOnAt: 0, wasKilled: false },
    }));
  }

  async run(milliseconds: number): Promise<void> {
    const deadline = performance.now() + milliseconds;
    for (const seat of this.seats) this.fill(seat);
    while (performance.now() < deadline && this.round.violations.length === 0) {
      await pause(1);
      this.measure();
      for (const seat of this.seats) this.look(seat);
    }
    this.isOver = true;
  }

  /** Some are told to end, and the others killed. None waits for a claim of the dead. */
  async end(): Promise<void> {
    const { random, notes, violations } = this.round;
    for (const seat of this.seats) {
      if (random.chance(50)) this.kill(seat);
      else this.goOn(seat);
    }
    notes.stop();
    const begin = moment();
    while (this.seats.some(({ being }) => being !== undefined)) {
      await pause(1);
      this.measure();
      if (!isStalled(begin, moment())) continue;
      violations.push("a process did not end when it was told to: it may wait for a claim");
      for (const seat of this.seats) this.kill(seat);
      break;
    }
  }

  private measure(): void {
    const { cache, shape, tally, violations } = this.round;
    const { bytes } = cache;
    tally.looks++;
    tally.highest = Math.max(tally.highest, bytes / shape.maxBytes);
    if (bytes > shape.maxBytes) violations.push(`the cache has ${bytes} bytes of ${shape.maxBytes}`);
  }

  private fill(seat: Seat): void {
    const { notes, notesPath, random, tally, shape } = this.round;
    notes.clear(seat.number);
    const orders: CacheOrders = {
      ...{ shape, notes: notesPath, seat: seat.number, life: ++this.lives },
      seed: random.below(2 ** 31),
    };
    const killAt = random.chance(10) ? performance.now() + random.below(wayInMilliseconds) : 0;
    Object.assign(seat, { killAt, goesOnAt: 0, wasKilled: false });
    seat.being = startProcess(orders, (end, words) => this.ended(seat, end, words), childFile);
    tally.processes++;
  }

  private look(seat: Seat): void {
    const { notes, random, tally } = this.round;
    const now = performance.now();
    if (seat.being === undefined || seat.wasKilled) return;
    if (seat.killAt === 0) {
      if (!notes.isReady(seat.number)) return;
      seat.killAt = now + random.part() * this.lifeMilliseconds;
    }
    if (now >= seat.killAt) this.kill(seat);
    else if (seat.goesOnAt !== 0 && now >= seat.goesOnAt) this.goOn(seat);
    else if (seat.goesOnAt === 0 && random.part() < 0.005) {
      seat.being.signal("SIGSTOP");
      seat.goesOnAt = now + random.part() * stopMilliseconds;
      tally.stops++;
    }
  }

  private kill(seat: Seat): void {
    if (seat.being === undefined || seat.wasKilled) return;
    seat.wasKilled = seat.being.signal("SIGKILL");
    this.round.tally.kills++;
  }

  private goOn(seat: Seat): void {
    seat.being?.signal("SIGCONT");
    seat.goesOnAt = 0;
  }

  private ended(seat: Seat, end: number | string, words: string): void {
    const { violations, tally, notes } = this.round;
    seat.being = undefined;
    const isPlanned = end === "SIGKILL" ? seat.wasKilled : end === 0 && this.isOver;
    if (!isPlanned) violations.push(`a process ended by ${end}: ${words}`);
    else if (end === 0) tally.ended++;
    else if (!notes.isReady(seat.number)) tally.killedOpening++;
    else if (notes.isMaking(seat.number)) tally.killedMaking++;
    if (!this.isOver && violations.length === 0) this.fill(seat);
  }
}

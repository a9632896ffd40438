// The words through which the main thread and its workers talk without messages, so that a worker never
// returns to its event loop: one line for each seat, and one flag for all.

import type { ReapReport } from "offheap";

const wordsPerSeat = 32;
const word = { workerId: 0, request: 1, reply: 2, report: 3, leaving: 15 } as const;
const reply = { none: 0, begun: 1, done: 2 } as const;
/** Running counts of a seat, over all who sat there; written by the one who sits there now. */
export const count = {
  operations: 16,
  outOfMemory: 17,
  caught: 18,
  rejoins: 19,
  cutByStack: 20,
  adoptions: 21,
  reaps: 22,
} as const;
export type CountName = keyof typeof count;

const operations = ["none", "slow", "allocate", "deallocate"] as const;
const reportNumbers = [
  "cachedSlots",
  "cachedBytes",
  "liveObjects",
  "freedObjects",
  "freedBytes",
  "claims",
  "spans",
] as const;

/** What a reaper found, without the id. */
export type Findings = Omit<ReapReport, "workerId">;

export class Control {
  readonly buffer: SharedArrayBuffer;
  private readonly words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
  }

  /** Seat 0 is the main thread's; its line holds the flag. */
  static create(seats: number): Control {
    return new Control(new SharedArrayBuffer((seats + 1) * wordsPerSeat * 4));
  }

  stop(): void {
    Atomics.store(this.words, 0, 1);
  }

  isStopped(): boolean {
    return Atomics.load(this.words, 0) !== 0;
  }

  workerIdOf(seat: number): number {
    return Atomics.load(this.words, seat * wordsPerSeat + word.workerId);
  }

  setWorkerId(seat: number, id: number): void {
    Atomics.store(this.words, seat * wordsPerSeat + word.workerId, id);
  }

  /** Whether it is between the begin of a detach and the end of the next attach. */
  isLeaving(seat: number): boolean {
    return Atomics.load(this.words, seat * wordsPerSeat + word.leaving) !== 0;
  }

  setLeaving(seat: number, isLeaving: boolean): void {
    Atomics.store(this.words, seat * wordsPerSeat + word.leaving, isLeaving ? 1 : 0);
  }

  /** Asks the one who sits there to reap a worker. */
  requestReap(seat: number, id: number, live: boolean): void {
    Atomics.store(this.words, seat * wordsPerSeat + word.reply, reply.none);
    Atomics.store(this.words, seat * wordsPerSeat + word.request, id * 2 + (live ? 1 : 0));
  }

  /** The worker that this seat was asked to reap. */
  requestOf(seat: number): { id: number; live: boolean } | undefined {
    const request = Atomics.load(this.words, seat * wordsPerSeat + word.request);
    return request === 0 ? undefined : { id: request >>> 1, live: (request & 1) === 1 };
  }

  /** Takes the seat's request, and its answer, away. */
  clearRequest(seat: number): void {
    Atomics.store(this.words, seat * wordsPerSeat + word.request, 0);
    Atomics.store(this.words, seat * wordsPerSeat + word.reply, reply.none);
  }

  /** The one who was asked is about to reap. */
  beginReap(seat: number): void {
    Atomics.store(this.words, seat * wordsPerSeat + word.reply, reply.begun);
  }

  hasBegun(seat: number): boolean {
    return Atomics.load(this.words, seat * wordsPerSeat + word.reply) !== reply.none;
  }

  reply(seat: number, found: Findings): void {
    const at = seat * wordsPerSeat + word.report;
    this.words[at] = found.reaped ? 1 : 0;
    this.words[at + 1] = operations.indexOf(found.operation);
    reportNumbers.forEach((name, i) => {
      this.words[at + 2 + i] = found[name];
    });
    // The request goes first: a worker that answered must not find it again.
    Atomics.store(this.words, seat * wordsPerSeat + word.request, 0);
    Atomics.store(this.words, seat * wordsPerSeat + word.reply, reply.done);
  }

  replyOf(seat: number): Findings | undefined {
    if (Atomics.load(this.words, seat * wordsPerSeat + word.reply) !== reply.done) return undefined;
    const at = seat * wordsPerSeat + word.report;
    const found: Record<string, number> = {};
    reportNumbers.forEach((name, i) => {
      found[name] = this.words[at + 2 + i] as number;
    });
    return {
      ...(found as Record<(typeof reportNumbers)[number], number>),
      reaped: this.words[at] === 1,
      operation: operations[this.words[at + 1] as number] ?? "none",
    };
  }

  add(seat: number, name: CountName): void {
    const at = seat * wordsPerSeat + count[name];
    this.words[at] = ((this.words[at] as number) + 1) | 0;
  }

  countOf(seat: number, name: CountName): number {
    return (this.words[seat * wordsPerSeat + count[name]] as number) >>> 0;
  }
}

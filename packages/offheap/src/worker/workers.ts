// The worker words: who is attached. 64 bits, one compare-exchange a change, so that a worker killed at any
// instruction of attach or reap is either not there at all or can be told by its word alone.
//
//   bits 0–1 state | 2–8 reaper | 9–36 thread token | 37–62 incarnation
//   FREE → LIVE(incarnation + 1) → REAPING(reaper) → FREE        LIVE → FREE by detach
//   LIVE → GONE (its thread is known to have ended) → REAPING, or → LIVE(incarnation + 1) by who attaches
//
// One reaper wins. A dead reaper's work is taken over before its own place becomes free. Who takes a place that is
// GONE takes its record as it is, and recovers it: killed in the midst of that, it is recovered as any worker.

import { AllocatorError, show, type WorkerId, type WorkerPlace } from "../base/index.ts";
import { maxWorkerPlaces, placeNumbers, workerLive, workerStateMask } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { noToken, processOf, threadOf, tokenBits } from "./tokens.ts";

const state = { free: 0n, live: BigInt(workerLive), reaping: 2n, gone: 3n } as const;
const stateMask = BigInt(workerStateMask);
const reaperShift = 2n;
const reaperMask = BigInt(placeNumbers - 1);
const tokenShift = 9n;
const tokenMask = (1n << BigInt(tokenBits)) - 1n;
const incarnationShift = tokenShift + BigInt(tokenBits);
export const lastIncarnation = 2 ** 26 - 1;
/** Workers that an error names. */
const mostNamed = 16;

export interface WorkerWord {
  readonly state: "free" | "live" | "reaping" | "gone" | "broken";
  readonly reaper: WorkerPlace;
  readonly token: number;
  readonly incarnation: number;
}

/** A live worker, and its word as it was read. */
export interface LiveWorker {
  readonly place: WorkerPlace;
  readonly word: bigint;
  readonly token: number;
}

export function placeOf(id: WorkerId): WorkerPlace {
  return (id % placeNumbers) as WorkerPlace;
}

export function incarnationOf(id: WorkerId): number {
  return Math.floor(id / placeNumbers);
}

/** A worker id as a caller gave it. @throws ERR_INVALID_WORKER for what is none, and for the caller's own */
export function checkWorkerId(id: unknown, own: WorkerId, call: "reap" | "track"): WorkerId {
  const place = Number.isSafeInteger(id) && (id as number) > 0 ? placeOf(id as WorkerId) : 0;
  if (place < 1 || place > maxWorkerPlaces)
    throw new AllocatorError("ERR_INVALID_WORKER", `no worker id: ${show(id)}`);
  if (id === own) throw new AllocatorError("ERR_INVALID_WORKER", `a worker cannot ${call} itself`);
  return id as WorkerId;
}

export class Workers {
  private readonly heap: Heap;
  private readonly at: number;

  constructor(heap: Heap) {
    this.heap = heap;
    this.at = heap.layout.workersAt / 2;
  }

  read(place: WorkerPlace): WorkerWord {
    return decode(this.load(place));
  }

  idOf(place: WorkerPlace): WorkerId {
    return (this.read(place).incarnation * placeNumbers + place) as WorkerId;
  }

  /** Whether this very worker is in the heap, alive as far as the heap knows. */
  isLive(id: WorkerId): boolean {
    const word = this.read(placeOf(id));
    return word.state === "live" && word.incarnation === incarnationOf(id);
  }

  /** The halves of the word as it stands, to be compared with later: no BigInt is made. */
  halvesOf(place: WorkerPlace): readonly [number, number] {
    const at = this.heap.layout.workersAt + place * 2;
    return [this.heap.words[at] as number, this.heap.words[at + 1] as number];
  }

  /** Whether the word is what it was. Plain loads: that a live worker was reaped is told soon, not at once. */
  isStill(place: WorkerPlace, [low, high]: readonly [number, number]): boolean {
    const { words, layout } = this.heap;
    const at = layout.workersAt + place * 2;
    return words[at] === low && words[at + 1] === high;
  }

  /**
   * Takes a free place, else one whose thread is known to have ended, which is `inherited` with all that is in it. The
   * word carries the identity, so a kill right after is reaped. @throws ERR_TOO_MANY_WORKERS
   */
  join(token: number): { place: WorkerPlace; inherited: boolean } {
    for (const from of ["free", "gone"] as const) {
      for (let place = 1 as WorkerPlace; place <= this.heap.layout.maxWorkers; place++) {
        const before = this.load(place);
        const word = decode(before);
        if (word.state !== from || word.incarnation >= lastIncarnation) continue;
        const after = encode(state.live, 0, token, word.incarnation + 1);
        if (this.swap(place, before, after)) return { place, inherited: from === "gone" };
      }
    }
    throw this.tooMany();
  }

  /** Says that the thread with this token, which has ended, leaves the place as it is. */
  markGone(place: WorkerPlace, token: number): void {
    const before = this.load(place);
    const word = decode(before);
    if (word.state === "live" && word.token === token)
      this.swap(place, before, encode(state.gone, 0, token, word.incarnation));
  }

  /** The live workers, each with its word, read once. */
  live(): LiveWorker[] {
    const found: LiveWorker[] = [];
    for (let place = 1 as WorkerPlace; place <= this.heap.layout.maxWorkers; place++) {
      const word = this.load(place);
      const { state, token } = decode(word);
      if (state === "live") found.push({ place, word, token });
    }
    return found;
  }

  /** Says that the very worker that had this word has ended, with its process. */
  bury({ place, word }: LiveWorker): void {
    this.swap(place, word, encode(state.gone, 0, noToken, decode(word).incarnation));
  }

  leave(place: WorkerPlace): void {
    const before = this.load(place);
    this.swap(place, before, encode(state.free, 0, noToken, decode(before).incarnation));
  }

  /**
   * Becomes the reaper of a worker, or of what an earlier reaper of this place, `heirOf`, left undone, or
   * of a free place whose last worker left strays. False: it is gone, or another live worker reaps it.
   */
  win(
    place: WorkerPlace,
    reaper: WorkerPlace,
    from: "live" | "gone" | "free" | "reaping",
    expected: number,
  ): boolean {
    const before = this.load(place);
    const word = decode(before);
    if (word.state !== from) return false;
    if (from === "reaping" ? word.reaper !== expected : word.incarnation !== expected) return false;
    return this.swap(place, before, encode(state.reaping, reaper, word.token, word.incarnation));
  }

  /** The places for which `test` holds. */
  filter(test: (word: WorkerWord, place: WorkerPlace) => boolean): WorkerPlace[] {
    const places: WorkerPlace[] = [];
    for (let place = 1; place <= this.heap.layout.maxWorkers; place++) {
      if (test(this.read(place as WorkerPlace), place as WorkerPlace)) places.push(place as WorkerPlace);
    }
    return places;
  }

  private tooMany(): AllocatorError {
    const taken = this.filter(({ state }) => state !== "free").map((place) => {
      const { token } = this.read(place);
      const [thread, process] = [threadOf(this.heap, token), processOf(this.heap, token)];
      const where = process === 0 ? `thread ${thread}` : `thread ${thread} of process ${process}`;
      return thread === undefined ? `${this.idOf(place)}` : `${this.idOf(place)} (${where})`;
    });
    const rest = taken.length > mostNamed ? `, and ${taken.length - mostNamed} more` : "";
    return new AllocatorError(
      "ERR_TOO_MANY_WORKERS",
      `all ${this.heap.layout.maxWorkers} places are taken: by workers ${taken.slice(0, mostNamed).join(", ")}${rest}. ` +
        "A worker that has ended without detach keeps its place until track or reap(workerId) gives it back",
    );
  }

  private load(place: WorkerPlace): bigint {
    return this.heap.atomics.loadWide(this.heap.wide, this.at + place);
  }

  private swap(place: WorkerPlace, before: bigint, after: bigint): boolean {
    return this.heap.atomics.swapWide(this.heap.wide, this.at + place, before, after);
  }
}

/** The word of the same place, and of no worker. */
export function endedWord(word: bigint): bigint {
  return encode(state.free, 0, noToken, decode(word).incarnation);
}

function encode(kind: bigint, reaper: number, token: number, incarnation: number): bigint {
  const identity = (BigInt(token) << tokenShift) | (BigInt(incarnation) << incarnationShift);
  return kind | (BigInt(reaper) << reaperShift) | identity;
}

function decode(word: bigint): WorkerWord {
  const kind = word & stateMask;
  const states = ["free", "live", "reaping", "gone"] as const;
  return {
    state: word < 0n ? "broken" : (states[Number(kind)] as WorkerWord["state"]),
    reaper: Number((word >> reaperShift) & reaperMask) as WorkerPlace,
    token: Number((word >> tokenShift) & tokenMask),
    incarnation: word < 0n ? 0 : Number(word >> incarnationShift),
  };
}

// A seat: one place in the crew, with the thread that sits there now.

import { Worker } from "node:worker_threads";
import type { SlabAllocator } from "offheap";
import type { Moment } from "./patience.ts";
import type { Ending, Plan } from "./plan.ts";

export type SeatState = "vacant" | "starting" | "running";

/** A reaping that the one who sits here was asked to do. */
export interface Errand {
  /** Called when the one who was asked has died: at once, before anybody reaps it. */
  abandon(): void;
}

export class Seat {
  readonly number: number;
  state: SeatState = "vacant";
  worker: Worker | undefined;
  ending: Ending = "terminate";
  isTracked = false;
  wasTerminated = false;
  errand: Errand | undefined;
  /** When it is to be killed, in milliseconds, and when its count of operations last moved. */
  killAt = Number.POSITIVE_INFINITY;
  movedAt: Moment = { now: 0, busy: 0 };
  lastOperations = -1;

  constructor(number: number) {
    this.number = number;
  }

  start(
    plan: Plan,
    heap: SlabAllocator,
    isTracked: boolean,
    onExit: () => void,
    onError: (error: Error) => void,
  ): void {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: plan, execArgv: [] });
    this.worker = worker;
    this.state = "starting";
    this.ending = plan.ending;
    this.isTracked = isTracked;
    this.wasTerminated = false;
    this.errand = undefined;
    this.killAt = Number.POSITIVE_INFINITY;
    this.lastOperations = -1;
    worker.on("error", onError);
    // Ours comes first: the cells of the dead are settled before anybody gives away what it had cached.
    worker.once("exit", onExit);
    if (isTracked) heap.track(worker);
  }

  kill(): void {
    this.wasTerminated = true;
    this.killAt = Number.POSITIVE_INFINITY;
    void this.worker?.terminate();
  }
}

// Recovers the workers of processes that have ended, where processes share the heap: at attach, when memory is short, and at a
// clean-up now and then. Nobody need watch.

import type { WorkerId } from "../base/index.ts";
import type { Heap } from "../memory/index.ts";
import { markDead, type Workers } from "../worker/index.ts";
import { Reaper, type ReapReport } from "./reaper.ts";
import type { LiveObjects } from "./recover.ts";

/** Milliseconds between two looks of clean-ups: each is a call of the system for every process. */
const betweenLooks = 500;

/** What recovers: a worker's slow half. */
export interface Reaping {
  readonly heap: Heap;
  readonly workers: Workers;
  reap(id: WorkerId, live: LiveObjects): ReapReport;
}

export class DeadProcesses {
  private readonly slow: Reaping;
  private nextLook = 0;

  constructor(slow: Reaping) {
    this.slow = slow;
  }

  /** True: there were some. */
  reap(): boolean {
    if (this.slow.heap.process === 0) return false;
    markDead(this.slow.heap);
    return this.reapGone();
  }

  reapNowAndThen(): void {
    if (this.slow.heap.process === 0 || Date.now() < this.nextLook) return;
    this.nextLook = Date.now() + betweenLooks;
    this.reap();
  }

  /** Those that are known to have ended already. */
  reapGone(): boolean {
    const { heap, workers } = this.slow;
    if (heap.process === 0) return false;
    const gone = workers.filter(({ state }) => state === "gone").map((place) => workers.idOf(place));
    return gone.map((id) => this.slow.reap(id, Reaper.usual(heap))).some(({ reaped }) => reaped);
  }
}

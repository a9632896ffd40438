// Who may recover whom: reaping as the worker words order it. recover.ts does the work.

import type { WorkerId, WorkerSlot } from "../base/index.ts";
import { sizeClassesOf } from "../layout/index.ts";
import { type Magazines, straysOf } from "../slab/index.ts";
import { slotOf, type Workers } from "../worker/index.ts";
import { emptyRecovery, type LiveObjects, Recoverer, type Recovery } from "./recover.ts";

/** What `reap` found; all zero for a worker that is unknown, alive elsewhere in the queue, or reaped before. */
export interface ReapReport extends Readonly<Recovery> {
  readonly workerId: WorkerId;
  readonly reaped: boolean;
}

export class Reaper {
  private readonly magazines: Magazines;
  private readonly workers: Workers;
  private readonly self: WorkerSlot;

  constructor(magazines: Magazines, workers: Workers) {
    this.magazines = magazines;
    this.workers = workers;
    this.self = magazines.slabs.worker;
  }

  /** Recovers a dead worker, if nobody else does. */
  reap(id: WorkerId, live: LiveObjects): ReapReport {
    const slot = slotOf(id);
    const incarnation = Math.floor(id / 128);
    const found = emptyRecovery();
    const word = this.workers.read(slot);
    const isMine = word.state === "reaping" && word.reaper === this.self && word.incarnation === incarnation;
    const from = word.state === "gone" ? "gone" : "live";
    const reaped = isMine || this.workers.win(slot, this.self, from, incarnation);
    if (reaped) this.finish(slot, live, found);
    return { workerId: id, reaped, ...found };
  }

  /** Takes over what this worker began to reap before an exception stopped it. */
  resume(): void {
    this.takeOver(this.self, emptyRecovery());
  }

  /** Brings home what workers left behind that were gone before a slab of theirs was let go. */
  collectLeftovers(): void {
    const { heap } = this.magazines.slabs;
    for (const slot of this.workers.filter((word) => word.state === "free" && word.incarnation > 0)) {
      const classes = sizeClassesOf(heap.layout, slot);
      if (!classes.some((sizeClass) => sizeClass.index !== 0 && straysOf(heap, sizeClass) > 0)) continue;
      const { incarnation } = this.workers.read(slot);
      if (this.workers.win(slot, this.self, "free", incarnation))
        this.finish(slot, "disown", emptyRecovery());
    }
  }

  /** First what the dead worker was reaping itself, then the worker, last its place. */
  private finish(slot: WorkerSlot, live: LiveObjects, found: Recovery): void {
    this.takeOver(slot, found);
    new Recoverer(this.magazines, slot, live, found).run();
    this.workers.leave(slot);
  }

  private takeOver(reaper: WorkerSlot, found: Recovery): void {
    for (const slot of this.workers.filter((word) => word.state === "reaping" && word.reaper === reaper)) {
      const isMine = reaper === this.self;
      if (isMine || this.workers.win(slot, this.self, "reaping", reaper)) this.finish(slot, "disown", found);
    }
  }
}

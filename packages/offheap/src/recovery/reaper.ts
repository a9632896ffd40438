// Who may recover whom: reaping as the worker words order it. recover.ts does the work.

import type { WorkerId, WorkerPlace } from "../base/index.ts";
import { sizeClassesOf } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { type Magazines, straysOf } from "../slab/index.ts";
import { incarnationOf, placeOf, type Workers } from "../worker/index.ts";
import { emptyRecovery, type LiveObjects, Recoverer, type Recovery } from "./recover.ts";

/** What `reap` found; all zero for a worker that is unknown, alive elsewhere in the queue, or reaped before. */
export interface ReapReport extends Readonly<Recovery> {
  readonly workerId: WorkerId;
  readonly reaped: boolean;
}

export class Reaper {
  private readonly magazines: Magazines;
  private readonly workers: Workers;
  private readonly self: WorkerPlace;

  constructor(magazines: Magazines, workers: Workers) {
    this.magazines = magazines;
    this.workers = workers;
    this.self = magazines.slabs.worker;
  }

  /** Recovers a dead worker, if nobody else does. */
  reap(id: WorkerId, live: LiveObjects): ReapReport {
    const place = placeOf(id);
    const incarnation = incarnationOf(id);
    const found = emptyRecovery();
    const word = this.workers.read(place);
    const isMine = word.state === "reaping" && word.reaper === this.self && word.incarnation === incarnation;
    const from = word.state === "gone" ? "gone" : "live";
    const reaped = isMine || this.workers.win(place, this.self, from, incarnation);
    if (reaped) this.finish(place, live, found);
    return { workerId: id, reaped, ...found };
  }

  /** Takes over what this worker began to reap before an exception stopped it. */
  resume(): void {
    this.takeOver(this.self, emptyRecovery());
  }

  /** Brings home what workers left behind that were gone before a slab of theirs was let go. */
  collectLeftovers(): void {
    const { heap } = this.magazines.slabs;
    for (const place of this.workers.filter((word) => word.state === "free" && word.incarnation > 0)) {
      const classes = sizeClassesOf(heap.layout, place);
      const hasStrays = classes.some((each) => each.index !== 0 && straysOf(heap, each) > 0);
      if (!hasStrays && !heap.coreOf(this.self).hasRetired(place)) continue;
      const { incarnation } = this.workers.read(place);
      if (this.workers.win(place, this.self, "free", incarnation))
        this.finish(place, "disown", emptyRecovery());
    }
  }

  /** What becomes of the objects of a worker that nobody reaps by a call of his: where a file says so they are freed. */
  static usual({ ownPage }: Heap): LiveObjects {
    return ownPage?.freesLive() === true ? "free" : "disown";
  }

  /** First what the dead worker was reaping itself, then the worker, last its place. */
  private finish(place: WorkerPlace, live: LiveObjects, found: Recovery): void {
    this.takeOver(place, found);
    new Recoverer(this.magazines, place, live, found).run();
    this.workers.leave(place);
  }

  private takeOver(reaper: WorkerPlace, found: Recovery): void {
    for (const place of this.workers.filter((word) => word.state === "reaping" && word.reaper === reaper)) {
      const isMine = reaper === this.self;
      if (isMine || this.workers.win(place, this.self, "reaping", reaper))
        this.finish(place, Reaper.usual(this.magazines.slabs.heap), found);
    }
  }
}

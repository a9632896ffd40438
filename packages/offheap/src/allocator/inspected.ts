// The calls of an allocator that look at the heap, or after other workers: all of them seldom.

import type { WorkerId } from "../base/index.ts";
import type { Violation } from "../checks/index.ts";
import { Contents } from "../contents/index.ts";
import { hugeBytesOf } from "../format/index.ts";
import {
  checkHeap,
  collectStats,
  type ProcessStats,
  processesOf,
  type Residency,
  residencyOf,
  type SlabStats,
} from "../inspect/index.ts";
import type { Heap } from "../memory/index.ts";
import type { ReapReport } from "../recovery/index.ts";
import type { Kit } from "../structure/index.ts";
import { checkWorkerId, type TrackedWorker } from "../worker/index.ts";
import { liveOf } from "./call-options.ts";
import type { Presence } from "./presence.ts";
import type { SlowPath } from "./slow-path.ts";

export abstract class Inspected extends Contents {
  /** Slot and incarnation of this worker: never the same twice in a heap's life. */
  abstract readonly workerId: WorkerId;
  protected abstract readonly heap: Heap;
  protected abstract readonly slow: SlowPath;
  protected abstract readonly presence: Presence;
  protected abstract readonly kit: Kit;

  /** Every slow call begins here. @throws ERR_DETACHED */
  protected abstract open(): void;

  /** Totals, per class, per worker: true when the workers are at rest. @throws ERR_DETACHED */
  stats(): SlabStats {
    this.open();
    return { ...collectStats(this.heap), hugeBytes: hugeBytesOf(this.heap) };
  }

  /**
   * The processes that share the heap, by the lock that each holds (`offheap/process`); [] for another heap. Without `os` those
   * that have ended are among them. Walks the heap. @throws ERR_DETACHED
   */
  processes(): ProcessStats[] {
    this.open();
    return processesOf(this.heap);
  }

  /** What is in memory, by what it serves. Walks the heap. @throws ERR_OS_UNAVAILABLE without `os`; ERR_DETACHED */
  residency(): Residency {
    this.open();
    return residencyOf(this.heap);
  }

  /** [] when every invariant holds. For quiet heaps. Reads clean memory: 0.1 to 0.4 s a GiB. @throws ERR_DETACHED */
  check(): Violation[] {
    this.open();
    return checkHeap(this.heap);
  }

  /**
   * Recovers a worker that has died: everything it had cached is usable again, and its objects are nobody's,
   * or freed with `live`. Only after proven death. Reaped or unknown before: an empty report.
   * @throws ERR_INVALID_WORKER for one's own id, and for what is no worker id; ERR_INVALID_OPTION, ERR_DETACHED
   */
  reap(workerId: WorkerId, options: { live?: boolean } = {}): ReapReport {
    const live = liveOf(options);
    this.open();
    const report = this.slow.reap(checkWorkerId(workerId, this.workerId, "reap"), live);
    this.kit.sweepIfAny();
    return report;
  }

  /**
   * Reaps by itself when the worker's thread has ended. Node, Bun: a Worker, also one that has ended, or the id of a
   * worker whose thread this one has started. Browsers: a worker's id. Deno: nothing, for nothing tells.
   * @throws ERR_INVALID_WORKER where its end cannot be told; ERR_TOO_MANY_WORKERS, ERR_DETACHED
   */
  track(worker: TrackedWorker | number): void {
    this.open();
    this.presence.track(worker);
  }
}

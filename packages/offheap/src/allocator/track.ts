// track(): reaps by itself when a worker's thread has ended, and never before. Where the host joins threads, the
// thread's number ties the `exit` event to the worker words. Who tracks whom stands in the heap, because a thread
// takes the workers it started with it: when a tracker ends, those it tracked have ended before it (Node joins
// them), and nobody else may be left to say so. Where there are Web Locks the worker's lock says it (worker/locks.ts).

import { AllocatorError, show, type WorkerId } from "../base/index.ts";
import { trackCount } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { Reaper, type ReapReport } from "../recovery/index.ts";
import {
  checkWorkerId,
  endsChildrenFirst,
  type Host,
  hostOf,
  markGone,
  noToken,
  placeOf,
  processOf,
  type TrackedWorker,
  threadOf,
  tokenBits,
  tokenIn,
  tokenOf,
  tokenOfWorker,
  whenLockIsLeft,
  workerOfToken,
} from "../worker/index.ts";
import { SlowPath } from "./slow-path.ts";

const shift = BigInt(tokenBits);

function refusal(message: string): AllocatorError {
  return new AllocatorError("ERR_INVALID_WORKER", message);
}

function noProof(host: Host): AllocatorError {
  return refusal(
    `on ${host.name} nothing tells when a thread has ended, so nobody can be tracked: let the worker detach() as the ` +
      "last thing that it does, or reap(workerId) when you know that it has ended",
  );
}

export class Tracker {
  private readonly heap: Heap;
  private readonly slow: SlowPath;
  private readonly token: number;

  constructor(heap: Heap, slow: SlowPath, token: number) {
    this.heap = heap;
    this.slow = slow;
    this.token = token;
  }

  /**
   * @throws ERR_INVALID_WORKER for what is no worker of this host, or one whose end cannot be told here;
   *   ERR_TOO_MANY_WORKERS when the table is full
   */
  track(worker: unknown, host: Host = hostOf()): void {
    if (typeof worker === "number") this.trackId(checkWorkerId(worker, this.slow.id, "track"), host);
    else this.trackWorker(worker, host);
  }

  private trackId(id: WorkerId, host: Host): void {
    const { workers } = this.slow;
    const place = placeOf(id);
    if (workers.idOf(place) !== id) return;
    const { state, token } = workers.read(place);
    if (state === "gone") this.slow.reap(id, Reaper.usual(this.heap));
    if (state !== "live") return;
    if (host.proof === "none") throw noProof(host);
    if (host.locks !== undefined) {
      whenLockIsLeft(this.heap, id, host.locks, () =>
        this.afterDeath((slow) => slow.reap(id, Reaper.usual(slow.heap))),
      );
      return;
    }
    const isOwn = processOf(this.heap, token) === this.heap.process;
    const worker = isOwn ? workerOfToken(tokenOf(threadOf(this.heap, token) ?? -1)) : undefined;
    if (worker === undefined) {
      const other = isOwn ? "which this thread did not start" : "of another process";
      const thread = token === this.token ? "it is of this very thread" : other;
      throw refusal(
        `on ${host.name} a thread's end is told to the one who started it: call track with its Worker there ` +
          `(worker ${id} is of thread ${threadOf(this.heap, token)}: ${thread})`,
      );
    }
    this.trackWorker(worker, host);
  }

  private trackWorker(worker: unknown, host: Host): void {
    const { threadId, once } = (worker ?? {}) as { threadId?: unknown; once?: unknown };
    if (host.proof === "none") throw noProof(host);
    if (host.proof === "lock") {
      throw refusal(
        `on ${host.name} a Worker does not say when it has ended: call track with the workerId that it has posted, ` +
          `got ${show(worker)}`,
      );
    }
    const ofThread = typeof once === "function" ? tokenOfWorker(worker as TrackedWorker) : noToken;
    const token = ofThread === noToken ? noToken : tokenIn(this.heap, ofThread);
    if (token === noToken && (threadId !== -1 || typeof once !== "function")) {
      throw refusal(
        `track takes a Worker of node:worker_threads or a worker's id (a number), got ${show(worker)}`,
      );
    }
    if (token === noToken) {
      throw refusal(
        "the worker has ended, and which thread it was is not known here: reap(workerId), with the id from " +
          "stats().workers, where each has the threadId that the Worker had",
      );
    }
    if (threadId === -1) {
      reapThread(this.heap, this.slow, token);
      return;
    }
    const entry = this.record(token);
    (worker as TrackedWorker).once("exit", () => this.ended(token, entry));
  }

  private entryOf(token: number): bigint {
    return (BigInt(this.token) << shift) | BigInt(token);
  }

  private record(token: number): number {
    const { atomics, wide, layout } = this.heap;
    for (let i = 0; i < trackCount; i++) {
      const at = layout.tracksAt / 2 + i;
      if (atomics.loadWide(wide, at) === 0n && atomics.swapWide(wide, at, 0n, this.entryOf(token))) return at;
    }
    throw new AllocatorError("ERR_TOO_MANY_WORKERS", `${trackCount} threads are tracked already`);
  }

  private ended(token: number, entry: number): void {
    const { atomics, wide } = this.heap;
    if (!this.heap.isReady()) return;
    atomics.swapWide(wide, entry, this.entryOf(token), 0n);
    // Before all else: now a place can be had in any case.
    markGone(this.heap, token);
    this.afterDeath((slow) => reapThread(this.heap, slow, token));
  }

  /**
   * After our own detach, or when we were reaped, a place is taken for as long as this lasts; with none to be had
   * whoever comes next can still reap by hand.
   */
  private afterDeath(reap: (slow: SlowPath) => void): void {
    if (!this.heap.isReady()) return;
    const { workers } = this.slow;
    if (workers.isLive(this.slow.id)) reap(this.slow);
    else if (workers.filter(({ state }) => state === "free" || state === "gone").length > 0) {
      const standIn = new SlowPath(this.heap, this.token, this.slow.others);
      reap(standIn);
      standIn.detach();
    }
  }
}

/** Reaps every worker of a thread that has ended, and of the threads that it tracked. */
function reapThread(heap: Heap, slow: SlowPath, token: number): ReapReport[] {
  const { atomics, wide, layout } = heap;
  const reports: ReapReport[] = [];
  for (let i = 0; i < trackCount && endsChildrenFirst(); i++) {
    const at = layout.tracksAt / 2 + i;
    const entry = atomics.loadWide(wide, at);
    if (entry === 0n || Number(entry >> shift) !== token) continue;
    if (!atomics.swapWide(wide, at, entry, 0n)) continue;
    reports.push(...reapThread(heap, slow, Number(entry & ((1n << shift) - 1n))));
  }
  const isOfThread = (word: { state: string; token: number }) =>
    (word.state === "live" || word.state === "gone") && word.token === token;
  for (const place of slow.workers.filter(isOfThread)) {
    if (place !== slow.place) reports.push(slow.reap(slow.workers.idOf(place), Reaper.usual(heap)));
  }
  return reports;
}

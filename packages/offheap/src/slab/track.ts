// track(): reaps by itself when a worker thread ends. The thread's number ties the host's exit event to
// the worker words. Who tracks whom stands in the heap, because a thread takes the workers it started with
// it: when a tracker ends, those it tracked have ended before it (Node joins them), and nobody else may be
// left to say so.

import { AllocatorError, show } from "../base/errors.ts";
import type { Heap } from "../memory/heap.ts";
import { trackCount } from "../memory/layout.ts";
import type { ReapReport } from "./reaper.ts";
import { SlowPath } from "./slow-path.ts";
import { noToken, tokenOf } from "./workers.ts";

/** What `track` needs of a worker: `Worker` of node:worker_threads has it. */
export interface TrackedWorker {
  readonly threadId: number;
  once(event: "exit", listener: () => void): unknown;
}

interface Process {
  getBuiltinModule?(name: string): { threadId?: number } | undefined;
  readonly versions?: { readonly node?: string; readonly bun?: string; readonly deno?: string };
}

function hostProcess(): Process | undefined {
  return (globalThis as { process?: Process }).process;
}

/** The token of the calling thread; `noToken` where the host numbers no threads. */
export function currentToken(): number {
  const threads = hostProcess()?.getBuiltinModule?.("node:worker_threads");
  return threads?.threadId === undefined ? noToken : tokenOf(threads.threadId);
}

/** Whether a thread's own workers are certain to have ended before its exit event: Node joins them. */
function endsChildrenFirst(): boolean {
  const versions = hostProcess()?.versions;
  return versions?.node !== undefined && versions.bun === undefined && versions.deno === undefined;
}

const tokenBits = 28n;

export class Tracker {
  private readonly heap: Heap;
  private readonly slow: SlowPath;
  private readonly token: number;

  constructor(heap: Heap, slow: SlowPath, token: number) {
    this.heap = heap;
    this.slow = slow;
    this.token = token;
  }

  /** @throws ERR_INVALID_WORKER for what is no worker of this host; ERR_TOO_MANY_WORKERS when the table is full */
  track(worker: unknown): void {
    const { threadId, once } = (worker ?? {}) as { threadId?: unknown; once?: unknown };
    if (typeof threadId !== "number" || typeof once !== "function" || tokenOf(threadId) === noToken) {
      throw new AllocatorError(
        "ERR_INVALID_WORKER",
        `track takes a started worker with threadId and once, got ${show(worker)}`,
      );
    }
    const token = tokenOf(threadId);
    const entry = this.record(token);
    (worker as TrackedWorker).once("exit", () => this.ended(token, entry));
  }

  private entryOf(token: number): bigint {
    return (BigInt(this.token) << tokenBits) | BigInt(token);
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
    // After our own detach a place is taken for as long as this lasts; with none to be had, whoever
    // comes next can still reap by hand.
    if (this.slow.workers.isLive(this.slow.id)) reapThread(this.heap, this.slow, token);
    else if (this.slow.workers.filter((word) => word.state === "free").length > 0) {
      const standIn = new SlowPath(this.heap, this.token, this.slow.others);
      reapThread(this.heap, standIn, token);
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
    if (entry === 0n || Number(entry >> tokenBits) !== token) continue;
    if (!atomics.swapWide(wide, at, entry, 0n)) continue;
    reports.push(...reapThread(heap, slow, Number(entry & ((1n << tokenBits) - 1n))));
  }
  for (const slot of slow.workers.filter((word) => word.state === "live" && word.token === token)) {
    if (slot !== slow.slot) reports.push(slow.reap(slow.workers.idOf(slot), "disown"));
  }
  return reports;
}

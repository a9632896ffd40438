// The threads that this thread has started since its first heap that others can join: which worker has which thread,
// also when it has ended and no longer says so, and whose end was seen. An ended thread's places are marked in the
// heaps, so that whoever attaches next can have them.

import type { Heap } from "../memory/index.ts";
import { hostOf, hostProcess } from "./host.ts";
import { noToken, tokenIn, tokenOf } from "./tokens.ts";
import { Workers } from "./workers.ts";

/** What `track` needs of a worker: `Worker` of node:worker_threads has it. */
export interface TrackedWorker {
  readonly threadId: number;
  once(event: "exit", listener: () => void): unknown;
}

const tokens = new WeakMap<object, number>();
const running = new Map<number, TrackedWorker>();
const heaps = new Set<WeakRef<Heap>>();
let isListening = false;

/** From now on the ends of this thread's workers are marked in the heap, where the host tells them. */
export function watchThreads(heap: Heap): void {
  if (hostOf().proof !== "exit" || typeof WeakRef === "undefined") return;
  for (const each of heaps) if (each.deref() === undefined) heaps.delete(each);
  heaps.add(new WeakRef(heap));
  if (!isListening) hostProcess()?.on?.("worker", (worker) => note(worker as TrackedWorker));
  isListening = true;
}

/** The token of a worker that runs, or of one that has ended and was noted; else `noToken`. */
export function tokenOfWorker(worker: TrackedWorker): number {
  const token = tokenOf(worker.threadId);
  return token === noToken ? (tokens.get(worker) ?? noToken) : token;
}

/** The running worker with this token, if this thread started it. */
export function workerOfToken(token: number): TrackedWorker | undefined {
  return running.get(token);
}

/** Marks the places of a thread that has ended, by its token in this heap. */
export function markGone(heap: Heap, token: number): void {
  if (!heap.isReady()) return;
  const workers = new Workers(heap);
  for (const place of workers.filter((word) => word.state === "live" && word.token === token))
    workers.markGone(place, token);
}

function note(worker: TrackedWorker): void {
  const token = tokenOf(worker.threadId);
  // Bun tells of its web workers, too, which say nothing at their end.
  if (token === noToken || typeof worker.once !== "function") return;
  tokens.set(worker, token);
  running.set(token, worker);
  worker.once("exit", () => {
    running.delete(token);
    for (const each of heaps) {
      const heap = each.deref();
      if (heap !== undefined) markGone(heap, tokenIn(heap, token));
    }
  });
}

// A worker's presence in a heap that others can join, from its attach or its first handle on: what gives its place
// back however it goes. By detach; by the end of its thread, for those who track it; or when its allocator is
// collected without detach, as a module that was loaded anew leaves it. The collector's call comes between jobs, so
// no call of this thread is under way. Nothing here may lead to the allocator, or it would never be collected.

import type { Heap } from "../memory/index.ts";
import { currentToken, enterLock, type TrackedWorker, tokenIn, watchThreads } from "../worker/index.ts";
import type { SlowPath } from "./slow-path.ts";
import { Tracker } from "./track.ts";

const abandoned =
  typeof FinalizationRegistry === "undefined" ? undefined : new FinalizationRegistry<Presence>(leaveUnheard);

/** Nobody could be told that the heap's books are damaged: who still is in it finds that by a call. */
function leaveUnheard(presence: Presence): void {
  const left = new Promise<void>((resolve) => {
    presence.leave();
    resolve();
  });
  left.then(undefined, () => undefined);
}

export class Presence {
  private readonly heap: Heap;
  private readonly slow: SlowPath;
  private readonly tracker: Tracker;
  private leaveLock: (() => void) | undefined;
  private isShown = false;

  constructor(heap: Heap, slow: SlowPath) {
    this.heap = heap;
    this.slow = slow;
    this.tracker = new Tracker(heap, slow, tokenIn(heap, currentToken()));
  }

  track(worker: TrackedWorker | number): void {
    this.tracker.track(worker);
  }

  /** Others may join the heap from now on; `allocator` is whose place it is. Again: nothing. */
  show<T extends object>(allocator: T): T {
    if (this.isShown || !this.slow.isOpen()) return allocator;
    this.isShown = true;
    abandoned?.register(allocator, this, this);
    watchThreads(this.heap);
    this.leaveLock = enterLock(this.heap, this.slow.id);
    return allocator;
  }

  /** After the worker has left by itself. Again: nothing. */
  end(): void {
    abandoned?.unregister(this);
    this.leaveLock?.();
    this.leaveLock = undefined;
  }

  /** Nobody has the allocator any more. */
  leave(): void {
    this.slow.detach();
    this.end();
  }
}

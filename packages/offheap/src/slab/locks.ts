// The Web Lock of a worker: held from soon after it has joined until it leaves or its thread has ended, so whoever is
// granted it knows the worker to be gone. Locks are asked for and granted in the background, and a worker that never
// returns to its event loop has none. A lock that can be had proves nothing until it is known to have been the worker's:
//
//   the worker asks "exclusive", and notes in its record that it was granted
//   others ask "shared", if available: refused, the worker's request has come   → granted later, it is gone
//                                      granted, and the record has the note     → it is gone
//                                      granted, and there is no note            → asked again, after a rest

import type { WorkerId } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { header, record, recordAt } from "../memory/layout.ts";
import type { LockManager } from "./host.ts";
import { incarnationOf, slotOf, Workers } from "./workers.ts";

const firstRestMs = 10;
const longestRestMs = 1000;

interface Realm {
  readonly crypto?: { getRandomValues(words: Uint32Array): unknown };
  setTimeout(call: () => void, ms: number): unknown;
}

const realm = globalThis as unknown as Realm;

/** The lock of one worker, which is asked for when it is made. */
export class WorkerLock {
  private isOver = false;
  private giveUp: (() => void) | undefined;

  constructor(heap: Heap, id: WorkerId, locks: LockManager) {
    const granted = () => this.hold(heap, id);
    // Where no lock is given the worker does without: it cannot be tracked then, which is told to who tries.
    locks.request(lockName(heap, id), { mode: "exclusive" }, granted).then(undefined, () => undefined);
  }

  /** After the worker has left. */
  release(): void {
    this.isOver = true;
    this.giveUp?.();
  }

  private hold(heap: Heap, id: WorkerId): Promise<void> | undefined {
    if (this.isOver || !heap.isReady() || !new Workers(heap).isLive(id)) return undefined;
    heap.atomics.store(heap.words, noteAt(heap, id), incarnationOf(id));
    return new Promise((resolve) => {
      this.giveUp = resolve;
    });
  }
}

/** Calls back once, when the worker's thread has ended; never when it has left, or the heap has ended. */
export async function whenLockIsLeft(
  heap: Heap,
  id: WorkerId,
  locks: LockManager,
  ended: () => void,
): Promise<void> {
  const name = lockName(heap, id);
  const workers = new Workers(heap);
  for (
    let rest = firstRestMs;
    heap.isReady() && workers.isLive(id);
    rest = Math.min(2 * rest, longestRestMs)
  ) {
    let wasHeld = false;
    const probe = (lock: unknown) => {
      wasHeld = lock === null || heap.atomics.load(heap.words, noteAt(heap, id)) === incarnationOf(id);
    };
    await locks.request(name, { mode: "shared", ifAvailable: true }, probe);
    if (wasHeld) {
      await locks.request(name, { mode: "shared" }, () => undefined);
      if (heap.isReady() && workers.isLive(id)) ended();
      return;
    }
    await new Promise<void>((resolve) => realm.setTimeout(resolve, rest));
  }
}

function noteAt(heap: Heap, id: WorkerId): number {
  return recordAt(heap.layout, slotOf(id)) + record.locked;
}

/** No other heap of the origin has it: the heap's own number, made by the first who needs it. */
function lockName(heap: Heap, id: WorkerId): string {
  const at = header.identity / 2;
  const random = new Uint32Array(2);
  realm.crypto?.getRandomValues(random);
  const mine = (BigInt(random[0] as number) << 31n) | BigInt(random[1] as number) | 1n;
  heap.atomics.swapWide(heap.wide, at, 0n, mine);
  return `offheap ${heap.atomics.loadWide(heap.wide, at).toString(16)} ${id}`;
}

// The Web Lock of a thread: held from soon after it has joined a heap until it has left all, or has ended; so whoever is
// granted it knows the thread to be gone. Locks are asked for and granted in the background, and only while a thread
// returns to its event loop. So a worker's thread asks as it loads the library. A lock that can be had proves nothing
// until it is known to have been the thread's:
//
//   the thread asks "exclusive", and notes in each of its workers' records: the lock's number, whether it was granted
//   others ask "shared", once it was granted                        → granted, the thread is gone
//                        before that, if available: refused        → it has been asked for; then as above
//                                                   granted        → asked again, after a rest
//
// A number is used once, so that a lock given up is not taken for the next one.

import { rest, type WorkerId } from "../base/index.ts";
import { record, recordAt } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { currentToken, hostOf, type LockManager, randomWord } from "./host.ts";
import { incarnationOf, placeOf, Workers } from "./workers.ts";

/** Between two looks: short for a second, for who dies between its lock's coming and a look at it is never proved dead. */
const shortRestMs = 10;
const shortRests = 100;
const longRestMs = 500;

export class ThreadLock {
  private readonly number = randomWord();
  /** Workers of the thread that are in a heap. */
  private count = 0;
  private isGranted = false;
  private isOver = false;
  private giveUp: (() => void) | undefined;
  /** What is to be noted when it is granted. */
  private readonly notes = new Set<() => void>();

  /** Asks for it. Where none is given the thread does without: its workers are not reaped then, but by hand. */
  constructor(locks: LockManager, token: number) {
    const name = lockName(token, this.number);
    locks.request(name, { mode: "exclusive" }, () => this.hold()).then(undefined, () => undefined);
  }

  enter(heap: Heap, id: WorkerId): void {
    const at = noteAt(heap, id);
    const note = () => {
      if (!heap.isReady() || !new Workers(heap).isLive(id)) return;
      heap.words[at + 1] = this.number;
      // Says whose number it is: stored last.
      heap.atomics.store(heap.words, at, 2 * incarnationOf(id) + (this.isGranted ? 1 : 0));
    };
    this.count++;
    note();
    if (!this.isGranted) this.notes.add(note);
  }

  /** After a worker has left its heap. True when it was the last. */
  leave(): boolean {
    if (--this.count > 0) return false;
    this.isOver = true;
    this.giveUp?.();
    return true;
  }

  private hold(): Promise<void> | undefined {
    if (this.isOver) return undefined;
    this.isGranted = true;
    for (const note of this.notes) note();
    this.notes.clear();
    return new Promise((resolve) => {
      this.giveUp = resolve;
    });
  }
}

let own: ThreadLock | undefined;

/** This worker's thread has a lock from now on, where that proves something; the function is for when it has left. */
export function enterLock(heap: Heap, id: WorkerId): (() => void) | undefined {
  const { locks } = hostOf();
  if (locks === undefined) return undefined;
  own ??= new ThreadLock(locks, currentToken());
  const lock = own;
  lock.enter(heap, id);
  return () => {
    if (lock.leave() && own === lock) own = undefined;
  };
}

/** Calls back once, when the worker's thread has ended; never when it has left, or the heap has ended. */
export async function whenLockIsLeft(
  heap: Heap,
  id: WorkerId,
  locks: LockManager,
  ended: () => void,
): Promise<void> {
  const workers = new Workers(heap);
  for (let looks = 0; heap.isReady() && workers.isLive(id); looks++) {
    const name = await askedLock(heap, id, locks);
    if (name !== undefined) {
      await locks.request(name, { mode: "shared" }, () => undefined);
      if (heap.isReady() && workers.isLive(id)) ended();
      return;
    }
    await rest(looks < shortRests ? shortRestMs : longRestMs);
  }
}

/** The lock of the worker's thread, if it is known that the thread has asked for it. */
async function askedLock(heap: Heap, id: WorkerId, locks: LockManager): Promise<string | undefined> {
  const at = noteAt(heap, id);
  const note = heap.atomics.load(heap.words, at);
  if (note >>> 1 !== incarnationOf(id)) return undefined;
  const { token } = new Workers(heap).read(placeOf(id));
  const name = lockName(token, heap.words[at + 1] as number);
  if ((note & 1) === 1) return name;
  let isTaken = false;
  await locks.request(name, { mode: "shared", ifAvailable: true }, (lock) => {
    isTaken = lock === null;
  });
  return isTaken ? name : undefined;
}

function noteAt(heap: Heap, id: WorkerId): number {
  return recordAt(heap.layout, placeOf(id)) + record.locked;
}

/** Of 59 random bits: no other thread of the origin has it. */
function lockName(token: number, number: number): string {
  return `offheap ${token} ${number}`;
}

// A page has none until it shares a heap: one that holds a lock is not kept for the browser's "back".
const isWorkerScope = (globalThis as { WorkerGlobalScope?: unknown }).WorkerGlobalScope !== undefined;
const { locks: locksOfWorker } = hostOf();
if (isWorkerScope && locksOfWorker !== undefined) own = new ThreadLock(locksOfWorker, currentToken());

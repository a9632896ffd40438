// Sleeping where other processes can wake the sleeper: the engine's own waiting is of one process. By a call of the operating
// system (futex) where this worker was given one, and the system has it; else nobody calls, and the sleeper looks again and again. As in waiting.ts, who
// sleeps says so first, at a word of its own: so a send to receivers that are awake reads that word, and makes no call.

import { announceAt, bufferOf, takeBackAt } from "../memory/index.ts";
import type { Kit } from "../structure/index.ts";

/** Who was to wake a sleeper may have died, or have no `os`. The engine cannot end a thread that sleeps so, either. */
const mostSleep = 100;

export interface Across {
  announce(): void;
  /** Undefined where the worker has no `os`, or that has no such call. */
  readonly sleep: ((milliseconds: number) => void) | undefined;
  /** Between two looks: who is to send may wait for this very processor. */
  giveWay(): void;
  /** Recovers what dead processes have left, now and then: a message that one of them held comes back so. */
  look(): void;
}

/** How to sleep at an address; undefined where the heap is of one process. */
export function acrossOf({ heap, host }: Kit, address: number): Across | undefined {
  if (heap.process === 0) return undefined;
  const calls = heap.os?.processes.calls;
  const buffer = bufferOf(heap.source);
  const sleep = (milliseconds: number) =>
    calls?.sleep?.(buffer, address, 1, Math.min(milliseconds, mostSleep));
  return {
    announce: () => announceAt(host.views().i32, address / 4),
    sleep: calls?.sleep === undefined ? undefined : sleep,
    giveWay: () => calls?.giveWay(),
    look: () => host.reapNowAndThen(),
  };
}

/** Wakes who sleeps at an address, if anybody may. */
export function wakeAcross({ heap, host }: Kit, address: number): void {
  const calls = heap.os?.processes.calls;
  // Who cannot wake leaves it said, for one who can.
  if (calls?.wake !== undefined && takeBackAt(host.views().i32, address / 4))
    calls.wake(bufferOf(heap.source), address);
}

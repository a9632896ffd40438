// What the storm counted.

import type { CountName } from "./control.ts";

export interface Tally {
  rounds: number;
  threads: number;
  terminated: number;
  exited: number;
  threw: number;
  left: number;
  /** Killed before they had said that they joined. */
  killedJoining: number;
  reapedByMain: number;
  reapedByWorkers: number;
  reapedByTracking: number;
  /** Workers that were killed while they may have been reaping another. */
  killedReaping: number;
  /** What they had begun was found and ended by the next reaper. */
  takenOver: number;
  inSlow: number;
  inAllocate: number;
  inDeallocate: number;
  claims: number;
  spans: number;
  cachedBytes: number;
  freedBytes: number;
  disownedObjects: number;
  /** Objects whose allocation had ended and whose address nobody had kept: found again at the end. */
  nameless: number;
  /** Bytes that were allocated again, after everything was free. */
  capacityBytes: number;
  counts: Record<CountName, number>;
}

export function emptyTally(): Tally {
  return {
    rounds: 0,
    threads: 0,
    terminated: 0,
    exited: 0,
    threw: 0,
    left: 0,
    killedJoining: 0,
    reapedByMain: 0,
    reapedByWorkers: 0,
    reapedByTracking: 0,
    killedReaping: 0,
    takenOver: 0,
    inSlow: 0,
    inAllocate: 0,
    inDeallocate: 0,
    claims: 0,
    spans: 0,
    cachedBytes: 0,
    freedBytes: 0,
    disownedObjects: 0,
    nameless: 0,
    capacityBytes: 0,
    counts: { operations: 0, outOfMemory: 0, caught: 0, rejoins: 0, cutByStack: 0, adoptions: 0, reaps: 0 },
  };
}

/** Threads that ended other than by leaving. */
export function killsOf(tally: Tally): number {
  return tally.terminated + tally.exited + tally.threw;
}

// What the storm of processes counted.

import { type CountName, count, inside, type Notes } from "./notes.ts";

/** Where a SIGKILL struck a thread, as its word and its reaper tell. */
export interface Strikes {
  /** Between two stores of a call that takes no slow half: something was half done. */
  betweenStores: number;
  /** In a slow half. */
  inSlow: number;
  /** In a call, as its word tells, that had nothing half done, or was reaped by another before it could be asked. */
  inAllocate: number;
  inDeallocate: number;
  inRing: number;
  inRecord: number;
  outside: number;
  /** Before it had joined. */
  joining: number;
}

export interface ProcessTally {
  rounds: number;
  processes: number;
  /** Of these forked. */
  forked: number;
  kills: number;
  /** Of these while it was stopped by SIGSTOP. */
  killedStopped: number;
  stops: number;
  ended: number;
  reapedByParent: number;
  reapedByOthers: number;
  /** Rounds whose file nobody had open, before it was opened again. */
  restarts: number;
  strikes: Strikes;
  nameless: number;
  verifiedAtEnd: number;
  capacityBytes: number;
  counts: Record<CountName, number>;
}

export function emptyProcessTally(): ProcessTally {
  return {
    rounds: 0,
    processes: 0,
    forked: 0,
    kills: 0,
    killedStopped: 0,
    stops: 0,
    ended: 0,
    reapedByParent: 0,
    reapedByOthers: 0,
    restarts: 0,
    strikes: {
      betweenStores: 0,
      inSlow: 0,
      inAllocate: 0,
      inDeallocate: 0,
      inRing: 0,
      inRecord: 0,
      outside: 0,
      joining: 0,
    },
    nameless: 0,
    verifiedAtEnd: 0,
    capacityBytes: 0,
    counts: Object.fromEntries(Object.keys(count).map((name) => [name, 0])) as Record<CountName, number>,
  };
}

/** Where the kill struck, by what the reaper found and what the thread had noted. */
export function strikeOf(operation: string, noted: number): keyof Strikes {
  if (operation === "slow") return "inSlow";
  if (operation === "allocate" || operation === "deallocate") return "betweenStores";
  const names: Record<number, keyof Strikes> = {
    [inside.nothing]: "outside",
    [inside.allocate]: "inAllocate",
    [inside.deallocate]: "inDeallocate",
    [inside.ring]: "inRing",
    [inside.record]: "inRecord",
  };
  return names[noted] ?? "outside";
}

export function addCounts(tally: ProcessTally, notes: Notes): void {
  for (const name of Object.keys(count) as CountName[]) tally.counts[name] += notes.total(name);
}

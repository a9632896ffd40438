// The table at the end.

import type { StormResult } from "./storm.ts";
import { killsOf } from "./tally.ts";

export function shown(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}

function rows({ tally, seconds, violations }: StormResult): [string, string][] {
  const { counts } = tally;
  const within = tally.inSlow + tally.inAllocate + tally.inDeallocate;
  const reports = `${shown(tally.inSlow)} slow, ${shown(tally.inAllocate)} allocate, ${shown(tally.inDeallocate)} deallocate`;
  return [
    ["rounds, each on another heap", shown(tally.rounds)],
    ["threads started", shown(tally.threads)],
    ["kills", `${shown(killsOf(tally))} (${shown(killsOf(tally) / seconds)} a second)`],
    ["  terminate()", `${shown(tally.terminated)}, of these while joining ${shown(tally.killedJoining)}`],
    ["  process.exit, uncaught exception", `${shown(tally.exited)}, ${shown(tally.threw)}`],
    ["left by detach; detached and joined again", `${shown(tally.left)}; ${shown(counts.rejoins)}`],
    ["operations", shown(counts.operations + counts.adoptions)],
    ["  out of memory", shown(counts.outOfMemory)],
    ["  wrong calls caught", shown(counts.caught)],
    ["  run out of stack on purpose", shown(counts.cutByStack)],
    ["kills that fell inside an operation", `${shown(within)} (${reports})`],
    ["  with a claim held, with a span half built", `${shown(tally.claims)}, ${shown(tally.spans)}`],
    ["reaped by the main thread", shown(tally.reapedByMain)],
    [
      "  by another worker; of these kills aimed at the reaper",
      `${shown(tally.reapedByWorkers)}; ${shown(tally.killedReaping)}`,
    ],
    ["  half reaped by one, ended by the next", shown(tally.takenOver)],
    ["  by tracking", shown(tally.reapedByTracking)],
    ["bytes recovered", shown(tally.cachedBytes + tally.freedBytes)],
    ["  cached", shown(tally.cachedBytes)],
    ["  live, freed with their worker", shown(tally.freedBytes)],
    ["objects left by the dead to nobody", shown(tally.disownedObjects)],
    ["  found again though nobody had kept the address", shown(tally.nameless)],
    ["bytes allocated at once after everything was freed", shown(tally.capacityBytes)],
    ["violations", shown(violations.length)],
  ];
}

export function tableOf(result: StormResult): string {
  const { options, seconds, violations } = result;
  const head = `storm: ${shown(seconds)} s, ${options.workers} workers, seed ${options.seed}, Node ${process.version}`;
  return rowsText(head, rows(result), violations);
}

export function rowsText(
  head: string,
  table: readonly [string, string][],
  violations: readonly string[],
): string {
  const width = Math.max(...table.map(([label]) => label.length));
  const lines = table.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`);
  return [head, ...lines, ...violations.map((violation) => `violation: ${violation}`)].join("\n");
}

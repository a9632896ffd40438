// The table at the end.

import type { StormResult } from "./storm.ts";
import { killsOf } from "./tally.ts";

function number(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}

function rows({ tally, seconds, violations }: StormResult): [string, string][] {
  const { counts } = tally;
  const within = tally.inSlow + tally.inAllocate + tally.inDeallocate;
  const reports = `${number(tally.inSlow)} slow, ${number(tally.inAllocate)} allocate, ${number(tally.inDeallocate)} deallocate`;
  return [
    ["rounds, each on another heap", number(tally.rounds)],
    ["threads started", number(tally.threads)],
    ["kills", `${number(killsOf(tally))} (${number(killsOf(tally) / seconds)} a second)`],
    ["  terminate()", `${number(tally.terminated)}, of these while joining ${number(tally.killedJoining)}`],
    ["  process.exit, uncaught exception", `${number(tally.exited)}, ${number(tally.threw)}`],
    ["left by detach; detached and joined again", `${number(tally.left)}; ${number(counts.rejoins)}`],
    ["operations", number(counts.operations + counts.adoptions)],
    ["  out of memory", number(counts.outOfMemory)],
    ["  wrong calls caught", number(counts.caught)],
    ["  run out of stack on purpose", number(counts.cutByStack)],
    ["kills that fell inside an operation", `${number(within)} (${reports})`],
    ["  with a claim held, with a span half built", `${number(tally.claims)}, ${number(tally.spans)}`],
    ["reaped by the main thread", number(tally.reapedByMain)],
    [
      "  by another worker; of these kills aimed at the reaper",
      `${number(tally.reapedByWorkers)}; ${number(tally.killedReaping)}`,
    ],
    ["  half reaped by one, ended by the next", number(tally.takenOver)],
    ["  by tracking", number(tally.reapedByTracking)],
    ["bytes recovered", number(tally.cachedBytes + tally.freedBytes)],
    ["  cached", number(tally.cachedBytes)],
    ["  live, freed with their worker", number(tally.freedBytes)],
    ["objects left by the dead to nobody", number(tally.disownedObjects)],
    ["  found again though nobody had kept the address", number(tally.nameless)],
    ["bytes allocated at once after everything was freed", number(tally.capacityBytes)],
    ["violations", number(violations.length)],
  ];
}

export function tableOf(result: StormResult): string {
  const { options, seconds, violations } = result;
  const table = rows(result);
  const width = Math.max(...table.map(([label]) => label.length));
  const head = `storm: ${number(seconds)} s, ${options.workers} workers, seed ${options.seed}, Node ${process.version}`;
  const lines = table.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`);
  return [head, ...lines, ...violations.map((violation) => `violation: ${violation}`)].join("\n");
}

// The table of the storm of processes.

import { rowsText, shown } from "../report.ts";
import type { ProcessStormResult } from "./storm.ts";

function rows({ tally, seconds, violations }: ProcessStormResult): [string, string][] {
  const { counts, strikes } = tally;
  const within = strikes.inAllocate + strikes.inDeallocate;
  return [
    ["rounds, each on another heap in a file", shown(tally.rounds)],
    ["  of these with the file closed by all and opened again", shown(tally.restarts)],
    ["processes; of these forked", `${shown(tally.processes)}; ${shown(tally.forked)}`],
    ["killed by SIGKILL", `${shown(tally.kills)} (${shown(tally.kills / seconds)} a second)`],
    ["  while stopped by SIGSTOP; stopped in all", `${shown(tally.killedStopped)}; ${shown(tally.stops)}`],
    ["threads that the kills struck", shown(Object.values(strikes).reduce((sum, each) => sum + each, 0))],
    ["  between two stores of a fast call", shown(strikes.betweenStores)],
    ["  in a slow half, with something half done", shown(strikes.inSlow)],
    ["  elsewhere in allocate or deallocate", shown(within)],
    ["  in a call of a ring; of records", `${shown(strikes.inRing)}; ${shown(strikes.inRecord)}`],
    ["  outside of calls; before it had joined", `${shown(strikes.outside)}; ${shown(strikes.joining)}`],
    [
      "reaped by the parent; by whoever came upon them",
      `${shown(tally.reapedByParent)}; ${shown(tally.reapedByOthers)}`,
    ],
    ["allocated; freed by deallocate", `${shown(counts.allocations)}; ${shown(counts.frees)}`],
    ["sent through rings; received and ended", `${shown(counts.sent)}; ${shown(counts.received)}`],
    ["updates of records", shown(counts.updates)],
    ["out of memory", shown(counts.outOfMemory)],
    ["objects verified at the ends of rounds", shown(tally.verifiedAtEnd)],
    ["  left by the dead, whose address nobody knew", shown(tally.nameless)],
    ["bytes allocated at once after everything was freed", shown(tally.capacityBytes)],
    ["violations", shown(violations.length)],
  ];
}

export function processTableOf(result: ProcessStormResult): string {
  const { options, seconds, violations } = result;
  const { workers, seed, engine } = options;
  const engines = engine === "auto" ? "both engines" : `engine ${engine}`;
  const head = `storm: ${shown(seconds)} s, ${workers} processes, seed ${seed}, ${engines}, Node ${process.version}`;
  return rowsText(head, rows(result), violations);
}

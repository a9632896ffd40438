// What the storm of caches counted, and its table.

import type { RoundsResult } from "../processes/rounds.ts";
import { rowsText, shown } from "../report.ts";
import type { CacheCountName } from "./notes.ts";

export interface CacheTally {
  rounds: number;
  /** Rounds whose file nobody had open, before it was opened again. */
  restarts: number;
  processes: number;
  kills: number;
  /** Of these before they had the cache open; while they made a value. */
  killedOpening: number;
  killedMaking: number;
  stops: number;
  ended: number;
  /** How often the parent looked at the bytes, and the most of the cap that it saw. */
  looks: number;
  highest: number;
  evicted: number;
  verifiedAtEnd: number;
  counts: Record<CacheCountName, number>;
}

export type CacheStormResult = RoundsResult<CacheTally>;

export function emptyCacheTally(): CacheTally {
  return {
    ...{
      rounds: 0,
      restarts: 0,
      processes: 0,
      kills: 0,
      killedOpening: 0,
      killedMaking: 0,
      stops: 0,
      ended: 0,
    },
    ...{ looks: 0, highest: 0, evicted: 0, verifiedAtEnd: 0 },
    counts: { hits: 0, misses: 0, sets: 0, refused: 0, made: 0, iterated: 0 },
  };
}

export function cacheTableOf({ options, seconds, tally, violations }: CacheStormResult): string {
  const { counts } = tally;
  const head = `storm of caches: ${shown(seconds)} s, ${options.workers} processes, seed ${options.seed}, engine ${options.engine}, Node ${process.version}`;
  const rows: [string, string][] = [
    ["rounds, each on another cache in a file", shown(tally.rounds)],
    ["  of these with the file closed by all and opened again", shown(tally.restarts)],
    ["processes; told to end", `${shown(tally.processes)}; ${shown(tally.ended)}`],
    ["killed by SIGKILL", `${shown(tally.kills)} (${shown(tally.kills / seconds)} a second)`],
    [
      "  before the cache was open; while a value was made",
      `${shown(tally.killedOpening)}; ${shown(tally.killedMaking)}`,
    ],
    ["stopped by SIGSTOP", shown(tally.stops)],
    ["hits; misses", `${shown(counts.hits)}; ${shown(counts.misses)}`],
    ["sets; refused for want of memory", `${shown(counts.sets)}; ${shown(counts.refused)}`],
    ["values made by claims; iterations", `${shown(counts.made)}; ${shown(counts.iterated)}`],
    ["evicted", shown(tally.evicted)],
    [
      "looks at the bytes; the most of the cap that was seen",
      `${shown(tally.looks)}; ${shown(100 * tally.highest)} %`,
    ],
    ["entries verified at the ends of rounds", shown(tally.verifiedAtEnd)],
    ["violations", shown(violations.length)],
  ];
  return rowsText(head, rows, violations);
}

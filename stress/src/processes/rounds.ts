// Rounds of a storm of processes, one after another, each on files of its own, until the time is over or something is wrong.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadOs } from "offheap/os";
import type { StormOptions } from "../storm.ts";

export interface ProcessStormOptions extends StormOptions {
  /** "auto": now the one, now the other. */
  readonly engine: "auto" | "wasm" | "js";
}

export interface RoundOptions extends ProcessStormOptions {
  /** Of this round. */
  readonly seconds: number;
}

export interface RoundsResult<Tally> {
  readonly options: ProcessStormOptions;
  readonly seconds: number;
  readonly tally: Tally;
  readonly violations: readonly string[];
}

export type Progress = (seconds: number, rounds: number, kills: number) => void;

/** Why there can be no such storm on this machine; undefined where there can. */
export function whyNoProcesses(): string | undefined {
  const { available, reason } = loadOs().processes;
  return available ? undefined : reason;
}

/** Runs until the time is over, or to the end of the first round with a violation. */
export async function runRounds<Tally extends { readonly rounds: number; readonly kills: number }>(
  options: ProcessStormOptions,
  tally: Tally,
  runRound: (options: RoundOptions, folder: string) => Promise<string[]>,
  progress: Progress,
): Promise<RoundsResult<Tally>> {
  const why = whyNoProcesses();
  if (why !== undefined) throw new Error(`no heap can be shared by processes here: ${why}`);
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "offheap-storm-"));
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const violations: string[] = [];
  const timer = setInterval(() => progress(elapsed(), tally.rounds, tally.kills), 250);
  for (let round = 0; elapsed() < options.seconds && violations.length === 0; round++) {
    const seed = (options.seed + round) | 0;
    const seconds = Math.min(options.roundSeconds, Math.max(options.seconds - elapsed(), 1));
    const found = await runRound({ ...options, seed, seconds }, folder);
    violations.push(...found.map((violation) => `seed ${seed}: ${violation}`));
  }
  clearInterval(timer);
  if (violations.length === 0) rmSync(folder, { recursive: true, force: true });
  else violations.push(`the files are kept in ${folder}`);
  return { options, seconds: elapsed(), tally, violations };
}

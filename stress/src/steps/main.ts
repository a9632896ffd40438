// npm run stress -- --steps: the proof on the machine code, as a command.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadOs } from "offheap/os";
import { Random } from "offheap-tools";
import { shown } from "../report.ts";
import { stepCases } from "./cases.ts";
import { compileTracer } from "./tracer.ts";
import { type Walked, walk } from "./walk.ts";

export interface StepOptions {
  readonly seed: number;
  readonly engine: "auto" | "wasm" | "js";
  /** Kills in truth for each case. */
  readonly kills: number;
  /** Of the cases; all if none is given. */
  readonly cases: readonly string[];
}

export interface StepResult {
  readonly leftOut?: string;
  readonly walks: readonly Walked[];
}

const warmUp = 3000;

export async function runSteps(
  { seed, engine, kills, cases }: StepOptions,
  say: (words: string) => void,
): Promise<StepResult> {
  const { available, reason } = loadOs().processes;
  if (!available) return { leftOut: reason, walks: [] };
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "offheap-steps-"));
  const tracer = join(tmpdir(), `offheap-step-${process.pid}`);
  const why = compileTracer(tracer);
  const walks: Walked[] = [];
  const engines = engine === "auto" ? (["wasm", "js"] as const) : [engine];
  for (const each of why === undefined ? engines : [])
    for (const name of cases.length > 0 ? cases : Object.keys(stepCases)) {
      const walked = await walk({
        name,
        engine: each,
        folder,
        tracer,
        random: new Random(seed),
        kills,
        warmUp: stepCases[name]?.warmUp ?? warmUp,
      });
      walks.push(walked);
      say(rowOf(walked));
    }
  for (const path of [folder, tracer]) rmSync(path, { recursive: true, force: true });
  return why === undefined ? { walks } : { leftOut: why, walks };
}

/** A line of the table. */
function rowOf({ name, engine, calls, steps, states, kills, violations }: Walked): string {
  const sorted = [...calls].sort((a, b) => a - b);
  const [least, middle, most] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)].map((n) =>
    shown(n ?? 0),
  );
  const cells = [
    `${engine} ${name}`.padEnd(13),
    `${calls.length} calls of ${least} to ${most} instructions (median ${middle})`,
    `${shown(steps)} stepped`,
    `${shown(states)} states judged`,
    `${kills} killed`,
    `${violations.length} violations`,
  ];
  return [cells.join(", "), ...violations.slice(0, 5).map((violation) => `violation: ${violation}`)].join(
    "\n",
  );
}

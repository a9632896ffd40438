// Runs scenarios one after the other and prints what became of each.

import type { Host } from "./host.ts";

export type Scenario = (host: Host) => Promise<void> | void;
export type Scenarios = Readonly<Record<string, Scenario>>;

export interface Outcome {
  readonly passed: number;
  readonly failed: number;
}

/** A worker that never answers must not hang the run. */
const hangMilliseconds = 120_000;

export async function runScenarios(
  host: Host,
  scenarios: Scenarios,
  print: (line: string) => void,
): Promise<Outcome> {
  let passed = 0;
  let failed = 0;
  for (const [name, scenario] of Object.entries(scenarios)) {
    try {
      await untilHang(Promise.resolve(host).then(scenario));
      passed++;
      print(`ok   ${name}`);
    } catch (error) {
      failed++;
      print(`FAIL ${name}: ${describe(error)}`);
    }
  }
  print(`${passed} passed, ${failed} failed`);
  return { passed, failed };
}

export function describe(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
}

function untilHang(done: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const seconds = hangMilliseconds / 1000;
    const timer = setTimeout(() => reject(new Error(`no end after ${seconds} s`)), hangMilliseconds);
    done.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

// The worker's side: loads the library, does the job that it is told, and says when it has ended.

import type { Port, Start } from "./host.ts";
import { loadLibrary } from "./host.ts";
import { jobs } from "./scenarios/index.ts";

/** What a worker says of itself, beside what its job posts. */
export interface Report {
  readonly worker: "ready" | "failed";
  readonly why?: string;
}

export async function runJob(port: Port): Promise<void> {
  port.post({ worker: "ready" } satisfies Report);
  try {
    const { job, loading, data } = (await port.next()) as Start;
    const work = jobs[job];
    if (work === undefined) throw new Error(`there is no job ${job}`);
    await work(await loadLibrary(loading), port, data);
  } catch (error) {
    const why = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
    port.post({ worker: "failed", why } satisfies Report);
  }
}

/** Whether a message is the worker's own word, not its job's. */
export function reportOf(message: unknown): Report | undefined {
  const { worker } = (message ?? {}) as Partial<Report>;
  return worker === "ready" || worker === "failed" ? (message as Report) : undefined;
}

// What a replay found out, before it is written for people (`report/text.ts`) or for programs (`report/json.ts`).

import type { RequestLimit } from "./allocators/adapter.ts";
import type { Settings } from "./options.ts";
import type { Run } from "./replay/replay.ts";
import type { Stream } from "./stream.ts";
import type { Trace } from "./trace/trace.ts";

export interface ReplayResults {
  readonly options: Settings;
  /** Undefined where no heap could be made to ask. */
  readonly limit: RequestLimit | undefined;
  readonly traces: readonly TraceResult[];
}

/** What is told of a trace and its stream; their operations are let go, for the sake of large traces. */
export type TraceFacts = Omit<Trace, "objects" | "sizes">;
export type StreamFacts = Omit<Stream, "sizes" | "seats" | "seatsAtEnd">;

export interface TraceResult {
  readonly path: string;
  /** Undefined when the file could not be read. */
  readonly trace: TraceFacts | undefined;
  readonly stream: StreamFacts | undefined;
  /** One for each number of workers that was asked for; fewer when `error` ended them. */
  readonly runs: readonly Run[];
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

export function isSound(run: Run): boolean {
  return run.fillViolations.length === 0 && run.heapViolations.length === 0;
}

export function isGood(result: TraceResult): boolean {
  return result.error === undefined && result.runs.every(isSound);
}

/** Whether bytes of the file are damaged or missing: what was replayed is not all that was logged. */
export function isCut(result: TraceResult): boolean {
  return result.trace?.problems.cutAtByte !== undefined;
}

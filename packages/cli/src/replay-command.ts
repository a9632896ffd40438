// `offheap replay`: the traces one after the other, each by every number of workers that was asked for.

import type { AllocatorAdapter } from "./allocators/adapter.ts";
import { adapterUrl, loadAdapter } from "./allocators/registry.ts";
import { CliError, messageOf } from "./errors.ts";
import type { ReplayOptions } from "./options.ts";
import type { Progress } from "./progress.ts";
import { type Run, replay } from "./replay/replay.ts";
import type { ReplayResults, TraceResult } from "./results.ts";
import { prepareStream, type Stream } from "./stream.ts";
import type { Trace } from "./trace/trace.ts";
import { readTrace } from "./trace/trace-reader.ts";

export interface Surroundings {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Called with each trace's result as soon as it is there. */
  readonly onResult: (result: TraceResult, adapter: AllocatorAdapter) => void;
}

/** Throws for wrong usage and when `signal` aborts; what is wrong with one trace is in its result. */
export async function replayCommand(
  paths: readonly string[],
  options: ReplayOptions,
  surroundings: Surroundings,
): Promise<ReplayResults> {
  const url = adapterUrl(options.allocator);
  const adapter = await loadAdapter(url);
  const traces: TraceResult[] = [];
  for (const path of paths) {
    const result = await replayOne(path, options, { url, adapter }, surroundings);
    surroundings.onResult(result, adapter);
    traces.push(result);
  }
  return { options, adapter, traces };
}

async function replayOne(
  path: string,
  options: ReplayOptions,
  { url, adapter }: { url: URL; adapter: AllocatorAdapter },
  { progress, signal }: Surroundings,
): Promise<TraceResult> {
  const runs: Run[] = [];
  let trace: Trace | undefined;
  let stream: Stream | undefined;
  let where = `reading ${path}`;
  try {
    trace = await readTrace(path, {
      signal,
      onProgress: (read, size) => progress.update(where, read, Math.max(read, size)),
    });
    stream = prepareStream(trace, { limitBytes: adapter.limitBytes });
    for (const workers of options.workers) {
      where = `${trace.name} on ${workers} ${workers === 1 ? "worker" : "workers"}`;
      let share = 0;
      const onProgress = (done: number, total: number) => {
        share = total > 0 ? done / total : 1;
        progress.update(where, done, total);
      };
      const settings = { passes: options.passes, capacityBytes: options.capacity, classes: options.classes };
      try {
        runs.push(
          await replay(stream, {
            ...settings,
            adapterUrl: url,
            workers,
            verify: options.verify,
            signal,
            onProgress,
          }),
        );
      } catch (error) {
        where += ` (${Math.floor(share * 100)} % done)`;
        throw error;
      }
    }
    return { path, trace, stream, runs, error: undefined };
  } catch (error) {
    if (signal.aborted) throw new CliError("ERR_INTERRUPTED", `interrupted at ${where}`, { cause: error });
    const code = error instanceof CliError ? error.code : codeOf(error);
    return { path, trace, stream, runs, error: { code, message: messageOf(error) } };
  } finally {
    progress.stop();
  }
}

/** The heap's own errors have codes of their own. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "ERR_REPLAY_FAILED";
}

// `offheap replay`: the traces one after the other, each by every number of workers that was asked for.

import { type AllocatorAdapter, mostCapacityBytes, type RequestLimit } from "./allocators/adapter.ts";
import { adapterUrl, loadAdapter } from "./allocators/registry.ts";
import { CliError, codeOf, messageOf } from "./errors.ts";
import type { ReplayOptions, Settings } from "./options.ts";
import type { Progress } from "./progress.ts";
import { type Run, replay } from "./replay/replay.ts";
import type { ReplayResults, StreamFacts, TraceFacts, TraceResult } from "./results.ts";
import { prepareStream, type Stream } from "./stream.ts";
import type { Trace } from "./trace/trace.ts";
import { readTrace } from "./trace/trace-reader.ts";

export interface Surroundings {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Called with each trace's result as soon as it is there. */
  readonly onResult: (result: TraceResult, limit: RequestLimit | undefined) => void;
}

/** Throws for wrong usage and when `signal` aborts; what is wrong with one trace is in its result. */
export async function replayCommand(
  paths: readonly string[],
  options: ReplayOptions,
  surroundings: Surroundings,
): Promise<ReplayResults> {
  const url = adapterUrl(options.allocator);
  const adapter = await loadAdapter(url);
  const settings: Settings = { ...options, classes: options.classes ?? adapter.defaultClasses };
  const limit = limitFor(adapter, settings);
  const traces: TraceResult[] = [];
  for (const path of paths) {
    const result = await replayOne(path, settings, { url, limit }, surroundings);
    surroundings.onResult(result, limit);
    traces.push(result);
  }
  return { options: settings, limit, traces };
}

/** Of the run with the most workers, whose books are the largest. Undefined when no such heap can be made. */
function limitFor(adapter: AllocatorAdapter, options: Settings): RequestLimit | undefined {
  const { capacity: capacityBytes, classes } = options;
  try {
    return adapter.limitOf({ capacityBytes, classes, workers: Math.max(...options.workers) });
  } catch {
    return undefined; // the replay of each trace will meet the cause, and tell it
  }
}

async function replayOne(
  path: string,
  options: Settings,
  { url, limit }: { url: URL; limit: RequestLimit | undefined },
  { progress, signal }: Surroundings,
): Promise<TraceResult> {
  const runs: Run[] = [];
  let trace: TraceFacts | undefined;
  let stream: StreamFacts | undefined;
  const where = { label: `reading ${path}`, share: 0 };
  const onProgress = (done: number, total: number) => {
    where.share = total > 0 ? done / total : 1;
    progress.update(where.label, done, total);
  };
  try {
    const whole = await readTrace(path, {
      signal,
      onProgress: (readBytes, fileBytes) => onProgress(readBytes, Math.max(readBytes, fileBytes)),
    });
    const prepared = prepareStream(whole, limit ? { limitBytes: limit.bytes } : {});
    trace = factsOfTrace(whole);
    stream = factsOfStream(prepared);
    const { passes, capacity: capacityBytes, classes, verify } = options;
    for (const workers of options.workers) {
      where.label = `${trace.name} on ${workers} ${workers === 1 ? "worker" : "workers"}`;
      where.share = 0;
      const settings = { adapterUrl: url, workers, passes, capacityBytes, classes, verify };
      runs.push(await replay(prepared, { ...settings, signal, onProgress }));
    }
    return { path, trace, stream, runs, error: undefined };
  } catch (error) {
    if (signal.aborted) {
      const done = `${Math.floor(where.share * 100)} % done`;
      throw new CliError("ERR_INTERRUPTED", `interrupted at ${where.label} (${done})`, { cause: error });
    }
    const code = codeOf(error) ?? "ERR_REPLAY_FAILED";
    const canGrow = code === "ERR_OUT_OF_MEMORY" && options.capacity < mostCapacityBytes;
    const advice = canGrow ? " (--capacity gives the heap more)" : "";
    return { path, trace, stream, runs, error: { code, message: messageOf(error) + advice } };
  } finally {
    progress.stop();
  }
}

function factsOfTrace({ objects, sizes, ...facts }: Trace): TraceFacts {
  return facts;
}

function factsOfStream({ sizes, seats, seatsAtEnd, ...facts }: Stream): StreamFacts {
  return facts;
}

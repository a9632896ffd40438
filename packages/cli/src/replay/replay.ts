// One run: a stream through one fresh heap, by all workers at once.
//
//   timed passes     the first finds a cold heap and cold code; the others are the steady ones
//   one more pass    whole objects are filled and compared; the workers stop where the most bytes are
//                    live, all of them at once, and the heap is looked at: the figures of space are of then
//   the end          everything freed, workers gone, clean-up: the heap must hold no object and check out

import { max, mean, median, min } from "simple-statistics";
import type { ClassMeasure, ClassPreset, ReplayHeap } from "../allocators/adapter.ts";
import { loadAdapter } from "../allocators/registry.ts";
import type { Stream } from "../stream.ts";
import { Crew } from "./crew.ts";
import type { Fill, FillViolation, Reply } from "./protocol.ts";

export interface RunOptions {
  readonly adapterUrl: URL;
  readonly workers: number;
  /** Timed ones, the first included. */
  readonly passes: number;
  readonly capacityBytes: number;
  readonly classes: ClassPreset;
  readonly verify: boolean;
  readonly signal?: AbortSignal;
  /** Called now and then with the operations done and to do, of all workers and passes. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Run {
  readonly workers: number;
  /** Nanoseconds an operation: `passNs[pass][worker]`. Empty for a stream without operations. */
  readonly passNs: readonly (readonly number[])[];
  /** Means over the workers; undefined where there was no such pass. */
  readonly firstPassNs: number | undefined;
  readonly steadyMedianNs: number | undefined;
  readonly steadyMinNs: number | undefined;
  readonly steadyMaxNs: number | undefined;
  /** Undefined when a wrong fill ended the run before it was known. */
  readonly space: Space | undefined;
  readonly fillViolations: readonly FillViolation[];
  /** What `check()` says, at the peak and at the end, and objects that are live after all were freed. */
  readonly heapViolations: readonly string[];
}

/** All workers together. */
export interface Space {
  /** As requested: the peak of the stream, by the number of workers. */
  readonly peakLiveBytes: number;
  /** Of the slots that hold them. */
  readonly slotBytesAtPeak: number;
  readonly internalFragmentation: number;
  readonly footprintBytes: number;
  readonly footprintRatio: number;
  readonly classesAtPeak: readonly ClassMeasure[];
  readonly bookBytes: number;
  /** Bytes of spans that the heap still holds after everything was freed and cleaned up. */
  readonly heldBytes: number;
}

const progressIntervalMs = 100;

export async function replay(stream: Stream, options: RunOptions): Promise<Run> {
  const adapter = await loadAdapter(options.adapterUrl);
  const heap = adapter.createHeap(options);
  const progress = new Float64Array(new SharedArrayBuffer(options.workers * Float64Array.BYTES_PER_ELEMENT));
  const setups = Array.from({ length: options.workers }, (_, index) => ({
    adapterUrl: String(options.adapterUrl),
    handle: heap.handle,
    stream,
    index,
    workers: options.workers,
    verify: options.verify,
    progress,
  }));
  const total = stream.operations * (options.passes + 1) * options.workers;
  const report = () => options.onProgress?.(sum(progress), total);
  const timer = setInterval(report, progressIntervalMs);
  try {
    options.signal?.throwIfAborted();
    const crew = await Crew.start(setups, (worker) => heap.track(worker));
    const stop = () => void crew.stop();
    options.signal?.addEventListener("abort", stop);
    try {
      options.signal?.throwIfAborted();
      const run = await runPasses(stream, options, heap, crew);
      report();
      return run;
    } finally {
      options.signal?.removeEventListener("abort", stop);
      await crew.stop();
    }
  } catch (error) {
    options.signal?.throwIfAborted(); // what a stopped worker leaves is no news
    throw error;
  } finally {
    clearInterval(timer);
    heap.destroy();
  }
}

async function runPasses(stream: Stream, options: RunOptions, heap: ReplayHeap, crew: Crew): Promise<Run> {
  const { operations, peakOperation } = stream;
  const fillViolations: FillViolation[] = [];
  const heapViolations: string[] = [];
  const passNs: number[][] = [];
  let space: Space | undefined;

  /** One pass or a part of it; false when a fill was wrong, after which nothing in the heap can be trusted. */
  const part = async (fill: Fill, from: number, to: number): Promise<Reply[] | undefined> => {
    const replies = await crew.all({ name: "run", fill, from, to });
    return collect(replies, fillViolations) ? replies : undefined;
  };
  const release = async (fill: Fill) => collect(await crew.all({ name: "release", fill }), fillViolations);

  const runAll = async (): Promise<boolean> => {
    for (let pass = 0; pass < options.passes; pass++) {
      const replies = await part("word", 0, operations);
      if (!replies) return false;
      if (operations > 0) passNs.push(replies.map((reply) => nanosecondsOf(reply) / operations));
      if (!(await release("word"))) return false;
    }
    if (!(await part("whole", 0, peakOperation))) return false;
    space = measureSpace(heap, stream.peakLiveBytes * options.workers);
    heapViolations.push(...heap.check().map((violation) => `at the peak: ${violation}`));
    return (await part("whole", peakOperation, operations)) !== undefined && (await release("whole"));
  };

  if (await runAll()) {
    await crew.leave();
    heap.cleanup();
    const { liveObjects, peakSpanBytes, spanBytes } = heap.measure();
    if (space) space = withFootprint(space, peakSpanBytes, spanBytes);
    if (liveObjects !== 0)
      heapViolations.push(`${liveObjects} objects are live after all of them were freed`);
  }
  heapViolations.push(...heap.check().map((violation) => `at the end: ${violation}`));
  return { workers: options.workers, passNs, ...summary(passNs), space, fillViolations, heapViolations };
}

function collect(replies: readonly Reply[], violations: FillViolation[]): boolean {
  for (const reply of replies) if (reply.name === "wrong") violations.push(reply.violation);
  return violations.length === 0;
}

function nanosecondsOf(reply: Reply): number {
  return reply.name === "done" ? reply.nanoseconds : 0;
}

function summary(passNs: readonly (readonly number[])[]) {
  const [first, ...steady] = passNs.map((ofWorkers) => mean([...ofWorkers]));
  const hasSteady = steady.length > 0;
  return {
    firstPassNs: first,
    steadyMedianNs: hasSteady ? median(steady) : undefined,
    steadyMinNs: hasSteady ? min(steady) : undefined,
    steadyMaxNs: hasSteady ? max(steady) : undefined,
  };
}

function measureSpace(heap: ReplayHeap, peakLiveBytes: number): Space {
  const { liveSlotBytes, classes, bookBytes } = heap.measure();
  return {
    peakLiveBytes,
    slotBytesAtPeak: liveSlotBytes,
    internalFragmentation: liveSlotBytes / peakLiveBytes,
    footprintBytes: 0,
    footprintRatio: 0,
    classesAtPeak: classes.filter((each) => each.slabs > 0),
    bookBytes,
    heldBytes: 0,
  };
}

/** The footprint is known at the end only: the passes after the peak may have used more. */
function withFootprint(space: Space, footprintBytes: number, heldBytes: number): Space {
  return { ...space, footprintBytes, footprintRatio: footprintBytes / space.peakLiveBytes, heldBytes };
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

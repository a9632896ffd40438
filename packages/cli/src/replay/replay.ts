// One run: a stream through one fresh heap, by all workers at once.
//
//   timed passes     the first finds a cold heap and cold code; the others are the steady ones. After each
//                    comes a checked one, which reads every object before its free
//   a thorough pass  whole objects are filled and compared; the workers stop where the most bytes are live,
//                    all of them at once, and the heap is looked at: the figures of space are of then
//   the end          everything freed, workers gone, clean-up: the heap must hold no object and check out

import { max, mean, median, min } from "simple-statistics";
import type { ClassMeasure, ClassPreset, ReplayHeap } from "../allocators/adapter.ts";
import { loadAdapter } from "../allocators/registry.ts";
import type { Stream } from "../stream.ts";
import { Crew } from "./crew.ts";
import type { FillViolation, PassKind, Reply } from "./protocol.ts";

export interface RunOptions {
  readonly adapterUrl: URL;
  readonly workers: number;
  /** Timed ones, the first included. */
  readonly passes: number;
  readonly capacityBytes: number;
  readonly classes: ClassPreset;
  /** Whether checked passes go between the timed ones. The thorough pass comes in any case. */
  readonly verify: boolean;
  readonly signal?: AbortSignal;
  /** Called now and then with the operations done and to do, of all workers and passes. */
  readonly onProgress?: (done: number, total: number) => void;
}

export type PassTimes = readonly (readonly number[])[];

export interface Run {
  readonly workers: number;
  /** Nanoseconds an operation of the timed passes, `[pass][worker]`. Empty for a stream without operations. */
  readonly passNs: PassTimes;
  readonly checkedPassNs: PassTimes;
  /** Means over the workers; undefined where there was no such pass. */
  readonly firstPassNs: number | undefined;
  readonly steadyMedianNs: number | undefined;
  readonly steadyMinNs: number | undefined;
  readonly steadyMaxNs: number | undefined;
  readonly checkedMedianNs: number | undefined;
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
  /** Objects larger than any class, and the bytes set aside for them. */
  readonly largeAtPeak: { readonly objects: number; readonly bytes: number };
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
    progress,
  }));
  const passes = options.passes * (options.verify ? 2 : 1) + 1;
  const total = stream.operations * passes * options.workers;
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
  const checkedPassNs: number[][] = [];
  let space: Space | undefined;

  /** False when a fill was wrong, after which nothing in the heap can be trusted. */
  const allKept = (replies: readonly Reply[]): boolean => {
    for (const reply of replies) if (reply.name === "wrong") fillViolations.push(reply.violation);
    return fillViolations.length === 0;
  };
  const part = async (pass: PassKind, from: number, to: number) => crew.all({ name: "run", pass, from, to });
  const release = async (pass: PassKind) => allKept(await crew.all({ name: "release", pass }));
  const wordPass = async (pass: "timed" | "checked", times: number[][]): Promise<boolean> => {
    const replies = await part(pass, 0, operations);
    if (!allKept(replies)) return false;
    if (operations > 0) times.push(replies.map((reply) => nanosecondsOf(reply) / operations));
    return release(pass);
  };
  const allPasses = async (): Promise<boolean> => {
    for (let pass = 0; pass < options.passes; pass++) {
      if (!(await wordPass("timed", passNs))) return false;
      if (options.verify && !(await wordPass("checked", checkedPassNs))) return false;
    }
    if (!allKept(await part("thorough", 0, peakOperation))) return false;
    space = measureSpace(heap, stream.peakLiveBytes * options.workers);
    heapViolations.push(...heap.check().map((violation) => `at the peak: ${violation}`));
    return allKept(await part("thorough", peakOperation, operations)) && (await release("thorough"));
  };

  if (await allPasses()) {
    await crew.leave();
    heap.cleanup();
    const { liveObjects, peakSpanBytes, spanBytes } = heap.measure();
    if (space) space = withFootprint(space, peakSpanBytes, spanBytes);
    if (liveObjects !== 0)
      heapViolations.push(`${liveObjects} objects are live after all of them were freed`);
  }
  heapViolations.push(...heap.check().map((violation) => `at the end: ${violation}`));
  const times = { passNs, checkedPassNs, ...summary(passNs, checkedPassNs) };
  return { workers: options.workers, ...times, space, fillViolations, heapViolations };
}

function nanosecondsOf(reply: Reply): number {
  return reply.name === "done" ? reply.nanoseconds : 0;
}

function summary(passNs: PassTimes, checkedPassNs: PassTimes) {
  const [first, ...steady] = passNs.map((ofWorkers) => mean([...ofWorkers]));
  const checked = checkedPassNs.map((ofWorkers) => mean([...ofWorkers]));
  const hasSteady = steady.length > 0;
  return {
    firstPassNs: first,
    steadyMedianNs: hasSteady ? median(steady) : undefined,
    steadyMinNs: hasSteady ? min(steady) : undefined,
    steadyMaxNs: hasSteady ? max(steady) : undefined,
    checkedMedianNs: checked.length > 0 ? median(checked) : undefined,
  };
}

function measureSpace(heap: ReplayHeap, peakLiveBytes: number): Space {
  const { liveSlotBytes, classes, large, bookBytes } = heap.measure();
  return {
    peakLiveBytes,
    slotBytesAtPeak: liveSlotBytes,
    internalFragmentation: liveSlotBytes / peakLiveBytes,
    footprintBytes: 0,
    footprintRatio: 0,
    classesAtPeak: classes.filter((each) => each.slabs > 0),
    largeAtPeak: large,
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

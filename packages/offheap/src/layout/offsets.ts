// Where a worker has what, and where what is about a chunk stands: words from the heap's start.

import type { ClassIndex, WorkerPlace } from "../base/index.ts";
import {
  countersIn,
  keptWords,
  type Layout,
  magazinesIn,
  recordHeadWords,
  scratchIn,
  wordsPerCounter,
  wordsPerRound,
  wordsPerSlabInfo,
} from "./layout.ts";

interface Worded {
  readonly words: Int32Array;
  readonly layout: Layout;
}

export function recordAt(layout: Layout, worker: WorkerPlace): number {
  return layout.recordsAt + (worker - 1) * layout.recordWords;
}

/** The gauges of a worker, by class index; that of no class is always 0. */
export function gaugesAt(layout: Layout, worker: WorkerPlace): number {
  return recordAt(layout, worker) + recordHeadWords;
}

export function counterAt(layout: Layout, worker: WorkerPlace, classIndex: ClassIndex): number {
  const counters = countersIn(layout.objectBytes.length, layout.magazineShift);
  return recordAt(layout, worker) + counters + (classIndex - 1) * wordsPerCounter;
}

/** The round that a gauge of index 0 leads to. It is none, and stays zero. */
export function roundsAt(layout: Layout, worker: WorkerPlace): number {
  return recordAt(layout, worker) + magazinesIn;
}

/** The index in a class's gauge while its magazine is empty. */
export function emptyIndex(layout: Layout, classIndex: number): number {
  return (classIndex << layout.magazineShift) - (layout.roundLimits[classIndex - 1] as number);
}

/** The lowest round of a magazine. */
export function magazineAt(layout: Layout, worker: WorkerPlace, classIndex: ClassIndex): number {
  return roundsAt(layout, worker) + (emptyIndex(layout, classIndex) + 1) * wordsPerRound;
}

/** What a worker keeps: page runs (core/pages/kept.ts), then spans (core/large/kept.ts): for each where it is + 1, and its length. */
export function keptTable({ words, layout }: Worded, worker: WorkerPlace): Int32Array {
  const end = recordAt(layout, worker) + scratchIn(layout.objectBytes.length, layout.magazineShift);
  return words.subarray(end - keptWords, end);
}

/** Where the state bytes of such runs are, and the heads of such spans. All of them are listed, and some that are kept no more. */
export function keptIn(heap: Worded, worker: WorkerPlace): { slots: number[]; heads: number[] } {
  const table = keptTable(heap, worker);
  const listed = (from: number, end: number) =>
    [...table.subarray(from, end).filter((_, i) => i % 2 === 0)].filter((at) => at > 0).map((at) => at - 1);
  return { slots: listed(0, keptWords / 2), heads: listed(keptWords / 2, keptWords) };
}

/** What a worker is about in structures. */
export function intentAt(layout: Layout, worker: WorkerPlace): number {
  return layout.intentsAt + (worker - 1) * layout.intentWords;
}

export const infoAt = (layout: Layout, head: number): number => layout.infoAt + head * wordsPerSlabInfo;

/** Sets of chunks, in this order: free chunks, wholly free slabs, then slabs with a free slot per class. */
export function chunkSetAt(layout: Layout, index: number): number {
  return layout.chunkSetsAt + index * layout.chunkSetWords;
}

/** The sets of a pool: `binCount` of page spans by bin, those with frees to collect, the empty ones. */
export function poolSetAt(layout: Layout, index: number): number {
  return chunkSetAt(layout, layout.objectBytes.length + 2 + index);
}

/**
 * A program that keeps five million small records and goes on working: it updates them at random,
 * replaces one in eight, and makes short-lived objects on the way. Records on the JavaScript heap, or off it.
 */
import { SlabAllocator } from "offheap";
import { collectionSpans } from "../stores/collections.ts";
import { residentBytes } from "./memory-map.ts";
import type { GcAnswer, GcRequest } from "./protocol.ts";
import { nowNs } from "./run.ts";

const BATCH = 20_000;
const RECORD_BYTES = 32; // four 8-byte fields

interface Records {
  create(index: number): void;
  update(index: number, value: number): void;
  replace(index: number, value: number): void;
}

interface PlainRecord {
  key: number;
  count: number;
  sum: number;
  last: number;
}

function onHeap(count: number): Records {
  const records = new Array<PlainRecord | undefined>(count).fill(undefined);
  const make = (key: number, last: number): PlainRecord => ({ key, count: 0, sum: 0.5, last });
  return {
    create(index) {
      records[index] = make(index, 0);
    },
    update(index, value) {
      const record = records[index] as PlainRecord;
      record.count++;
      record.sum += value;
      record.last = value;
    },
    replace(index, value) {
      records[index] = make(index, value);
    },
  };
}

function offHeap(count: number): Records {
  const heap = new SlabAllocator({ capacity: 2 ** 30 });
  const { f64 } = heap;
  const table = new Int32Array(count);
  const make = (key: number, last: number): number => {
    const address = heap.allocate(RECORD_BYTES);
    const at = address >>> 3;
    f64[at] = key;
    f64[at + 1] = 0;
    f64[at + 2] = 0.5;
    f64[at + 3] = last;
    return address;
  };
  return {
    create(index) {
      table[index] = make(index, 0);
    },
    update(index, value) {
      const at = table[index] >>> 3;
      f64[at + 1]++;
      f64[at + 2] += value;
      f64[at + 3] = value;
    },
    replace(index, value) {
      heap.deallocate(table[index]);
      table[index] = make(index, value);
    },
  };
}

/** Milliseconds of each collection since the last call. */
export function collectionWatch(): () => Promise<number[]> {
  const taken = collectionSpans();
  return async () => (await taken()).map(({ ms }) => ms);
}

async function inBatches(count: number, batch: (from: number, to: number) => void): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    batch(from, Math.min(count, from + BATCH));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Keeps what a step makes from being optimized away. */
const garbage: { text: string; list: number[] }[] = [];

function work(records: Records, count: number, from: number, to: number): void {
  let at = Math.imul(from + 1, 0x9e3779b1) >>> 0;
  for (let step = from; step < to; step++) {
    at = (Math.imul(at, 1664525) + 1013904223) >>> 0;
    const index = Math.floor((at / 2 ** 32) * count);
    if ((step & 7) === 0) records.replace(index, step);
    else records.update(index, step);
    garbage[step & 255] = { text: `record ${index}`, list: [step, index, at] };
  }
}

export async function gcCase(request: GcRequest): Promise<GcAnswer> {
  const { count, steps } = request;
  const watch = collectionWatch();
  const before = residentBytes();
  const records = request.peer === "offheap" ? offHeap(count) : onHeap(count);
  const filling = nowNs();
  await inBatches(count, (from, to) => {
    for (let index = from; index < to; index++) records.create(index);
  });
  const fillMs = (nowNs() - filling) / 1e6;
  const fillPauses = await watch();
  const working = nowNs();
  await inBatches(steps, (from, to) => work(records, count, from, to));
  const workMs = (nowNs() - working) / 1e6;
  const workPauses = await watch();
  const forcing = nowNs();
  globalThis.gc?.();
  const fullGcMs = (nowNs() - forcing) / 1e6;
  const sum = (pauses: readonly number[]): number => pauses.reduce((total, pause) => total + pause, 0);
  return {
    ...{ fillMs, workMs, fullGcMs },
    fillGcMs: sum(fillPauses),
    workGcMs: sum(workPauses),
    longestGcMs: Math.max(0, ...fillPauses, ...workPauses),
    collections: fillPauses.length + workPauses.length,
    residentBytes: residentBytes() - before,
  };
}

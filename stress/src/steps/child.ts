// The program that is stepped through: makes its calls until V8 has compiled them, says so, waits, and makes them once more.

import { loadOs } from "offheap/os";
import { heapOffset, openHeap, openMemory } from "offheap/process";
import { type Call, maxWorkers, stepCases } from "./cases.ts";

export interface StepOrders {
  readonly name: string;
  readonly engine: "wasm" | "js";
  readonly heap: string;
  readonly notes: string;
  /** Times that all calls are made before. */
  readonly warmUp: number;
}

/** Words of the notes; native/step.c has the same. */
export const noteWord = { ready: 0, go: 1, inside: 2, over: 3 } as const;

const orders = JSON.parse(process.argv[2] as string) as StepOrders;
const { capacity, kind, calls } = stepCases[orders.name] as (typeof stepCases)[string];
const options = { capacity, maxWorkers, live: true, engine: orders.engine, os: loadOs() };
const heap =
  kind === "pool" ? openHeap(orders.heap, { ...options, kind }) : openHeap(orders.heap, { ...options, kind });
const notes = new Int32Array(openMemory(orders.notes).buffer, heapOffset, 8);

/** In one function with the calls, so that the code that was compiled while nobody stepped is the code that is stepped through. */
function makeCalls(list: readonly Call[], words: Int32Array): void {
  while (Atomics.load(words, noteWord.go) === 0);
  for (let i = 0; i < list.length; i++) {
    const call = list[i] as Call;
    Atomics.store(words, noteWord.inside, i + 1);
    call();
    Atomics.store(words, noteWord.inside, 0);
  }
}

const list = calls(heap, orders.engine);
const warm = new Int32Array(new SharedArrayBuffer(32));
warm[noteWord.go] = 1;
for (let i = 0; i < orders.warmUp; i++) makeCalls(list, warm);
// What was compiled meanwhile comes into use, and a collection is not due in the midst.
await new Promise((resolve) => setTimeout(resolve, 100));
for (let i = 0; i < orders.warmUp / 10; i++) makeCalls(list, warm);
Atomics.store(notes, noteWord.ready, 1);
makeCalls(list, notes);
Atomics.store(notes, noteWord.over, 1);
process.exit(0);

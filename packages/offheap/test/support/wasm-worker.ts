// A worker that runs an instance of the C program on a pool, with a stack of its own in that pool.

import { parentPort, workerData } from "node:worker_threads";
import { type HeapHandle, MemoryPool } from "offheap";
import type { WasmMemory } from "#src/memory/kind.js";
import { instantiate } from "./wasm-modules.ts";

export interface WasmOrders {
  /** Whether its malloc and free are the core's own. */
  readonly direct: boolean;
  readonly handle: HeapHandle;
  readonly path: string;
  readonly seed: number;
  readonly steps: number;
  /** Address and number of the cells through which instances pass objects to each other. */
  readonly cells: readonly [address: number, count: number];
  /** Address of a word in which two instances count the rounds that they have begun; 0: alone. */
  readonly meeting: number;
  readonly stackBytes: number;
  /** Says who it is, and runs until it is killed. */
  readonly endless?: boolean;
}

export interface WasmReport {
  readonly sums: readonly string[];
  /** Objects freed here that another instance had allocated. */
  readonly foreign: number;
  readonly stack: number;
}

const { handle, path, seed, steps, cells, meeting, stackBytes, endless, direct } = workerData as WasmOrders;
const pool = MemoryPool.attach(handle);
const stack = pool.allocate(stackBytes, { align: 16 });
const program = instantiate(path, handle.memory as WasmMemory, pool.asMalloc({ direct }));
// Stacks of WebAssembly grow down; this has to be the first thing that happens to an instance.
(program["__stack_pointer"] as { value: number }).value = stack + stackBytes;

if (endless) {
  parentPort?.postMessage(pool.workerId);
  for (;;) program["churn"]?.(seed, 1000);
}
const sums: string[] = [];
let foreign = 0;
/** Waits until both have begun the round, so that they meet however slow one of them is. */
function meet(round: number): void {
  const words = pool.i32;
  Atomics.add(words, meeting / 4, 1);
  Atomics.notify(words, meeting / 4);
  for (let begun = 0; begun < 2 * (round + 1); ) {
    begun = Atomics.load(words, meeting / 4);
    if (begun < 2 * (round + 1)) Atomics.wait(words, meeting / 4, begun, 30_000);
  }
}

for (let round = 0; round < 4; round++) {
  meet(round);
  sums.push(String(BigInt.asUintN(64, BigInt(program["churn"]?.(seed, steps) as number))));
  foreign += program["exchange"]?.(...cells, seed, steps) as number;
}
pool.deallocate(stack);
pool.detach();
parentPort?.postMessage({ sums, foreign, stack } satisfies WasmReport);

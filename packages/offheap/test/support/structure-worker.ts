// One worker thread that uses structures at random: a stack that all share, or the names of a heap. It goes on until it is
// told to stop, or killed.
//
//   tally    64-bit sums, of this worker alone, each stored when the call it is of has returned: values pushed, popped; their sums

import { parentPort, workerData } from "node:worker_threads";
import { AllocatorError, MemoryPool, SlabAllocator } from "offheap";
import { kitOf } from "./kits.ts";
import { Random } from "./random.ts";
import { SharedStack } from "./stack.ts";
import { kindOf, type StructureOrders, stopped, tally } from "./structure-threads.ts";

const orders = workerData as StructureOrders;
const { control, heads, names, targets, seat } = orders;
const heap = (orders.isPool ? MemoryPool : SlabAllocator).attach(orders.handle);
const random = new Random(orders.seed);
const stacks = heads.map((head) => new SharedStack(kitOf(heap), head));
const told = orders.told.subarray(seat * tally.words, (seat + 1) * tally.words);
/** Never the same twice in a run: who pushed it, and how many before. */
let pushed = 0;

function isFull(error: unknown): boolean {
  return error instanceof AllocatorError && error.code === "ERR_OUT_OF_MEMORY";
}

function useStack(): void {
  const stack = random.pick(stacks);
  const dice = random.below(10);
  if (dice < 4) {
    const value = orders.firstValue + pushed;
    // Before and after: of a kill in between nobody knows.
    told[tally.pushing] = value;
    try {
      stack.push(value);
      pushed++;
      told[tally.pushed] = pushed;
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    told[tally.pushing] = 0;
  } else if (dice < 8) {
    told[tally.popping] = 1;
    const value = stack.pop();
    if (value !== undefined) {
      const seen = Atomics.add(orders.seen, value, 1);
      if (seen !== 0) throw new Error(`${value} was popped twice`);
    }
    told[tally.popping] = 0;
  } else {
    const value = stack.top();
    if (value !== undefined && (value < 1 || value >= orders.seen.length))
      throw new Error(`the top is ${value}, which nobody pushed`);
  }
}

function useNames(): void {
  const name = random.pick(names);
  const dice = random.below(10);
  if (dice < 4) {
    const address = random.pick(targets);
    heap.roots.set(name, { kind: kindOf(address), address });
  } else if (dice < 6) heap.roots.delete(name);
  else {
    const found = heap.roots.get(name);
    if (found !== undefined && (!targets.includes(found.address) || found.kind !== kindOf(found.address)))
      throw new Error(`${name} leads to ${found.kind} ${found.address}`);
  }
}

parentPort?.postMessage(heap.workerId);
for (let step = 0; Atomics.load(control, 0) !== stopped && step < orders.steps; step++) {
  if (names.length > 0 && random.chance(heads.length > 0 ? 20 : 100)) useNames();
  else useStack();
  if (random.below(1000) === 0) heap.cleanup();
}
heap.detach();

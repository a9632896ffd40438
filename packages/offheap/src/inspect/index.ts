// What can be told of a heap: reading only. Statistics, every invariant with its operands, and what is in memory.

// Counters added up.
export { type SizeClassStats, type WorkerStats, type SlabStats, collectStats } from "./stats.ts";

// Who shares the heap.
export { type ProcessStats, processesOf } from "./processes.ts";

// check(): which invariant is broken.
export { type OtherChecks, checkHeap } from "./check.ts";

// What of the heap is in memory just now.
export { type Residency, residencyOf } from "./residency.ts";

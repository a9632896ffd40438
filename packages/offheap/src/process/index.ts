// offheap/process: one heap for several processes, in a file that each of them maps.

export type { ProcessStats } from "../inspect/index.ts";
export { closeHeap, fileOf, type HeapFile, leaveHeap, removeHeap } from "./close.ts";
export { handleIn, heapOffset } from "./heap-in.ts";
export { openHeap } from "./open-heap.ts";
export { openMemory } from "./open-memory.ts";
export type { OpenHeapOptions, OpenMemoryOptions } from "./options.ts";
export type { FileEnd } from "./table.ts";

// How a heap comes to be in a memory, is recognised there, is joined through its handle, and ends.

// The object sizes that slabs come in.
export { SizeClasses, hasPoolClasses } from "./size-classes.ts";

// The options of a heap, checked before anything is reserved.
export type { HeapOptions } from "./options.ts";

// Those that have to do with the operating system.
export type { AttachOptions } from "./os-options.ts";

// From options to a formatted heap.
export { type Internals, createHeap, joinHeap } from "./create.ts";

// What is posted to another worker.
export { type HeapHandle, handleOf } from "./handle.ts";

// The data on huge pages.
export { hugeBytesOf } from "./huge-pages.ts";

// The end of a heap for everyone.
export { endHeap, giveBackMemory } from "./destroy.ts";

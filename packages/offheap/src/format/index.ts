// How a heap comes to be in a memory, is recognised there, is joined through its handle, and ends.

// The object sizes that slabs come in.
export { SizeClasses, hasPoolClasses } from "./size-classes.ts";

// The options of a heap, checked before anything is reserved.
export { type HeapOptions, resolveOptions } from "./options.ts";

// Those that have to do with the operating system.
export { type AttachOptions, checkOs } from "./os-options.ts";

// From options to a formatted heap, or one that is written into a memory by whoever knows it to be zero.
export { type Internals, createHeap, joinHeap } from "./create.ts";
export { formatHeap } from "./format.ts";

// What is posted to another worker.
export { type HeapHandle, handleOf } from "./handle.ts";

// The data on huge pages.
export { hugeBytesOf } from "./huge-pages.ts";

// The end of a heap for everyone.
export { endHeap, giveBackMemory } from "./destroy.ts";

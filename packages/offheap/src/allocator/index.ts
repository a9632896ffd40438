// SlabAllocator: one worker's door to a heap. The fast path of its calls, what they do when that does not serve, and how
// the worker's place is given back however it goes.

// The public surface.
export { SlabAllocator } from "./slab-allocator.ts";

// An empty or a full magazine, and everything rarer.
export { SlowPath } from "./slow-path.ts";

// What is told about arguments that were meant otherwise.
export { givenBack, numberForOptions } from "./wrong-arguments.ts";

// MemoryPool: a heap for any size and any pattern. Reallocation, alignment, regions, reset, and malloc for modules.

// The public surface.
export { MemoryPool } from "./memory-pool.ts";

// What a call may ask for.
export type { AllocateOptions, MallocOptions } from "./options.ts";

// Objects that end together.
export { PoolRegion } from "./region.ts";

// C's calls, for modules on the same memory.
export type { MallocImports } from "./malloc.ts";

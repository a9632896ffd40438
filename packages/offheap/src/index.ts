// The public surface of the package.

export type { Address, WorkerId } from "./base/brands.ts";
export { AllocatorError, type ErrorCode } from "./base/errors.ts";
export type { Os, OsAbility } from "./base/os.ts";
export type { MemoryKind, MemorySource, WasmMemory } from "./memory/kind.ts";
export type { MemoryViews } from "./memory/views.ts";
export type { MallocImports } from "./pool/malloc.ts";
export { MemoryPool } from "./pool/memory-pool.ts";
export type { AllocateOptions, MallocOptions } from "./pool/options.ts";
export type { LargeStats, PoolStats } from "./pool/pool-stats.ts";
export type { PoolRegion } from "./pool/region.ts";
export type { Violation } from "./slab/check.ts";
export type { HeapHandle } from "./slab/handle.ts";
export type { HeapOptions } from "./slab/options.ts";
export type { ReapReport } from "./slab/reaper.ts";
export type { Residency } from "./slab/residency.ts";
export { SizeClasses } from "./slab/size-classes.ts";
export { SlabAllocator } from "./slab/slab-allocator.ts";
export type { SizeClassStats, SlabStats, WorkerStats } from "./slab/stats.ts";
export type { TrackedWorker } from "./slab/threads.ts";

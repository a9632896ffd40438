// The public surface of the package.

export { SlabAllocator } from "./allocator/index.ts";
export {
  type Address,
  AllocatorError,
  type ErrorCode,
  type Os,
  type OsAbility,
  type WorkerId,
} from "./base/index.ts";
export type { Violation } from "./checks/index.ts";
export { type HeapHandle, type HeapOptions, SizeClasses } from "./format/index.ts";
export type { Residency, SizeClassStats, SlabStats, WorkerStats } from "./inspect/index.ts";
export type { LargeStats, PoolStats } from "./large/index.ts";
export type { MemoryKind, MemorySource, MemoryViews, WasmMemory } from "./memory/index.ts";
export {
  type AllocateOptions,
  type MallocImports,
  type MallocOptions,
  MemoryPool,
  type PoolRegion,
} from "./pool/index.ts";
export type { ReapReport } from "./recovery/index.ts";
export type { NamedStructure, Roots, StructureHandle } from "./structure/index.ts";
export type { TrackedWorker } from "./worker/index.ts";

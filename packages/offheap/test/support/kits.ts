// Heaps for the tests of structures: both allocators on both engines, and the kit of a worker.

import { MemoryPool, SlabAllocator } from "offheap";
import type { HeapOptions } from "#src/format/options.js";
import type { Engine } from "#src/memory/engine.js";
import type { Kit } from "#src/structure/kit.js";
import { attachPoolTo, attachTo, heapOf } from "./heaps.ts";

/** The kit of a worker: the tests' way to it. */
export function kitOf(slab: SlabAllocator): Kit {
  return slab["kit"];
}

export interface Variant {
  readonly name: string;
  readonly engine: Engine;
  readonly isPool: boolean;
  /** A heap of 2 MiB, whose classes are 64, 1024 and 8192 bytes unless said otherwise. */
  make(options?: HeapOptions): SlabAllocator;
  /** One more worker of it, as in another thread. */
  join(slab: SlabAllocator): SlabAllocator;
}

const usual: HeapOptions = { capacity: 2 << 20, sizeClasses: [64, 1024, 8192], maxWorkers: 4 };

export const variants: readonly Variant[] = [false, true].flatMap((isPool) =>
  (["wasm", "js"] as const).map((engine) => ({
    name: `${isPool ? "MemoryPool" : "SlabAllocator"}, ${engine}`,
    engine,
    isPool,
    make: (options: HeapOptions = {}) =>
      new (isPool ? MemoryPool : SlabAllocator)({ ...usual, engine, ...options }) as SlabAllocator,
    join: (slab: SlabAllocator) => (isPool ? attachPoolTo : attachTo)(heapOf(slab), undefined, engine),
  })),
);

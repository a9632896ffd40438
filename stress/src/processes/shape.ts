// The shape of a round's heap, and how any process opens it and finds what is in it.

import { type MemoryPool, SizeClasses, type SlabAllocator } from "offheap";
import { loadOs } from "offheap/os";
import { openHeap } from "offheap/process";
import { Ring } from "offheap/ring";
import type { Random } from "offheap-tools";

const mebi = 2 ** 20;
export const slabOptions = { sizeClasses: [...SizeClasses.powersOfTwo, 65_536] };

export interface Shape {
  readonly path: string;
  readonly kind: "pool" | "slab";
  readonly engine: "wasm" | "js";
  readonly capacity: number;
  readonly maxWorkers: number;
  /** What the dead had allocated, and no cell had, is freed with them; else it is nobody's. */
  readonly live: boolean;
  readonly sizes: readonly number[];
  readonly cells: number;
  readonly records: number;
}

export type Heap = MemoryPool | SlabAllocator;

export interface ShapeOptions {
  readonly engine: "auto" | "wasm" | "js";
  readonly maxWorkers: number;
  readonly path: string;
}

export function chooseShape(random: Random, { engine, maxWorkers, path }: ShapeOptions): Shape {
  const kind = random.pick(["pool", "pool", "slab"] as const);
  const sizes = random.pick([
    [16, 24, 32, 64],
    [64],
    [48, 256, 1000, 4096],
    kind === "pool" ? [64, 3000, 12_000, 40_000, 300_000] : [64, 3000, 8192, 65_536],
  ]);
  return {
    path,
    kind,
    engine: engine === "auto" ? random.pick(["wasm", "js"] as const) : engine,
    capacity: random.pick([8, 16, 32]) * mebi,
    maxWorkers,
    live: kind === "slab" || random.part() < 0.6,
    sizes,
    cells: random.between(100, 1000),
    records: random.pick([1, 10, 500]),
  };
}

export function openShape(shape: Shape, check = false): Heap {
  const { path, kind, engine, capacity, maxWorkers, live } = shape;
  const options = { capacity, maxWorkers, live, engine, check, os: loadOs() };
  return kind === "pool"
    ? openHeap(path, { ...options, kind })
    : openHeap(path, { ...options, ...slabOptions, kind });
}

/** What is in the heap under a name. */
export function findRings(heap: Heap): [first: Ring, second: Ring] {
  return ["first", "second"].map((name) => Ring.attach(heap, heap.roots.get(name) as never)) as [Ring, Ring];
}

// The one allocate or deallocate that a kill or an exception cut short, as core/worker/settle.ts settles it.

import type { WorkerPlace } from "../base/index.ts";
import type { SizeClass } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";

export type Unfinished = "none" | "allocate" | "deallocate";

const found = ["none", "allocate", "deallocate"] as const;

/** Settles one class of a worker; `entry` is its journal. The worker is the caller, or dead and the caller its reaper. */
export function settle(heap: Heap, worker: WorkerPlace, { index }: SizeClass, entry: number): Unfinished {
  return found[heap.core.settle(worker, index, entry)] as Unfinished;
}

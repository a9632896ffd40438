// What Records need of an allocator's inside: its heap, its place, and whether it is still attached. By names, not by class:
// the allocator may be of another copy of the package.

import type { SlabAllocator } from "../allocator/index.ts";
import { type Address, AllocatorError, show, type WorkerPlace } from "../base/index.ts";
import { disownSlot, type ObjectSource, slotAt } from "../generations/index.ts";
import type { Heap } from "../memory/index.ts";
import type { MemoryPool } from "../pool/index.ts";

export type AnyAllocator = SlabAllocator | MemoryPool;

interface Inside {
  readonly heap: Heap;
  readonly slow: { readonly place: WorkerPlace };
  readonly lookup: { readonly chunks: number };
  open(): void;
}

/** @throws ERR_INVALID_OPTION for what is no allocator */
export function insideOf(allocator: unknown): Inside {
  const inside = Object(allocator) as Partial<Inside>;
  if (inside.heap?.layout?.generationsAt !== undefined && inside.slow?.place !== undefined)
    return inside as Inside;
  throw new AllocatorError(
    "ERR_INVALID_OPTION",
    `Records are of a SlabAllocator or a MemoryPool, got ${show(allocator)}`,
  );
}

/** @throws ERR_DETACHED */
export function assertOpen(allocator: AnyAllocator): void {
  const inside = allocator as unknown as Inside;
  if (inside.lookup.chunks === 0) inside.open();
}

export function sourceOf(allocator: AnyAllocator): ObjectSource {
  const { heap, slow } = insideOf(allocator);
  return {
    allocate: (bytes) => allocator.allocate(bytes),
    deallocate: (address) => allocator.deallocate(address),
    disown: (address: Address) => void disownSlot(heap, slow.place, slotAt(heap, address)),
  };
}

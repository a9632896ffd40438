// What Records need of an allocator's inside: its heap, its place, and whether it is still attached. By names, not by class:
// the allocator may be of another copy of the package.

import type { SlabAllocator, SlowPath } from "../allocator/index.ts";
import { type Address, AllocatorError, show } from "../base/index.ts";
import { disownSlot, type ObjectSource, slotAt } from "../generations/index.ts";
import type { Heap } from "../memory/index.ts";
import type { MemoryPool } from "../pool/index.ts";

export type AnyAllocator = SlabAllocator | MemoryPool;

interface Inside {
  readonly heap: Heap;
  readonly slow: Pick<SlowPath, "place" | "classes" | "findRound">;
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
  if (inside.lookup.chunks === 0 || !inside.heap.isShown) inside.open();
}

/** As `allocate` of a size that has a class; 0 where no object can be had. @throws ERR_DETACHED */
export function tryAllocate(allocator: AnyAllocator, bytes: number): Address {
  const inside = insideOf(allocator);
  inside.open();
  const { slow, heap } = inside;
  const sizeClass = slow.classes[heap.layout.objectBytes.findIndex((each) => each >= bytes) + 1];
  return sizeClass !== undefined && slow.findRound(sizeClass) ? allocator.allocate(bytes) : 0;
}

export function sourceOf(allocator: AnyAllocator): ObjectSource {
  const { heap, slow } = insideOf(allocator);
  return {
    allocate: (bytes) => tryAllocate(allocator, bytes),
    deallocate: (address) => allocator.deallocate(address),
    disown: (address: Address) => void disownSlot(heap, slow.place, slotAt(heap, address)),
  };
}

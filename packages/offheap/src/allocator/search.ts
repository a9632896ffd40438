// The last search before an allocation gives up.

import { classOf } from "../arena/index.ts";
import type { ChunkIndex } from "../base/index.ts";
import type { SizeClass } from "../layout/index.ts";
import { type Magazines, notClaimed, type Slabs } from "../slab/index.ts";

/**
 * Looks at every chunk, for the hints may lag behind another worker's last stores: fills the magazine from a slab of the
 * class, or gives back what is empty, and builds one.
 */
export function searchAll(
  slabs: Slabs,
  magazines: Magazines,
  sizeClass: SizeClass,
  build: () => boolean,
): boolean {
  const { spans, heap } = slabs;
  let sawFree = false;
  for (let chunk = 0 as ChunkIndex; chunk < heap.layout.chunkCount; chunk++) {
    const seen = spans.claimOf(chunk);
    if (seen === 0) {
      sawFree = true;
      if (!spans.free.has(chunk)) spans.repairFree(chunk);
    }
    if (!slabs.isSlab(seen)) continue;
    const claim = slabs.claim(chunk);
    if (claim === notClaimed) continue;
    if (classOf(claim) === sizeClass.index) {
      if (magazines.takeFrom(sizeClass, chunk)) return true;
    } else if (slabs.release(chunk, claim)) sawFree = true;
    else slabs.unclaim(chunk, claim);
  }
  return sawFree && build();
}

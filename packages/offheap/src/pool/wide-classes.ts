// Size classes over 8 KiB in a pool: what they serve, and what page runs serve in their place.
//
//   a slot       that a magazine or a slab has; from a new slab while the class is asked for often
//   a page run   objects of a class that is asked for seldom, and those for which no slab can be built: of their own
//                length. So what a program seldom needs shares the pages of all large objects, and takes no slab

import type { SlowPath } from "../allocator/index.ts";
import { hasPoolClasses } from "../format/index.ts";
import type { Large, LocatedLarge } from "../large/index.ts";
import { type HeapConfig, maxClassCount, type SizeClass, wideBytes } from "../layout/index.ts";
import { nowhere } from "../pages/index.ts";
import { isSize } from "./options.ts";

/**
 * Requests of a class that page runs serve before a slab is built for it, and the clean-ups that halve what it has had:
 * so it gets slabs at once when many come in a row, and for long at two of a hundred objects that go home. With 8 and 1
 * CPython's trace, all requests, held 3.5 % more than without wide classes.
 */
const requestsBeforeSlab = 64;
const cleanUpsToHalve = 16;

export class WideClasses {
  private readonly slow: SlowPath;
  private readonly large: Large;
  private readonly placeLarge: (size: number, align: number) => number;
  /** By class index: what page runs have served of this worker while there was no slot, and the clean-ups until then. */
  private readonly requests = new Uint8Array(maxClassCount + 1);
  private readonly cleanUps = new Uint32Array(maxClassCount + 1);
  /** A class that was named has its slabs from the first request on. */
  private readonly isNamed: boolean;

  constructor(slow: SlowPath, large: Large, placeLarge: (size: number, align: number) => number) {
    this.isNamed = !hasPoolClasses(slow.heap.layout);
    this.slow = slow;
    this.large = large;
    this.placeLarge = placeLarge;
  }

  /**
   * Undefined: the magazine's top is a slot for the object, aligned as its class is. Else the address of a page run with
   * this alignment; `nowhere` when neither can be had.
   */
  place(sizeClass: SizeClass, size: number, align: number): number | undefined {
    const { slow } = this;
    slow.repair();
    const isSeldom = !this.hasSlots(sizeClass.index) && this.isSeldom(sizeClass.index);
    if (!isSeldom && slow.findRoundAtHand(sizeClass)) return undefined;
    // Before anything is given back for a slab.
    const address = this.large.allocate(size, align, false, false);
    if (address !== nowhere) return address;
    return slow.findRound(sizeClass) ? undefined : this.placeLarge(size, align);
  }

  /** What one call of the core serves of sizes over 8 KiB; 0 where the pool is to look closer. */
  placeInCore(size: number, index: number): number {
    if (index !== 0) return this.hasSlots(index) ? this.slow.allocate(index) : 0;
    return isSize(size) && size <= this.large.mostBytes ? this.slow.allocateLarge(size) : 0;
  }

  /** Whether a class is to be served by slots, as far as is known without a search. */
  private hasSlots(index: number): boolean {
    return this.isNamed || this.slow.mayHaveSlots(this.slow.classes[index] as SizeClass);
  }

  /** Whether a class has been asked for too seldom lately to have a slab; counts one request more. */
  private isSeldom(index: number): boolean {
    const { requests, cleanUps, large } = this;
    const now = Math.floor(large.cleanUps / cleanUpsToHalve);
    const passed = Math.min(now - (cleanUps[index] as number), requestsBeforeSlab);
    const had = (requests[index] as number) >> passed;
    cleanUps[index] = now;
    requests[index] = Math.min(had + 1, requestsBeforeSlab);
    return had < requestsBeforeSlab;
  }
}

/** Whether a class has objects over 8 KiB. */
export function isWide({ objectBytes }: HeapConfig, index: number): boolean {
  return (objectBytes[index - 1] ?? 0) > wideBytes;
}

/**
 * The first class that serves and is a multiple of the alignment: slabs begin at chunks, so its slots are aligned. 0 if
 * there is none, or only a wide one larger than need be: a page run of that alignment is shorter.
 */
export function alignedClass(layout: HeapConfig, index: number, align: number): number {
  const { objectBytes } = layout;
  let aligned = index;
  while (aligned > 0 && align > 8 && (objectBytes[aligned - 1] as number) % align !== 0)
    aligned = aligned < objectBytes.length && !isWide(layout, aligned + 1) ? aligned + 1 : 0;
  return aligned;
}

/** Whether a large object may be a request's: it has as many pages or chunks, or as another of the wide class would have. */
export function fits(layout: HeapConfig, found: LocatedLarge, size: number, index: number): boolean {
  if (found.unitsFor(size) === found.units) return true;
  if (!isWide(layout, index)) return false;
  const { objectBytes } = layout;
  const fewest = found.unitsFor((objectBytes[index - 2] ?? 0) + 1);
  return fewest <= found.units && found.units <= found.unitsFor(objectBytes[index - 1] as number);
}

// The span map: for each chunk, its size class and the distance to its span's head, in one word, so that
// the owner of an address is found by one load. 0: no slab. Written only while the span is being built or
// given back; constant while any slot of the span is not free, which orders the plain read of a legal free.
//
//   bits 0–5 size class | 6–7 kind, where that is 0 | 8–12 its objects' bytes are odd × 2^shift | 13–28 distance
//
// The shift stands here, and not in a table of the worker's, for one access to a view less in each free (docs/measurements.md).

import { mapDistanceShift, mapDivisorShift } from "../../core/layout/index.ts";
import type { ClassIndex } from "../base/index.ts";

// mapPages and mapLarge stand in place of a class, which is 0 then: a span of page runs, or one large object.
export {
  mapClassMask,
  mapDistanceShift,
  mapDivisorShift,
  mapLarge,
  mapPages,
} from "../../core/layout/index.ts";

/** `shift`: of the class, as its divisor has it (layout/class-table.ts). */
export function mapEntry(classIndex: ClassIndex, shift: number, distance: number): number {
  return classIndex | (shift << mapDivisorShift) | (distance << mapDistanceShift);
}

/** `kind`: mapPages or mapLarge. A free of such an address finds class 0 and so always ends in its slow half. */
export function mapOther(kind: number, distance: number): number {
  return kind | (distance << mapDistanceShift);
}

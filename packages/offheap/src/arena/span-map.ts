// The span map: for each chunk, its size class and the distance to its span's head, in one word, so that
// the owner of an address is found by one load. 0: no slab. Written only while the span is being built or
// given back; constant while any slot of the span is not free, which orders the plain read of a legal free.

import type { ClassIndex } from "../base/brands.ts";

export const mapClassMask = 63;
export const mapDistanceShift = 8;

export function mapEntry(sizeClass: ClassIndex, distance: number): number {
  return sizeClass | (distance << mapDistanceShift);
}

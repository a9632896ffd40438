// The span map: for each chunk, its size class and the distance to its span's head, in one word, so that
// the owner of an address is found by one load. 0: no slab. Written only while the span is being built or
// given back; constant while any slot of the span is not free, which orders the plain read of a legal free.

import type { ClassIndex } from "../base/brands.ts";

export const mapClassMask = 63;
/** In place of a class, which is 0 then: a span of page runs, or one large object. */
export const mapPages = 64;
export const mapLarge = 128;
export const mapDistanceShift = 8;

export function mapEntry(sizeClass: ClassIndex, distance: number): number {
  return sizeClass | (distance << mapDistanceShift);
}

/** `kind`: mapPages or mapLarge. A free of such an address finds class 0 and so always ends in its slow half. */
export function mapOther(kind: number, distance: number): number {
  return kind | (distance << mapDistanceShift);
}

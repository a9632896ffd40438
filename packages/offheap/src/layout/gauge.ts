// The gauge of a magazine: all that allocate and deallocate count, in one word. Zeroed memory is a magazine without space.
//
//   bits 0–15 index of the top round | 16 which of the two totals hold | 17–31 allocations since it was folded
//
// Numbers as they are, not made of shifts, so that their types are what the fast path's literals are checked against.

import { gaugeIndex, gaugeTotals } from "../../core/layout/index.ts";

export { gaugeAllocShift } from "../../core/layout/index.ts";

export const gauge = {
  oneAlloc: 0x20000,
  totals: gaugeTotals,
  index: gaugeIndex,
  /** Added to it: one allocation more, one round less. */
  allocated: 0x1ffff,
  /** Words from the gauge of no class to the round that its index counts from, and to the one above. */
  toRounds: 64,
  toAbove: 66,
} as const;

/**
 * The gauge's bits that are above 1 where a magazine has space and the allocations have not run over into the sign. A full
 * one's index ends in zeros, and one above it is of a free that was cut short.
 */
export function spaceMaskOf(magazineShift: number): number {
  return (-1 << 31) | ((1 << magazineShift) - 1);
}

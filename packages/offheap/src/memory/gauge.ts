// The gauge of a magazine: all that allocate and deallocate count, in one word. Zeroed memory is a magazine without room.
//
//   bits 0–10 room: limit + 1 − rounds | 11 ever used | 12 which of the two totals hold | 13–31 allocations since those
//   were settled
//
// Numbers as they are, not made of shifts, so that their types are what the fast path's literals are checked against.

import { gaugeRoom, gaugeTotals, gaugeUsed } from "../../core/layout/numbers.ts";

export { gaugeAllocShift } from "../../core/layout/numbers.ts";

export const gauge = {
  oneAlloc: 0x2000,
  totals: gaugeTotals,
  used: gaugeUsed,
  room: gaugeRoom,
  /** Added to it: one allocation more, one round less. */
  allocated: 0x2001,
  /** Above 1 with these bits: there is room, and the allocations have not run over into the sign. */
  roomAndSign: -0x7ffff802,
} as const;

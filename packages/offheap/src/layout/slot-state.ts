// The state byte of a slot: the truth about it, out of line at a fixed place.
//
//   0        free                         0 is written, and taken, only under the slab's claim
//   w        cached by worker w (1–126)   written by w alone
//   128      live, nobody's               128+x → 128 by detach or the reaper of x, compare-exchange
//   128 + w  live, allocated by w         → 128+w by adopt, compare-exchange; else by w, plain
//
// Behind the last slot of a slab every byte is 0 that an address in its chunks leads to. Outside of spans a byte is
// whatever a reset has left; who builds a slab clears those of its own.

import { slotFree, slotLive } from "../../core/layout/index.ts";
import type { WorkerPlace } from "../base/index.ts";

export { slotFree, slotLive };

export function liveBy(worker: WorkerPlace): number {
  return slotLive | worker;
}

// Who packs the entries of a map: one worker, by a cell of the map with its incarnation, whose stamp says which place it has. What a dead
// one was about, or one that an exception stopped, is the next one's.

import type { WorkerPlace } from "../base/index.ts";
import { mapWords, stampShift } from "../layout/index.ts";
import type { Kit } from "../structure/index.ts";
import { Workers } from "../worker/index.ts";

/** Makes the caller the one that packs; false where another worker is, and lives. */
export function takePacking(kit: Kit, map: number): boolean {
  const { core, heap, place } = kit;
  const cell = map + mapWords.packer;
  const own = new Workers(heap).read(place).incarnation;
  for (;;) {
    kit.host.reapNowAndThen();
    const held = core.seeCell(cell);
    const stamp = core.stampSeen();
    if (held !== 0 && isAnothers(kit, held, (stamp >>> stampShift) as WorkerPlace)) return false;
    if (swapCell(kit, cell, held, stamp, own)) return true;
  }
}

/** The caller packs no more. */
export function endPacking(kit: Kit, map: number): void {
  const { core } = kit;
  const cell = map + mapWords.packer;
  const held = core.seeCell(cell);
  swapCell(kit, cell, held, core.stampSeen(), 0);
}

function isAnothers({ heap, place }: Kit, incarnation: number, by: WorkerPlace): boolean {
  if (by === place) return false;
  const { state, incarnation: its } = new Workers(heap).read(by);
  return state === "live" && its === incarnation;
}

function swapCell(kit: Kit, cell: number, value: number, stamp: number, next: number): boolean {
  const isSwapped = kit.exchange(cell, value, stamp, next);
  if (isSwapped) kit.commit();
  else kit.abandon();
  return isSwapped;
}

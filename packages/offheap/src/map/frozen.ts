// A map that takes no changes any more, as it is frozen, or ends. Each part may be done again: by the next call, where a worker died.
//
//   frozen   said so; its cells sealed against changes that have begun (core/map/seal.ts); its entries packed, if there is memory for that
//   ends     its entries, those that are packed, the pieces with the heads of its buckets, then itself

import type { Address } from "../base/index.ts";
import { bucketsPerPiece, mapEnding, mapWords } from "../layout/index.ts";
import { endPacked, endPacking, packEntries, takePacking } from "../packed/index.ts";
import type { Entries } from "./entries.ts";
import { came } from "./found-entries.ts";

const bytesPerCell = 8;

/** @throws ERR_DETACHED, ERR_CORRUPT_HEAP */
export function freezeMap(entries: Entries<unknown, unknown>): void {
  const { at, kit, core } = entries;
  entries.open();
  core.freezeMap(at);
  while (core.sealMap(at) === came.notAtRest) entries.open();
  if (takePacking(kit, at)) {
    if (entries.isPacked || packEntries(kit, at, entries.count())) entries.dropAll();
    entries.shrinkToFit();
    endPacking(kit, at);
  }
  kit.sweep();
}

/** @throws ERR_DETACHED */
export function endMap(entries: Entries<unknown, unknown>): void {
  const { at, kit, core } = entries;
  entries.open();
  core.putWord(at + mapWords.frozen, mapEnding);
  entries.dropAll();
  endPacked(kit, at);
  for (let i = mapWords.rootCells - 1; i >= 0; i--) {
    const root = at + mapWords.root + i * bytesPerCell;
    const table = core.getWord(root) >>> 0;
    if (i > 0 && kit.holds(table, bucketsPerPiece * bytesPerCell))
      for (let k = bucketsPerPiece - 1; k >= 0; k--) kit.endAt(table + k * bytesPerCell);
    kit.endAt(root);
  }
  core.putWord(at + mapWords.magic, 0);
  kit.end(at as Address);
  kit.sweep();
}

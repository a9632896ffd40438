// The end of packed entries, or of what was made of them: each object by the exchange of the cell that leads to it. Whoever dies
// meanwhile leaves the rest where it was.

import { cellFlags, mapWords, packedWords } from "../layout/index.ts";
import type { Kit } from "../structure/index.ts";

const bytesPerCell = 8;
/** Packs that a chunk may hold, at most; and one that is less than full. Of damaged books there may be no end. */
const packsPerChunk = 16;

/** Ends what a map's cell leads to. Only for who packs the map, or ends it. */
export function endPacked(kit: Kit, map: number): void {
  const cell = map + mapWords.packed;
  const index = (kit.core.seeCell(cell) & ~cellFlags.all) >>> 0;
  if (index !== 0 && kit.holds(index, packedWords.pieces)) endParts(kit, index);
  if (index !== 0) kit.endAt(cell);
  kit.sweepIfAny();
}

function endParts(kit: Kit, index: number): void {
  const { core, heap } = kit;
  const first = index + packedWords.first;
  for (let left = heap.layout.chunkCount * packsPerChunk + 1; left > 0; left--) {
    const pack = core.seeCell(first) >>> 0;
    if (pack === 0 || !kit.isLive(pack)) break;
    kit.endAt(first, core.getWord(pack));
  }
  const pieces = 2 ** (core.getWord(index + packedWords.log) - core.getWord(index + packedWords.shift));
  for (let i = 0; i < pieces && kit.holds(index, packedWords.pieces + (i + 1) * bytesPerCell); i++)
    kit.endAt(index + packedWords.pieces + i * bytesPerCell);
}

// All entries of a map: of its list, or packed. What goes out of the list because it is packed is looked for there, from where the walk
// has come to.

import type { AllocatorError } from "../base/index.ts";
import { chunkBytes, entryWords, mostKeyBytes, pack, packedWords } from "../layout/index.ts";
import type { Core } from "../memory/index.ts";
import type { Kit } from "../structure/index.ts";

const notAtRest = -1;
/** Entries of one order: only a damaged list has so many. */
const mostAlike = 64;

/** A map whose entries are walked over. */
interface Walked {
  readonly kit: Kit;
  readonly at: number;
  /** @throws ERR_DETACHED */
  readonly core: Core;
  /** @throws ERR_DETACHED */
  open(): void;
  lost(): AllocatorError;
}

/** Each entry that is there from the begin to the end, once. One of the list is held until the next, or until it is let go. */
export function* walkEntries(of: Walked): Generator<number, void, void> {
  const { at } = of;
  let order = 1;
  let passed = 0;
  for (;;) {
    const { core } = of;
    const entry = core.entryFrom(at, order, passed);
    if (entry === notAtRest) {
      of.open();
      continue;
    }
    // Behind the look: what it has not met may be out of the list.
    if (core.packedOf(at) !== 0) {
      core.letGoEntry();
      return yield* packedFrom(of, order, passed);
    }
    if (entry === 0) return;
    const its = core.getWord((entry >>> 0) + entryWords.order * 4);
    passed = its === order ? passed + 1 : 1;
    if (passed > mostAlike) throw of.lost();
    order = its;
    yield entry >>> 0;
  }
}

/** From an order on, behind so many of it. Each is where one of a list would begin. Of damaged books, no more than there are. */
function* packedFrom(of: Walked, order: number, passed: number): Generator<number, void, void> {
  const { kit, at: map, core } = of;
  const index = core.packedOf(map);
  const size = core.getWord(index + packedWords.size);
  const first = core.getWord(index + packedWords.first) >>> 0;
  let at = first === 0 ? 0 : first + pack.entries;
  let isBefore = order !== 1;
  let left = passed;
  const { dataAt, layout } = kit.heap;
  const end = dataAt + layout.chunkCount * chunkBytes;
  const isPlace = () => at % 8 === 0 && at >= dataAt && at + entryWords.keyFrom <= end;
  for (let seen = 0; seen < size && isPlace(); ) {
    if (core.getWord(at) === pack.end) {
      at = core.getWord(at + 4) >>> 0;
      continue;
    }
    const entry = at - pack.from;
    const keyBytes = core.getWord(at) & mostKeyBytes;
    if (entry + entryWords.keyFrom + keyBytes > end) throw of.lost();
    at += core.packedBytes(entry);
    seen++;
    if (isBefore) {
      const its = core.orderOf(map, entry + entryWords.keyFrom, keyBytes) >>> 0;
      if (its < order >>> 0 || (its === order >>> 0 && left-- > 0)) continue;
      isBefore = false;
    }
    yield entry;
    of.open();
  }
}

// How many entries a map has, and their bytes: the sum of what each place's worker has put in and taken out. Where one died between an
// exchange and its count, or was cut short there, all entries are counted, and the own row takes the difference.
//
//   counted right   no row's turn has changed meanwhile, and none is odd but those of the dead
//   lost = sum of the rows' lost + rows of the dead with an odd turn        made good ⇔ the map's `madeGood` is as much

import type { WorkerPlace } from "../base/index.ts";
import { mapWords } from "../layout/index.ts";
import { Workers } from "../worker/index.ts";
import { entryBytesIn } from "./entry.ts";
import type { FoundEntries } from "./found-entries.ts";

/** Entries, and their bytes. */
export interface Count {
  readonly size: number;
  readonly bytes: number;
}

/** Calls that pass without a walk, once others changed the map in each walk before. */
const mostPassed = 1023;

export class Counter {
  private readonly entries: Counted;
  private passed = 0;
  private toPass = 0;

  constructor(entries: Counted) {
    this.entries = entries;
  }

  /** As long as others change the map in each walk, it may be wrong by one entry for each that died in a change. */
  count(): Count {
    const { entries } = this;
    const madeGood = entries.core.getWord(entries.at + mapWords.madeGood);
    const sums = sumOf(entries);
    const rough = { size: Math.max(sums.size, 0), bytes: (sums.eights >>> 0) * 8 };
    if (sums.lost === madeGood || this.passed++ < this.toPass) return rough;
    settleOwn(entries);
    const turns = turnsOf(entries);
    const before = sumOf(entries);
    const found = turns === undefined ? rough : walkAll(entries);
    const isRight = turns !== undefined && turns === turnsOf(entries);
    if (isRight) makeGood(entries, madeGood, before, found);
    this.passed = 0;
    this.toPass = isRight ? 0 : Math.min(this.toPass * 2 + 1, mostPassed);
    return found;
  }
}

type Counted = FoundEntries<unknown, unknown>;

interface Sums {
  readonly size: number;
  readonly eights: number;
  readonly lost: number;
}

function sumOf(entries: Counted): Sums {
  const { core, kit, at } = entries;
  let [size, eights, lost] = [0, 0, 0];
  for (let place = 1; place <= kit.heap.layout.maxWorkers; place++) {
    const row = core.rowOf(at, place);
    size = (size + core.getWord(row)) | 0;
    eights = (eights + core.getWord(row + mapWords.rowBytes)) | 0;
    lost = (lost + core.getWord(row + mapWords.rowLost)) | 0;
    // Who takes the place next will count it.
    if (isOdd(entries, row) && isGone(entries, place)) lost = (lost + 1) | 0;
  }
  return { size, eights, lost };
}

/** The turns of all rows; undefined while somebody who lives is about to count. */
function turnsOf(entries: Counted): string | undefined {
  const { core, kit, at } = entries;
  const turns: number[] = [];
  for (let place = 1; place <= kit.heap.layout.maxWorkers; place++) {
    const row = core.rowOf(at, place);
    if (isOdd(entries, row) && !isGone(entries, place)) return undefined;
    turns.push(core.getWord(row + mapWords.rowTurn));
  }
  return turns.join();
}

function isOdd({ core }: Counted, row: number): boolean {
  return core.getWord(row + mapWords.rowTurn) % 2 !== 0;
}

function isGone({ kit }: Counted, place: number): boolean {
  return new Workers(kit.heap).read(place as WorkerPlace).state === "free";
}

/** A call of this worker's own that was cut short in a change is over. */
function settleOwn(entries: Counted): void {
  const { core, kit, at } = entries;
  const row = core.rowOf(at, kit.place);
  if (!isOdd(entries, row)) return;
  core.putWord(row + mapWords.rowLost, core.getWord(row + mapWords.rowLost) + 1);
  endTurn(entries, row);
}

/** Whoever sees the even turn sees what was counted. */
function endTurn({ core, kit, views }: Counted, row: number): void {
  const at = row + mapWords.rowTurn;
  kit.heap.atomics.store(views.i32, at / 4, (core.getWord(at) + 1) | 0);
}

function walkAll(entries: Counted): Count {
  let [size, bytes] = [0, 0];
  for (const each of entries.walk((entry, views) => entryBytesIn(views.i32, entry))) {
    size++;
    bytes += each;
  }
  return { size, bytes };
}

/** Who dies meanwhile leaves an odd turn. */
function makeGood(entries: Counted, madeGood: number, { size, eights, lost }: Sums, found: Count): void {
  const { core, kit, at, views } = entries;
  const row = core.rowOf(at, kit.place);
  const turn = core.getWord(row + mapWords.rowTurn);
  core.putWord(row + mapWords.rowTurn, turn + 1);
  if (kit.heap.atomics.swap(views.i32, (at + mapWords.madeGood) / 4, madeGood, lost)) {
    core.putWord(row, (core.getWord(row) + found.size - size) | 0);
    const bytes = row + mapWords.rowBytes;
    core.putWord(bytes, (core.getWord(bytes) + found.bytes / 8 - eights) | 0);
  }
  endTurn(entries, row);
}

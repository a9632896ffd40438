// How many entries a map has, and their bytes: the sum of what each place's worker has put in and taken out. A worker that died
// between an exchange and its count has left a note of that, and who takes its place counts such notes: then all entries are counted.
// The difference is put right by one who looks, in the own row.

import type { WorkerPlace } from "../base/index.ts";
import { mapWords } from "../layout/index.ts";
import { Workers } from "../worker/index.ts";
import { entryBytesIn } from "./entry.ts";
import type { FoundEntries } from "./found-entries.ts";

export function countEntries(entries: FoundEntries<unknown, unknown>): { size: number; bytes: number } {
  const { core, kit, at } = entries;
  const { maxWorkers } = kit.heap.layout;
  const madeGood = core.getWord(at + mapWords.madeGood);
  let size = 0;
  let eights = 0;
  let lost = 0;
  for (let place = 1; place <= maxWorkers; place++) {
    const row = core.rowOf(at, place);
    size = (size + core.getWord(row)) | 0;
    eights = (eights + core.getWord(row + mapWords.rowBytes)) | 0;
    lost = (lost + core.getWord(row + mapWords.rowLost)) | 0;
    // As the next one in its place will count it.
    if (core.getWord(row + mapWords.rowAbout) !== 0 && isGone(entries, place)) lost = (lost + 1) | 0;
  }
  if (lost === madeGood) return { size: Math.max(size, 0), bytes: (eights >>> 0) * 8 };
  return recount(entries, { size, eights, madeGood, lost });
}

function isGone({ kit }: FoundEntries<unknown, unknown>, place: number): boolean {
  return new Workers(kit.heap).read(place as WorkerPlace).state === "free";
}

interface Summed {
  readonly size: number;
  readonly eights: number;
  readonly madeGood: number;
  readonly lost: number;
}

function recount(
  entries: FoundEntries<unknown, unknown>,
  { size, eights, madeGood, lost }: Summed,
): { size: number; bytes: number } {
  const { core, kit, at } = entries;
  let [found, bytes] = [0, 0];
  for (const each of entries.walk((entry, views) => entryBytesIn(views.i32, entry))) {
    found++;
    bytes += each;
  }
  const { atomics } = kit.heap;
  if (atomics.swap(entries.views.i32, (at + mapWords.madeGood) / 4, madeGood, lost)) {
    const row = core.rowOf(at, kit.place);
    core.putWord(row, (core.getWord(row) + found - size) | 0);
    core.putWord(row + mapWords.rowBytes, (core.getWord(row + mapWords.rowBytes) + bytes / 8 - eights) | 0);
  }
  return { size: found, bytes };
}

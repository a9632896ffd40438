// What check() looks at of the packed entries of a frozen map: each entry lies in its pack, in the order of their keys' hashes; the
// index leads to the first of each bucket, and to nothing else; as many are counted as there are.
//
//   not looked at   entries, where they are not all packed yet: who does that, or has died in it, leads to whole objects

import { cellFlags, entryWords, mapWords, mostKeyBytes, pack, packedWords } from "../layout/index.ts";
import type { MapObjects } from "./objects.ts";

const lengthBytes = entryWords.keyFrom - pack.from;
const bytesPerCell = 8;
const mostLog = 25;

/** A pack, and where its entries must have ended. */
interface Pack {
  readonly at: number;
  readonly end: number;
}

export function checkPacked(objects: MapObjects, map: number, ofWhat: string): void {
  const cell = objects.word(map + mapWords.packed);
  if (cell === 0) return;
  const what = `${ofWhat}, packed`;
  const isWhole = (cell & cellFlags.apart) === 0;
  if (isWhole && objects.word(map + mapWords.frozen) === 0) objects.say(`${what}: it is not frozen`);
  const index = (cell & ~cellFlags.all) >>> 0;
  if (!objects.begins(index))
    return objects.say(`${what}: its index is at ${index}, where no live object begins`);
  const log = objects.word(index + packedWords.log);
  const shift = objects.word(index + packedWords.shift);
  if (log < 1 || log > mostLog || shift < 1 || shift > log)
    return objects.say(`${what}: its index has 2^${log} buckets, 2^${shift} a piece`);
  const pieces = 2 ** (log - shift);
  if (!objects.meet(index, packedWords.pieces + pieces * bytesPerCell, `${what}: the index`)) return;
  const words = new Map<number, number>();
  for (let i = 0; i < pieces; i++) {
    const piece = objects.word(index + packedWords.pieces + i * bytesPerCell) >>> 0;
    if (piece === 0 && !isWhole) continue;
    if (!objects.meet(piece, 4 << shift, `${what}: piece ${i}`)) return;
    for (let k = 0; k < 2 ** shift; k++) words.set((i << shift) | k, objects.word(piece + k * 4) >>> 0);
  }
  const packs = packsOf(objects, index, what);
  if (isWhole && packs !== undefined) checkEntries({ objects, map, what, index, log, words, packs });
}

/** Undefined where one of them is none. */
function packsOf(objects: MapObjects, index: number, what: string): Pack[] | undefined {
  const packs: Pack[] = [];
  let at = objects.word(index + packedWords.first) >>> 0;
  while (at !== 0) {
    if (!objects.meet(at, pack.entries + bytesPerCell, `${what}: pack ${packs.length}`)) return undefined;
    packs.push({ at, end: at + objects.bytesAt(at) });
    at = objects.word(at) >>> 0;
  }
  return packs;
}

interface Whole {
  readonly objects: MapObjects;
  readonly map: number;
  readonly what: string;
  readonly index: number;
  readonly log: number;
  /** What the index has, by bucket. */
  readonly words: Map<number, number>;
  readonly packs: readonly Pack[];
}

function checkEntries(whole: Whole): void {
  const { objects, what, index, words, packs } = whole;
  let [size, bytes] = [0, 0];
  let last: Packed = { bucket: -1, order: 0, bytes: 0, hasMore: false };
  for (const [i, { at, end }] of packs.entries()) {
    let entry = at + pack.entries;
    while (entry + bytesPerCell <= end && objects.word(entry) !== pack.end) {
      const its = packedAt(whole, entry, end);
      if (its === undefined) return;
      const where = `${what}: the entry at ${entry}`;
      if (its.order < last.order) return objects.say(`${where} is not in order`);
      if (last.hasMore !== (its.bucket === last.bucket)) objects.say(`${where} is where a bucket ends`);
      if (its.bucket !== last.bucket) {
        if (words.get(its.bucket) !== entry) objects.say(`${where} is not what the index leads to`);
        words.delete(its.bucket);
      }
      last = its;
      size++;
      bytes += its.bytes;
      entry += its.bytes;
    }
    const next = packs[i + 1];
    const wanted = next === undefined ? 0 : next.at + pack.entries;
    if (entry + bytesPerCell > end || objects.word(entry + 4) >>> 0 !== wanted)
      return objects.say(`${what}: pack ${i} has no end that leads to the next`);
  }
  const wrong = [...words].find(([, word]) => word !== 0);
  if (wrong !== undefined)
    objects.say(`${what}: the index has an entry of bucket ${wrong[0]} at ${wrong[1]}`);
  if (last.hasMore) objects.say(`${what}: the last entry is not where a bucket ends`);
  const counted = [objects.word(index + packedWords.size), objects.word(index + packedWords.eights) >>> 0];
  if (counted[0] !== size || (counted[1] as number) * 8 !== bytes)
    objects.say(`${what} counts ${counted[0]} entries of ${counted[1]} × 8 bytes, has ${size} of ${bytes}`);
}

interface Packed {
  readonly bucket: number;
  readonly order: number;
  readonly bytes: number;
  /** Another of its bucket follows. */
  readonly hasMore: boolean;
}

/** An entry that begins with its lengths; undefined where it does not fit into its pack. */
function packedAt({ objects, map, what, log }: Whole, at: number, end: number): Packed | undefined {
  const { core } = objects.heap;
  const lengths = objects.word(at);
  const keyBytes = lengths & mostKeyBytes;
  const valueBytes = objects.word(at + 4);
  const bytes = core.packedBytes(at - pack.from);
  if (valueBytes < 0 || at + bytes + bytesPerCell > end) {
    objects.say(
      `${what}: the entry at ${at} has a key of ${keyBytes} bytes and a value of ${valueBytes}, which do not fit`,
    );
    return undefined;
  }
  const order = core.orderOf(map, at + lengthBytes, keyBytes) >>> 0;
  return { bucket: order >>> (32 - log), order, bytes, hasMore: (lengths & pack.more) !== 0 };
}

// The entries of a frozen map are packed (core/packed): copied back to back, in the order of the list, into objects that are as full as
// can be. The list stays until all is done, and readers go by it.
//
//   index → pieces        a piece has a word for each bucket
//   index → pack → pack   each object is fresh until the one before it leads to it: so nothing is lost with its maker
//   the map's cell        the index, with `apart` until the last entry is written; then without: from then on who looks goes by it
//
// Only who has claimed to pack writes any of it (claim.ts).

import { type Address, AllocatorError } from "../base/index.ts";
import {
  cellFlags,
  chunkBytes,
  entryWords,
  mapWords,
  mostKeyBytes,
  pack,
  packedWords,
} from "../layout/index.ts";
import type { Kit } from "../structure/index.ts";
import { endPacked } from "./ending.ts";

const bytesPerCell = 8;
const endBytes = 8;
const wordShift = 2;
/** Bytes of a pack in a pool, but for a longer entry. */
const poolPackBytes = 32_768;
const notAtRest = -1;

/** What the map counts: so many entries, of so many bytes. */
interface Counted {
  readonly size: number;
  readonly bytes: number;
}

/** Packs what the list has. False, and nothing has changed, for want of memory. @throws ERR_DETACHED, ERR_CORRUPT_HEAP */
export function packEntries(kit: Kit, map: number, counted: Counted): boolean {
  endPacked(kit, map);
  const isPacked = new Packing(kit, map, counted).run();
  if (!isPacked) endPacked(kit, map);
  return isPacked;
}

class Packing {
  private readonly kit: Kit;
  private readonly map: number;
  private readonly packBytes: number;
  /** Bits of a bucket, and of its place in its piece. */
  private readonly log: number;
  private readonly shift: number;
  private readonly dataEnd: number;
  private index = 0;
  /** The cell that leads to the next pack. */
  private cell = 0;
  /** Where the next entry goes, and where the pack's space for entries ends. */
  private at = 0;
  private end = 0;
  private last = 0;
  private lastWord = 0;
  private size = 0;
  private bytes = 0;
  /** Bytes of the entries that are left, if the map's count is right. */
  private left: number;

  constructor(kit: Kit, map: number, { size, bytes }: Counted) {
    const { layout, dataAt } = kit.heap;
    this.kit = kit;
    this.map = map;
    // A heap of slabs alone has no longer objects than those of its largest class.
    this.packBytes = layout.pageSpanChunks > 0 ? poolPackBytes : Math.max(...layout.objectBytes);
    const wordsLog = Math.floor(Math.log2(this.packBytes)) - wordShift;
    // The index is an object, too: with as many cells as it has space for.
    const mostLog = 2 * wordsLog - 2;
    // As many buckets as entries, or the next power of two to that.
    this.log = Math.max(Math.min(Math.round(Math.log2(Math.max(size, 1))), mostLog), 1);
    this.shift = Math.min(this.log, wordsLog);
    this.left = bytes - size * pack.from;
    this.dataEnd = dataAt + layout.chunkCount * chunkBytes;
  }

  run(): boolean {
    const isMade = this.makeIndex() && this.makePieces() && this.packAll();
    if (isMade) this.publish();
    return isMade;
  }

  private makeIndex(): boolean {
    const { kit, map } = this;
    const { core } = kit;
    const bytes = packedWords.pieces + this.pieceCount * bytesPerCell;
    const index = kit.tryAllocate(bytes);
    if (index === 0) return false;
    for (let at = 0; at < bytes; at += 4) core.putWord(index + at, 0);
    core.putWord(index + packedWords.log, this.log);
    core.putWord(index + packedWords.shift, this.shift);
    this.index = index;
    this.cell = index + packedWords.first;
    this.lead(map + mapWords.packed, index | cellFlags.apart);
    return true;
  }

  private get pieceCount(): number {
    return 2 ** (this.log - this.shift);
  }

  private makePieces(): boolean {
    const { kit, index, shift, pieceCount } = this;
    const bytes = 2 ** (shift + wordShift);
    for (let i = 0; i < pieceCount; i++) {
      const piece = kit.tryAllocate(bytes);
      if (piece === 0) return false;
      for (let at = 0; at < bytes; at += 4) kit.core.putWord(piece + at, 0);
      this.lead(index + packedWords.pieces + i * bytesPerCell, piece);
    }
    return true;
  }

  private packAll(): boolean {
    const { kit, map } = this;
    const { core } = kit;
    let order = 1;
    let passed = 0;
    for (;;) {
      const entry = core.entryFrom(map, order, passed);
      if (entry === notAtRest) {
        kit.open();
        continue;
      }
      if (entry === 0) break;
      const its = core.getWord(entry + entryWords.order * 4);
      passed = its === order ? passed + 1 : 1;
      order = its;
      if (!this.add(entry >>> 0, order)) return false;
    }
    this.endPack(0);
    return true;
  }

  private add(entry: number, order: number): boolean {
    const { core } = this.kit;
    const bytes = this.bytesOf(entry);
    if (this.at + bytes > this.end && !this.nextPack(bytes)) return false;
    const { at } = this;
    core.packEntry(entry, at);
    const word = core.wordOfBucket(this.index, order);
    if (word === 0) throw this.lost();
    if (word === this.lastWord) core.putWord(this.last, core.getWord(this.last) | pack.more);
    else core.putWord(word, at);
    this.lastWord = word;
    this.last = at;
    this.at = at + bytes;
    this.size++;
    this.bytes += bytes;
    this.left -= bytes;
    return true;
  }

  /** Bytes of an entry when it is packed. @throws ERR_CORRUPT_HEAP where it leads beyond all objects */
  private bytesOf(entry: number): number {
    const { core } = this.kit;
    const keyBytes = core.getWord(entry + entryWords.keyBytes * 4) & mostKeyBytes;
    const valueBytes = core.getWord(entry + entryWords.valueBytes * 4);
    if (valueBytes < 0 || entry + entryWords.keyFrom + keyBytes + valueBytes > this.dataEnd)
      throw this.lost();
    return core.packedBytes(entry);
  }

  /** Another pack, with space for an entry of so many bytes and, if that is not too much, for all that are left. */
  private nextPack(bytes: number): boolean {
    const around = pack.entries + endBytes;
    // What the map counts may be too little, where workers have died in it.
    const space = this.left > 0 ? Math.min(this.packBytes, around + this.left) : this.packBytes;
    const wanted = Math.max(around + bytes, space);
    const made = this.kit.tryAllocate(wanted);
    if (made === 0) return false;
    this.kit.core.putWord(made, 0);
    this.kit.core.putWord(made + 4, 0);
    this.lead(this.cell, made);
    this.endPack(made + pack.entries);
    this.cell = made;
    this.at = made + pack.entries;
    this.end = made + wanted - endBytes;
    return true;
  }

  /** Behind the last entry of a pack: where the next one stands. */
  private endPack(next: number): void {
    if (this.at === 0) return;
    this.kit.core.putWord(this.at, pack.end);
    this.kit.core.putWord(this.at + 4, next);
  }

  private publish(): void {
    const { core } = this.kit;
    core.putWord(this.index + packedWords.size, this.size);
    core.putWord(this.index + packedWords.eights, this.bytes / 8);
    this.lead(this.map + mapWords.packed, this.index);
  }

  /** A cell that only the caller changes leads to an object; also to one that is fresh. */
  private lead(cell: number, to: number): void {
    const { kit } = this;
    const value = kit.core.seeCell(cell);
    if (!kit.exchange(cell, value, kit.core.stampSeen(), to as Address)) throw this.lost();
    kit.commit();
  }

  private lost(): AllocatorError {
    return new AllocatorError("ERR_CORRUPT_HEAP", `the map at ${this.map} cannot be packed`);
  }
}

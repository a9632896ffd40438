// The entries of a map in memory, as its calls need them: written, put in, taken out. What the map grows by is made behind a call.
//
//   fresh   an entry that is being written ends with its worker, until it is in the map

import {
  bucketsPerPiece,
  entryWords,
  expiry,
  mapWords,
  mostBucketsLog,
  packedWords,
  retiredAtOnce,
} from "../layout/index.ts";
import { type Count, Counter } from "./count.ts";
import { keyEndOf } from "./entry.ts";
import { came, FoundEntries, mostTries, type Seen } from "./found-entries.ts";
import { copyKey, keyBuffer } from "./keys.ts";
import { type Encoded, writeValue } from "./values.ts";

export const how = { always: 0, ifAbsent: 1, inPlace: 2 } as const;
const cameBits = 255;
const retiredShift = 8;
/** Entries that a worker puts in, or takes out, between two looks at how many there are. */
const lookEvery = 32;
/** The same while buckets are closed: 64 of them in each step, so all before a quarter of the entries has gone out. */
const closeEvery = 8;
/** Steps where many entries have gone out at once. */
const stepsAtOnce = 8;
/** Buckets for each entry, at least, where half of them are closed. */
const mostRoom = 4;
/** Steps of a closing: for the pieces that a chunk may hold, and for all tables. Of damaged books there may be no end. */
const stepsPerChunk = 256;
const mostSteps = 4096;
/** And before it asks again for memory that was not to be had. */
const openAgain = 1024;

export class Entries<K, V> extends FoundEntries<K, V> {
  private readonly encoded: Encoded = { bytes: keyBuffer.u8, length: 0, flags: 0 };
  private readonly counter = new Counter(this as FoundEntries<unknown, unknown>);
  private untilLook = lookEvery;
  private untilOpen = 0;

  /**
   * The entry with a key, where its value and its expiry are what they were. A neighbour that goes gives an entry another stamp, too: so
   * who calls out between two looks, and lets that change the neighbours each time, would else never be done.
   */
  seenAgain(key: unknown, old: Encoded | undefined, expiresAt = 0): Seen | undefined {
    const entry = old === undefined ? 0 : this.find(key);
    if (old === undefined || entry === 0) return undefined;
    const seen = this.seen(entry);
    const { bytes, flags } = old;
    const { views } = this;
    const isSame =
      this.hasBytes(entry, bytes) &&
      this.valueOf(views, entry).flags === flags &&
      this.expiryOf(views, entry) === expiresAt;
    this.release();
    return isSame ? seen : undefined;
  }

  /** Takes out the entry with a key; or only the one that was seen. False where it is not there. @throws as `find` */
  remove(key: unknown, expected?: Seen): boolean {
    const bytes = this.keys.write(key);
    this.checkOpen();
    if (bytes > this.keySpace) {
      const entry = this.findLong(bytes);
      return entry !== 0 && this.removeHeld(entry, expected);
    }
    copyKey(this.views.i32, this.keyAt, bytes);
    return this.removeAt(this.keyAt, bytes, expected) === came.present;
  }

  /** Takes out an entry that was just found; false where somebody else has. */
  removeHeld(entry: number, expected = this.seen(entry)): boolean {
    const bytes = this.keyBytesOf(this.views, entry);
    return this.removeAt(entry + entryWords.keyFrom, bytes, expected) === came.present;
  }

  /** The same without its key; false where somebody else has taken it out, or replaced it. */
  evictHeld(): boolean {
    return this.after(this.core.evictFound(this.at)) === came.present;
  }

  /** By the key that stands at an address. */
  private removeAt(at: number, bytes: number, expected?: Seen): number {
    for (let tries = 0; tries < mostTries; tries++) {
      const found = this.core.removeEntry(this.at, at, bytes, expected?.entry ?? 0, expected?.stamp ?? 0);
      if (found !== came.notAtRest) {
        const result = this.after(found);
        if (result === came.present) this.countDown();
        return result;
      }
      this.open();
      this.checkOpen();
    }
    throw this.lost();
  }

  /** All that is there, one by one, and the buckets for it. @throws ERR_DETACHED, ERR_CORRUPT_HEAP */
  clear(): void {
    this.removeAll((seen) => this.removeHeld(seen.entry, seen));
    this.shrinkToFit();
  }

  /** The same of a map that takes no changes: what is packed, or ends, goes out of its list. */
  dropAll(): void {
    this.removeAll(() => this.evictHeld());
  }

  /** All that is there, one by one. */
  private removeAll(takeOut: (seen: Seen) => boolean): void {
    let last: Seen = { entry: 0, stamp: 0 };
    // On from where the last one stood: from the begin each walk would pass all buckets that are empty by then.
    let order = 1;
    for (;;) {
      const entry = this.core.entryFrom(this.at, order, 0);
      if (entry === 0) break;
      if (entry === came.notAtRest) {
        this.open();
        continue;
      }
      const seen = this.seen(entry >>> 0);
      // It stands there unchanged, and was not found by its key.
      if (seen.entry === last.entry && seen.stamp === last.stamp) throw this.lost();
      order = this.core.getWord(seen.entry + entryWords.order * 4);
      takeOut(seen);
      last = seen;
    }
    // Whoever died behind its mark of an entry has left that in the list.
    let found = this.core.unlinkAll(this.at);
    while (found === came.notAtRest || found >>> retiredShift >= retiredAtOnce) {
      if (found === came.notAtRest) this.open();
      else this.after(found);
      found = this.core.unlinkAll(this.at);
    }
  }

  /** Entries, and their bytes. @throws ERR_DETACHED */
  count(): Count {
    this.open();
    const { core } = this;
    const index = core.packedOf(this.at);
    if (index === 0) return this.counter.count();
    const eights = core.getWord(index + packedWords.eights) >>> 0;
    return { size: core.getWord(index + packedWords.size), bytes: eights * 8 };
  }

  /** Encodes a value for `put`. @throws ERR_INVALID_OPTION; what a codec throws */
  encode(value: unknown): Encoded {
    this.values.encode(value, this.encoded);
    return this.encoded;
  }

  /**
   * Puts in an entry of a key and what was encoded: `how`, in place of the one that was seen.
   * @throws ERR_INVALID_OPTION, ERR_INVALID_SIZE, ERR_OUT_OF_MEMORY, ERR_DETACHED
   */
  put(key: unknown, value: Encoded, way: number, seen?: Seen, expiresAt = 0, tries = 0): number {
    const keyBytes = this.keys.write(key);
    this.checkOpen();
    const { kit, at, core } = this;
    const valueFrom = keyEndOf(keyBytes);
    const lead = expiresAt === 0 ? 0 : expiry.bytes;
    const entry = this.allocate(valueFrom + lead + value.length);
    const { u8, i32 } = this.views;
    const words = (entry >>> 2) | 0;
    i32[words + entryWords.keyBytes] = keyBytes | value.flags;
    i32[words + entryWords.valueBytes] = lead + value.length;
    i32[words + entryWords.word] = lead === 0 ? 0 : expiry.flag;
    if (lead !== 0) writeTime(i32, entry + valueFrom, expiresAt);
    copyKey(i32, entry + entryWords.keyFrom, keyBytes);
    writeValue(u8, i32, entry + valueFrom + lead, value);
    const order = core.writeOrder(at, entry);
    const found = core.placeEntry(at, entry, way, seen?.entry ?? 0, seen?.stamp ?? 0);
    if (found === came.notAtRest || (found & cameBits) === came.absent) {
      kit.abandon();
      if (found !== came.notAtRest) return came.absent;
      this.open();
      // What goes out may stand in its way.
      this.after(Math.max(core.unlinkUpTo(at, order), 0));
      if (tries === mostTries) throw this.lost();
      return this.put(key, value, way, seen, expiresAt, tries + 1);
    }
    const result = this.after(found);
    if (result === came.present) this.countDown();
    this.openBuckets(order);
    return result;
  }

  private after(found: number): number {
    if (found >>> retiredShift >= retiredAtOnce) this.kit.sweep();
    return found & cameBits;
  }

  /** Towards the next look at how many buckets there should be, behind so many changes. */
  countDown(changes = 1): void {
    this.untilLook -= changes;
    if (this.untilLook > 0) return;
    this.untilLook = lookEvery;
    this.grow();
    if (!this.halve()) return;
    this.untilLook = closeEvery;
    for (let left = Math.min(changes / closeEvery, stepsAtOnce); this.shrink() && left > 1; left--);
  }

  protected get bucketCount(): number {
    return 2 ** this.log;
  }

  private get log(): number {
    // A damaged one may be anything.
    return Math.min(Math.max(this.core.getWord(this.at + mapWords.log), 0), mostBucketsLog);
  }

  private get size(): number {
    return this.core.entryCount(this.at, this.kit.heap.layout.maxWorkers);
  }

  /** Twice the buckets, until there are as many as entries: each is opened at its first use. */
  private grow(): void {
    const { core, at, size } = this;
    for (let { log } = this; log < mostBucketsLog && size > 2 ** log; log++) core.growMap(at, log);
  }

  /** Half the buckets, where most of them have no entry. Whether there are some to close. */
  private halve(): boolean {
    const { core, at, log } = this;
    return this.isClosing || (this.size * mostRoom < 2 ** log && core.halveMap(at, log));
  }

  private get isClosing(): boolean {
    return this.core.getWord(this.at + mapWords.closing) !== 0;
  }

  /** Closes some of the buckets that are used no more; false where none is left, or somebody stands in the way. */
  private shrink(): boolean {
    return this.after(Math.max(this.core.shrinkSome(this.at), 0)) !== came.absent;
  }

  /** As many buckets as entries, at once, but for those where somebody stands in the way. */
  shrinkToFit(): void {
    let left = this.kit.heap.layout.chunkCount * stepsPerChunk + mostSteps;
    while (this.halve()) {
      while (left > 0 && this.shrink()) left--;
      if (this.isClosing) return;
    }
  }

  /** Opens the bucket of an order, and those that it needs before. For want of memory it stays its parent's part. */
  private openBuckets(order: number): void {
    if (--this.untilOpen > 0) return;
    const { core, at } = this;
    let last = -1;
    for (let bucket = core.bucketToOpen(at, order); bucket >= 0; bucket = core.bucketToOpen(at, order)) {
      // Its piece goes out, or is damaged.
      if (bucket === last) return;
      last = bucket;
      const isFar = bucket >= bucketsPerPiece;
      const isMade =
        this.makePiece(core.tableOfBucket(at, bucket), isFar ? 1 : 0) &&
        (!isFar || this.makePiece(core.pieceOfBucket(at, bucket), 0));
      if (!isMade) {
        this.untilOpen = openAgain;
        return;
      }
      core.openBucket(at, bucket);
    }
  }

  /** Sees to it that a cell leads to a piece, or to a table of pieces; false for want of memory. */
  private makePiece(cell: number, isTable: number): boolean {
    const { core, kit } = this;
    if (cell === 0) return false;
    if (core.getWord(cell) !== 0) return true;
    const made = kit.tryAllocate(core.pieceBytes());
    if (made === 0) return false;
    core.formatPiece(made, isTable);
    const value = core.seeCell(cell);
    if (value === 0 && kit.exchange(cell, 0, core.stampSeen(), made)) kit.commit();
    else kit.abandon();
    return true;
  }
}

function writeTime(i32: Int32Array, at: number, milliseconds: number): void {
  i32[at / 4] = (milliseconds % 2 ** 32) | 0;
  i32[at / 4 + 1] = Math.floor(milliseconds / 2 ** 32);
}

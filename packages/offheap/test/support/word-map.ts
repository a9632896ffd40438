// A map of words on the calls of the core alone: each access to the memory is one of its verbs, which the explorer steps through.

import type { Address } from "#src/base/brands.js";
import {
  bucketsPerPiece,
  cacheWords,
  cellFlags,
  entryWords,
  header,
  mapWords,
  recordAt,
  scratchIn,
} from "#src/layout/index.js";
import { Entries } from "#src/map/entries.js";
import { freezeMap } from "#src/map/frozen.js";
import { keyKindOf } from "#src/map/keys.js";
import { valueKindOf } from "#src/map/values.js";
import { endPacked } from "#src/packed/index.js";
import type { Kit } from "#src/structure/kit.js";

const keyBytes = 4;
const valueAt = entryWords.keyFrom + 8;
const entryBytes = valueAt + 4;
const ghostCount = 4;
const bytesPerCell = 8;
/** Words of the way to an entry (core/map/recall.ts). */
type Way = [number, number, number, number, number, number, number, number];

/** What a worker has read of a map, by key. */
interface Known {
  readonly turn: number;
  readonly way: Way;
  readonly value: number;
}
const knownBy = new WeakMap<Kit, Map<number, Known>>();
/** Stamps of the cells of entries that some worker knows of, and of the heads before them, by key. */
const stamps = new Map<number, number>();
const headStamps = new Map<number, number>();

export function stampKnown(key: number): number {
  return stamps.get(key) ?? 0;
}

export function headStampKnown(key: number): number {
  return headStamps.get(key) ?? 0;
}

const came = { notAtRest: -1, absent: 0 } as const;

export class WordMap {
  private readonly kit: Kit;
  readonly at: number;
  private readonly keyAt: number;

  constructor(kit: Kit, at: number) {
    this.kit = kit;
    this.at = at;
    const { layout, offset } = kit.heap;
    const scratch = scratchIn(layout.objectBytes.length, layout.magazineShift);
    this.keyAt = offset + (recordAt(layout, kit.place) + scratch + 1) * 4;
  }

  static create(kit: Kit): number {
    const { core } = kit;
    const first = kit.allocate(core.pieceBytes());
    core.formatPiece(first, 0);
    kit.keep();
    const at = kit.allocate(core.mapBytes());
    core.formatMap(at, 0, 1, 2);
    core.formatFirst(at, first);
    kit.keep();
    return at;
  }

  /** The same with the books of a cache; those are kept in the map. */
  static createCache(kit: Kit): number {
    const { core } = kit;
    const at = WordMap.create(kit);
    const ghosts = kit.allocate(ghostCount * 4);
    kit.keep();
    const books = kit.allocate(core.cacheBytes());
    core.formatCache(books, at, ghosts, ghostCount);
    kit.keep();
    return at;
  }

  /** Of a cache: up to so many are evicted; how many were. */
  evict(wanted: number): number {
    const { kit } = this;
    const { core } = kit;
    kit.open();
    const evicted = core.evictSome(this.at, core.getWord(this.at + mapWords.owner), wanted, 4, 0, 0);
    kit.sweepIfAny();
    return evicted;
  }

  /** Of a cache: as `get`, and it counts as a use. */
  use(key: number): number | undefined {
    const { core } = this.kit;
    const books = core.getWord(this.at + mapWords.owner);
    const entry = this.tried(() => core.findHit(this.at, books, this.lookFor(key), keyBytes));
    if (entry === 0) return undefined;
    const value = core.getWord(entry + valueAt);
    core.letGoEntry();
    return value;
  }

  /** As `get`, or of a cache as `use`, without a look where the way to the entry stands. */
  recall(key: number, isUse = false): number | undefined {
    const { kit, at, keyAt } = this;
    const { core, heap } = kit;
    const its = knownBy.get(kit) ?? new Map<number, Known>();
    knownBy.set(kit, its);
    const books = isUse ? core.getWord(at + mapWords.owner) : 0;
    const known = its.get(key);
    if (known !== undefined) {
      const { turn, way, value } = known;
      if (core.isStanding(at, books, turn, ...way)) return value;
    }
    const turn = core.getWord(heap.offset + header.turns * 4);
    const entry = this.tried(() =>
      isUse
        ? core.findHit(at, books, this.lookFor(key), keyBytes)
        : core.findEntry(at, this.lookFor(key), keyBytes),
    );
    if (entry === 0) return undefined;
    const value = core.getWord(entry + valueAt);
    if (core.noteWay(entry, keyAt)) {
      const way = Array.from({ length: 8 }, (_, i) => core.getWord(keyAt + i * 4)) as Way;
      its.set(key, { turn, way, value });
      stamps.set(key, way[7]);
      headStamps.set(key, way[1]);
    }
    core.letGoEntry();
    return value;
  }

  get(key: number): number | undefined {
    const { core } = this.kit;
    const entry = this.tried(() => core.findEntry(this.at, this.lookFor(key), keyBytes));
    if (entry === 0) return undefined;
    const value = core.getWord(entry + valueAt);
    core.letGoEntry();
    return value;
  }

  /** 0: as `how` says it did not go in; −1: the map takes no changes. */
  put(key: number, value: number, how = 0): number {
    const { kit } = this;
    const { core } = kit;
    const entry = kit.allocate(entryBytes);
    const words = entry / 4;
    core.putWord((words + entryWords.keyBytes) * 4, keyBytes);
    core.putWord((words + entryWords.valueBytes) * 4, 4);
    core.putWord(entry + entryWords.keyFrom, key);
    core.putWord(entry + valueAt, value);
    const order = core.writeOrder(this.at, entry);
    const found = core.placeEntry(this.at, entry, how, 0, 0);
    if (found === came.notAtRest || (found & 255) === came.absent) {
      kit.abandon();
      if (found !== came.notAtRest) return 0;
      if (this.isFrozen) return came.notAtRest;
      core.unlinkUpTo(this.at, order);
      return this.put(key, value, how);
    }
    this.open(order);
    return found & 255;
  }

  /** Undefined: the map takes no changes. */
  remove(key: number): boolean | undefined {
    const { core, kit } = this;
    for (;;) {
      const found = core.removeEntry(this.at, this.lookFor(key), keyBytes, 0, 0);
      if (found !== came.notAtRest) return (found & 255) !== 0;
      if (this.isFrozen) return undefined;
      kit.open();
    }
  }

  /** As `size` of a map. */
  count(): number {
    return this.entries.count().size;
  }

  freeze(): void {
    freezeMap(this.entries);
  }

  private get isFrozen(): boolean {
    return this.core.getWord(this.at + mapWords.frozen) === 1;
  }

  private get core(): Kit["core"] {
    return this.kit.core;
  }

  private get entries(): Entries<unknown, unknown> {
    return new Entries(this.kit, this.at, keyKindOf("integer"), valueKindOf("i32"));
  }

  /** Twice the buckets. */
  grow(): void {
    const { core } = this.kit;
    core.growMap(this.at, core.getWord(this.at + mapWords.log));
  }

  /** Half the buckets, the rest of which are to be closed. */
  halve(): void {
    const { core } = this.kit;
    core.halveMap(this.at, core.getWord(this.at + mapWords.log));
  }

  /** A step of that; what it came to. */
  shrink(): number {
    return this.tried(() => this.kit.core.shrinkSome(this.at)) & 255;
  }

  /** As a death has left it: another bucket is closed next. */
  closeFrom(bucket: number): void {
    this.kit.core.putWord(this.at + mapWords.closing, bucket);
  }

  /** The bucket that is closed next. */
  get closing(): number {
    return this.kit.core.getWord(this.at + mapWords.closing);
  }

  /** Key and value of all entries, and how many the rows say there are. */
  all(): { entries: [number, number][]; counted: number } {
    const { core, kit } = this;
    const entries = this.entries.walk((entry): [number, number] => [
      core.getWord(entry + entryWords.keyFrom),
      core.getWord(entry + valueAt),
    ]);
    return { entries: [...entries], counted: core.entryCount(this.at, kit.heap.layout.maxWorkers) };
  }

  /** Ends all entries, the heads and the map. Nobody else is at it. */
  end(): void {
    const { kit } = this;
    const { core } = kit;
    core.putWord(this.at + mapWords.frozen, 0);
    for (const [key] of this.all().entries) this.remove(key);
    endPacked(kit, this.at);
    // What the dead have marked, and nobody has met since.
    this.tried(() => core.unlinkAll(this.at));
    const first = this.at + mapWords.root;
    const books = core.getWord(this.at + mapWords.owner);
    if (books !== 0) {
      kit.end(core.getWord(books + cacheWords.ghosts) as Address);
      kit.end(books as Address);
    }
    const table = core.getWord(first + bytesPerCell);
    if (table !== 0) {
      for (let k = 0; k < bucketsPerPiece; k++) this.endAt(table + k * bytesPerCell);
      this.endAt(first + bytesPerCell);
    }
    this.endAt(first);
    kit.end(this.at as Address);
    kit.sweep();
  }

  /** What a cell leads to ends. */
  private endAt(cell: number): void {
    const at = this.kit.core.getWord(cell) & ~cellFlags.all;
    if (at !== 0) this.kit.end(at as Address);
  }

  private open(order: number): void {
    const { core } = this.kit;
    let last = -1;
    for (;;) {
      const bucket = core.bucketToOpen(this.at, order);
      // Where its piece goes out it is not opened.
      if (bucket < 0 || bucket === last) return;
      last = bucket;
      if (bucket >= bucketsPerPiece) {
        this.make(core.tableOfBucket(this.at, bucket), 1);
        this.make(core.pieceOfBucket(this.at, bucket), 0);
      }
      core.openBucket(this.at, bucket);
    }
  }

  private make(cell: number, isTable: number): void {
    const { kit } = this;
    const { core } = kit;
    if (cell === 0 || core.seeCell(cell) !== 0) return;
    const stamp = core.stampSeen();
    const made = kit.allocate(core.pieceBytes());
    core.formatPiece(made, isTable);
    if (kit.exchange(cell, 0, stamp, made)) kit.commit();
    else kit.abandon();
  }

  private lookFor(key: number): number {
    this.kit.core.putWord(this.keyAt, key);
    return this.keyAt;
  }

  private tried(call: () => number): number {
    for (;;) {
      const found = call();
      if (found !== came.notAtRest) return found;
      this.kit.open();
    }
  }
}

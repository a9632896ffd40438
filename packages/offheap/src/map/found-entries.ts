// The entries of a map in memory, as readers need them. What an exception cut short is settled first.
//
//   found   an entry is held (its worker's hazard names it) until `release`, or the next entry is found

import { AllocatorError } from "../base/index.ts";
import {
  chunkBytes,
  entryWords,
  header,
  keyPlaceOf,
  mapMark,
  mapWords,
  recordAt,
  scratchIn,
} from "../layout/index.ts";
import type { Core } from "../memory/index.ts";
import { walkEntries } from "../packed/index.ts";
import type { Kit } from "../structure/index.ts";
import { flagsIn, hasExpiry, keyBytesIn, keyEnd, leadIn, type ValueIn, valueBytesIn } from "./entry.ts";
import { copyKey, type KeyKind, type Views } from "./keys.ts";
import { neverSlot, noSlot, Recent } from "./recent.ts";
import { type Encoded, finished, type ValueKind } from "./values.ts";

/** What the calls of the core come to (core/map/edit.ts). */
export const came = { notAtRest: -1, absent: 0, present: 1, replaced: 2 } as const;
export const mostTries = 8;

/** An entry that was found, by what tells it from another at the same place. */
export interface Seen {
  readonly entry: number;
  readonly stamp: number;
}

/** Of a value: the memory it stands in, where, and how many bytes it has. */
type Look<T> = (view: Uint8Array, address: number, length: number) => T;

/** What a value is shown in place by; the other hazard is for what is looked for. */
const showHazard = 1;

export class FoundEntries<K, V> {
  readonly kit: Kit;
  private place: number;
  private readonly resets: number;
  readonly keys: KeyKind<K>;
  readonly values: ValueKind<V>;
  /** What allocates in place of the heap: where room is made for it by others. */
  makeSpace: ((bytes: number) => number) | undefined;
  /** Absent where keys or values are objects. */
  private readonly recent: Recent | undefined;
  /** The address of the books of the cache that is built on the map; 0: none is. */
  readonly books: number;
  /** Of the key that was looked for last. */
  private slot = noSlot;
  protected readonly keyAt: number;
  protected readonly keySpace: number;
  /** Where objects end: a damaged length leads beyond. */
  private readonly end: number;

  constructor(kit: Kit, at: number, keys: KeyKind<K>, values: ValueKind<V>, books = 0) {
    this.kit = kit;
    this.place = at;
    this.resets = kit.resets;
    this.books = books;
    this.keys = keys;
    this.values = values;
    this.recent = keys.isPlain && values.isPlain ? new Recent() : undefined;
    const { layout, offset } = kit.heap;
    const { objectBytes, magazineShift, roundLimits, chunkCount } = layout;
    const scratchAt = recordAt(layout, kit.place) + scratchIn(objectBytes.length, magazineShift);
    const { from, words } = keyPlaceOf(roundLimits, chunkCount);
    this.keyAt = offset + (scratchAt + from) * 4;
    this.keySpace = words * 4;
    this.end = kit.heap.dataAt + chunkCount * chunkBytes;
  }

  /** The map's address. */
  get at(): number {
    return this.place;
  }

  /** From now on these are no map's, as none is where the heap begins: another one may begin where it did. */
  forget(): void {
    this.place = this.kit.heap.offset;
  }

  get core(): Core {
    return this.kit.coreSince(this.resets);
  }

  get views(): Views {
    return this.kit.host.views() as Views;
  }

  /** A fresh object of so many bytes: also where room is made for it. @throws ERR_INVALID_SIZE, ERR_OUT_OF_MEMORY, ERR_DETACHED */
  protected allocate(bytes: number): number {
    return this.makeSpace === undefined ? this.kit.allocate(bytes) : this.makeSpace(bytes);
  }

  /** What the core finds by the key at an address; of a cache it may count as a use. */
  protected look(at: number, bytes: number, _isUse: boolean): number {
    return this.core.findEntry(this.at, at, bytes);
  }

  /** The entry with a key, held; 0 where there is none. @throws ERR_INVALID_OPTION, ERR_INVALID_SIZE, ERR_DETACHED */
  find(key: unknown, isUse = false): number {
    const bytes = this.keys.write(key);
    if (bytes > this.keySpace) return this.findLong(bytes, isUse);
    for (let tries = 0; tries < mostTries; tries++) {
      copyKey(this.views.i32, this.keyAt, bytes);
      const entry = this.look(this.keyAt, bytes, isUse);
      if (entry !== came.notAtRest) return entry >>> 0;
      this.open();
    }
    throw this.lost();
  }

  release(): void {
    this.core.letGoEntry();
  }

  /** What tells an entry that was just found from another at its place. */
  seen(entry: number): Seen {
    return { entry, stamp: this.core.stampFound() };
  }

  /** Whether the value of an entry that is held is these bytes. */
  hasBytes(entry: number, bytes: Uint8Array): boolean {
    const { at, length } = this.valueOf(this.views, entry);
    return length === bytes.length && bytes.every((byte, i) => this.views.u8[at + i] === byte);
  }

  /**
   * What a key has, if this worker has read it lately and its entry still stands; undefined: look, and `take`.
   * @throws what a codec throws
   */
  recall(key: unknown): V | undefined {
    const { recent, values } = this;
    if (recent === undefined) return undefined;
    const slot = recent.slotOf(key, this.kit.heap.words[header.turns] as number);
    this.slot = slot;
    if (slot < 0 || recent.hasExpired(slot) || !recent.stands(this.core, this.at, this.books, slot))
      return undefined;
    const raw = recent.hit(slot);
    return values.finish === undefined ? (raw as V) : finished(values.finish, raw, key);
  }

  /**
   * The value of an entry that is held, which is released. `isKept`: for the next `recall`, as there was one of its key before.
   * @throws what a codec throws: the entry stays
   */
  take(entry: number, isKept = false): V {
    const { views, values, recent } = this;
    const raw = this.rawOf(views, entry);
    if (isKept && recent?.wants(raw)) this.keep(recent, views, entry, raw);
    if (values.finish === undefined) {
      this.release();
      return raw as V;
    }
    const key = this.keyOf(views, entry);
    this.release();
    return finished(values.finish, raw, key);
  }

  private keep(recent: Recent, views: Views, entry: number, raw: unknown): void {
    const { core, keyAt, slot } = this;
    if (slot === neverSlot || !core.noteWay(entry, keyAt)) return;
    // The key is read from the entry: the caller's may be a part of a longer text, which would be kept with it.
    const its = slot === noSlot ? recent.take(this.keyOf(views, entry)) : slot;
    if (its !== noSlot) recent.put(its, views.i32, keyAt >>> 2, raw, this.expiryOf(views, entry));
  }

  private rawOf(views: Views, entry: number): unknown {
    const { at, length, flags } = this.valueOf(views, entry);
    return this.values.copy(views, at, length, flags);
  }

  /** Copies the value of an entry that is held, which is released; how many bytes it has. @throws ERR_INVALID_SIZE for more than fit */
  copyInto(entry: number, bytes: Uint8Array): number {
    const { views } = this;
    const { at, length } = this.valueOf(views, entry);
    if (length <= bytes.length) bytes.set(views.u8.subarray(at, at + length));
    this.release();
    if (length <= bytes.length) return length;
    throw new AllocatorError(
      "ERR_INVALID_SIZE",
      `the value has ${length} bytes, and ${bytes.length} are given`,
    );
  }

  /** What `look` makes of the value of an entry that is held: in place, or a copy, where another is shown in place. It is released. */
  show<T>(entry: number, look: Look<T>): T {
    const { views, kit } = this;
    const { at, length } = this.valueOf(views, entry);
    if (kit.isShowing) {
      const copy = views.u8.slice(at, at + length);
      this.release();
      return look(copy, 0, length);
    }
    kit.core.keepHeld();
    kit.isShowing = true;
    const seen = looked(kit, () => look(views.u8, at, length));
    kit.core.unprotect(showHazard);
    return seen;
  }

  /** Where the value of an entry that is held stands. */
  valueOf({ i32 }: Views, entry: number): ValueIn {
    // Of no cache: where an expiry would be told, an entry that is packed has something else.
    const lead = this.books === 0 ? 0 : leadIn(i32, entry);
    const length = valueBytesIn(i32, entry) - lead;
    const at = keyEnd(i32, entry) + lead;
    if (length >= 0 && at + length <= this.end) return { at, length, flags: flagsIn(i32, entry) };
    throw this.lost();
  }

  /** The value of an entry that is held, as it was encoded. */
  copyOf(entry: number): Encoded {
    const { at, length, flags } = this.valueOf(this.views, entry);
    return { bytes: this.views.u8.slice(at, at + length), length, flags };
  }

  /** When an entry that is held expires, in milliseconds since 1970; 0: never. */
  expiryOf({ i32 }: Views, entry: number): number {
    if (this.books === 0 || !hasExpiry(i32, entry)) return 0;
    const at = keyEnd(i32, entry) / 4;
    return ((i32[at] as number) >>> 0) + (i32[at + 1] as number) * 2 ** 32;
  }

  keyOf(views: Views, entry: number): K {
    return this.keys.read(views, entry + entryWords.keyFrom, this.keyBytesOf(views, entry));
  }

  protected keyBytesOf({ i32 }: Views, entry: number): number {
    const bytes = keyBytesIn(i32, entry);
    if (entry + entryWords.keyFrom + bytes > this.end) throw this.lost();
    return bytes;
  }

  /** Each entry that is there from the begin to the end, once; it is held while `look` runs. */
  *walk<T>(look: (entry: number, views: Views) => T): Generator<T, void, void> {
    for (const entry of walkEntries(this)) {
      const seen = look(entry, this.views);
      this.release();
      yield seen;
    }
  }

  get isPacked(): boolean {
    return this.core.packedOf(this.at) !== 0;
  }

  /** @throws ERR_DETACHED for a worker, or a map, that is none any more */
  open(): void {
    const { kit } = this;
    kit.open();
    if (this.core.getWord(this.at) !== mapMark)
      throw new AllocatorError("ERR_DETACHED", `the map at ${this.at} was destroyed`);
  }

  /** @throws ERR_INVALID_OPTION: a map that was frozen takes no changes */
  checkOpen(): void {
    // Of a damaged map the word may say another thing.
    if (this.core.getWord(this.at + mapWords.frozen) === 1 || this.isPacked)
      throw new AllocatorError("ERR_INVALID_OPTION", `the map at ${this.at} is frozen`);
  }

  /** By a key that wants an object of its own meanwhile. */
  protected findLong(bytes: number, isUse = false, tries = 0): number {
    const { kit } = this;
    const at = this.allocate(bytes);
    copyKey(this.views.i32, at, bytes);
    const entry = this.look(at, bytes, isUse);
    kit.abandon();
    if (entry !== came.notAtRest) return entry >>> 0;
    if (tries === mostTries) throw this.lost();
    this.open();
    return this.findLong(bytes, isUse, tries + 1);
  }

  lost(): AllocatorError {
    return new AllocatorError("ERR_CORRUPT_HEAP", `the map at ${this.at} cannot be used`);
  }
}

function looked<T>(kit: Kit, look: () => T): T {
  try {
    const seen = look();
    kit.isShowing = false;
    return seen;
  } catch (error) {
    return lookThrew(kit, error);
  }
}

/** Nothing shared is read or written here. */
function lookThrew(kit: Kit, error: unknown): never {
  kit.isShowing = false;
  throw error;
}

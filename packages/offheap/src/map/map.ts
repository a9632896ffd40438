// SharedMap: keys and values that all workers of a heap share (core/map).
//
//   linearizable for each key · readers wait for nobody, and write nothing but which entry they read
//   whoever is killed when: an entry is in the map, whole, or has ended

import { type Address, AllocatorError, show } from "../base/index.ts";
import { mapWords } from "../layout/index.ts";
import { type Kit, kitOf, type StructureHandle } from "../structure/index.ts";

import { Entries, how } from "./entries.ts";
import { came } from "./found-entries.ts";
import { endMap, freezeMap } from "./frozen.ts";
import type { KeyName } from "./keys.ts";
import { createMap, findMap, type KeyOf, type MapOptions, type Place, type ValueOf } from "./place.ts";
import { type AnyCodec, checkCalled, checkInto, type ValueName } from "./values.ts";

export interface MapHandle extends StructureHandle {
  readonly kind: "map";
}

/** What `attach` has found, for the constructor to open. */
const opened = new WeakMap<object, Place>();

/** For what is built on maps. */
const inside = new WeakMap<object, Entries<unknown, unknown>>();

export function entriesOf(map: object): Entries<unknown, unknown> {
  return inside.get(map) as Entries<unknown, unknown>;
}

export class SharedMap<KN extends KeyName = "text", VN extends ValueName | AnyCodec = "text"> {
  private readonly kit: Kit;
  private readonly entries: Entries<KeyOf<KN>, ValueOf<VN>>;

  /**
   * A new map in a heap; nobody's, so that it stays when its maker ends.
   * @throws ERR_INVALID_OPTION; ERR_INVALID_SIZE where the heap has no objects of 4,096 bytes; ERR_OUT_OF_MEMORY, ERR_DETACHED
   */
  constructor(heap: object, options: MapOptions<KN, VN> = {}) {
    this.kit = kitOf(heap);
    const { at, keys, values } = opened.get(options) ?? createMap(this.kit, options);
    this.entries = new Entries(this.kit, at, keys, values) as Entries<KeyOf<KN>, ValueOf<VN>>;
    inside.set(this, this.entries as Entries<unknown, unknown>);
  }

  /**
   * Joins a map, in another worker or in the same. `options` may be left out but for a codec.
   * @throws ERR_INCOMPATIBLE_HEAP for a handle of something else, or keys or values of another kind; ERR_INVALID_ADDRESS,
   *   ERR_INVALID_OPTION, ERR_DETACHED
   */
  static attach<KN extends KeyName = "text", VN extends ValueName | AnyCodec = "text">(
    heap: object,
    handle: StructureHandle | undefined,
    options: MapOptions<KN, VN> = {},
  ): SharedMap<KN, VN> {
    const place = findMap(kitOf(heap), handle, options);
    const known = {};
    opened.set(known, place);
    return new SharedMap<KN, VN>(heap, known);
  }

  /** To be posted to a worker, or kept under a name (`heap.roots`). */
  get handle(): MapHandle {
    return { kind: "map", address: this.entries.at as Address };
  }

  /** Entries, as one look tells. @throws ERR_DETACHED */
  get size(): number {
    return this.entries.count().size;
  }

  /** Bytes of all entries: 24 each, 8 once they are packed, the key and the value, both rounded up to 8. @throws ERR_DETACHED */
  get bytes(): number {
    return this.entries.count().bytes;
  }

  get isFrozen(): boolean {
    return this.entries.core.getWord(this.entries.at + mapWords.frozen) === 1;
  }

  /**
   * The value of a key; undefined when there is none.
   * @throws ERR_INVALID_OPTION for a key of another kind; ERR_INVALID_SIZE for one over 65,535 bytes; ERR_DETACHED, also when the
   *   map was destroyed; what a codec throws, with the key: the entry stays
   */
  get(key: KeyOf<KN>): ValueOf<VN> | undefined {
    const known = this.entries.recall(key);
    if (known !== undefined) return known;
    const entry = this.entries.find(key);
    return entry === 0 ? undefined : this.entries.take(entry, true);
  }

  /** @throws as `get` */
  has(key: KeyOf<KN>): boolean {
    const isThere = this.entries.find(key) !== 0;
    if (isThere) this.entries.release();
    return isThere;
  }

  /**
   * Copies the bytes of a value.
   * @returns how many it has, undefined where there is none
   * @throws as `get`; ERR_INVALID_SIZE where they do not fit; ERR_INVALID_OPTION for what is no Uint8Array
   */
  getInto(key: KeyOf<KN>, bytes: Uint8Array): number | undefined {
    checkInto(bytes);
    const entry = this.entries.find(key);
    return entry === 0 ? undefined : this.entries.copyInto(entry, bytes);
  }

  /**
   * Shows a value in place: bytes of the memory, which are not used anew before `look` returns. Others may take it out of the map
   * meanwhile. Within `look` another `read` is of a copy.
   * @returns what `look` returns; undefined where there is none
   * @throws as `get`; what `look` throws
   */
  read<T>(key: KeyOf<KN>, look: (view: Uint8Array, address: number, length: number) => T): T | undefined {
    checkCalled("look", look);
    const entry = this.entries.find(key);
    return entry === 0 ? undefined : this.entries.show(entry, look);
  }

  /**
   * Sets the value of a key, in place of the one it had.
   * @throws ERR_INVALID_OPTION for a key or a value of another kind, and when the map is frozen; ERR_INVALID_SIZE for more than the
   *   heap has objects for; ERR_OUT_OF_MEMORY, ERR_DETACHED; what a codec throws. Nothing has changed then
   */
  set(key: KeyOf<KN>, value: ValueOf<VN>): this {
    this.entries.put(key, this.entries.encode(value), how.always);
    return this;
  }

  /** Sets the value of a key that has none; false where it has. @throws as `set` */
  insert(key: KeyOf<KN>, value: ValueOf<VN>): boolean {
    return this.entries.put(key, this.entries.encode(value), how.ifAbsent) === came.present;
  }

  /** Sets a value in place of `expected`, told by its bytes; false where the key has another, or none. @throws as `set` */
  replace(key: KeyOf<KN>, expected: ValueOf<VN>, value: ValueOf<VN>): boolean {
    const { entries } = this;
    const wanted = entries.encode(expected);
    const bytes = wanted.bytes.slice(0, wanted.length);
    const encoded = { ...entries.encode(value) };
    for (;;) {
      const entry = entries.find(key);
      if (entry === 0) return false;
      const seen = entries.seen(entry);
      const isSame = entries.hasBytes(entry, bytes);
      entries.release();
      if (!isSame) return false;
      if (entries.put(key, encoded, how.inPlace, seen) === came.replaced) return true;
    }
  }

  /**
   * Sets what `change` makes of a key's value, undefined where it has none; again with a newer one where another worker was faster,
   * or `change` itself has changed the map.
   * @returns the value that was set; undefined, when `change` returned that: then the key has none
   * @throws as `get` and `set`; what `change` throws
   */
  update(
    key: KeyOf<KN>,
    change: (old: ValueOf<VN> | undefined) => ValueOf<VN> | undefined,
  ): ValueOf<VN> | undefined {
    const { entries } = this;
    checkCalled("change", change);
    for (let tries = 0; ; tries++) {
      const entry = entries.find(key);
      let seen = entry === 0 ? undefined : entries.seen(entry);
      const old = tries === 0 || entry === 0 ? undefined : entries.copyOf(entry);
      const next = change(entry === 0 ? undefined : entries.take(entry));
      const encoded = next === undefined ? undefined : entries.encode(next);
      const way = seen === undefined ? how.ifAbsent : how.inPlace;
      do {
        if (encoded === undefined) {
          if (seen === undefined || entries.remove(key, seen)) return undefined;
        } else if (entries.put(key, encoded, way, seen) !== came.absent) return next;
        seen = entries.seenAgain(key, old);
      } while (seen !== undefined);
    }
  }

  /**
   * Adds to a number, 0 where the key has none. @returns the sum
   * @throws as `set`; ERR_INVALID_OPTION where values are no numbers
   */
  increment(key: KeyOf<KN>, by = 1): number {
    if (typeof by !== "number")
      throw new AllocatorError("ERR_INVALID_OPTION", `by is a number, got ${show(by)}`);
    const sum = this.update(key, ((old: unknown = 0) => {
      if (typeof old === "number") return old + by;
      throw new AllocatorError("ERR_INVALID_OPTION", "values of this map are no numbers");
    }) as (old: ValueOf<VN> | undefined) => ValueOf<VN>);
    return sum as number;
  }

  /** Takes a key out; false where it is not there. @throws as `get`; ERR_INVALID_OPTION when the map is frozen */
  delete(key: KeyOf<KN>): boolean {
    return this.entries.remove(key);
  }

  /** Takes out all that is there, one by one. @throws ERR_INVALID_OPTION when the map is frozen; ERR_DETACHED */
  clear(): void {
    this.entries.checkOpen();
    this.entries.clear();
  }

  /** All entries that are there from the begin to the end, each once, in no order. @throws as `get` */
  *entriesOf(): Generator<[KeyOf<KN>, ValueOf<VN>], void, void> {
    const { entries } = this;
    yield* entries.walk((entry, views) => [entries.keyOf(views, entry), entries.take(entry)]);
  }

  [Symbol.iterator](): Generator<[KeyOf<KN>, ValueOf<VN>], void, void> {
    return this.entriesOf();
  }

  keys(): Generator<KeyOf<KN>, void, void> {
    return this.entries.walk((entry, views) => this.entries.keyOf(views, entry));
  }

  values(): Generator<ValueOf<VN>, void, void> {
    return this.entries.walk((entry) => this.entries.take(entry));
  }

  /**
   * From now on no worker changes the map. Its entries are packed: copied back to back, and found without a fence; the memory that
   * they had goes back. That takes time, and as much memory again meanwhile. Where there is not enough, they stay as they are, and
   * another `freeze` tries again. While another worker packs them, a call returns at once. @throws ERR_DETACHED
   */
  freeze(): this {
    freezeMap(this.entries);
    return this;
  }

  /** Ends this instance's part in it: the map stays. */
  [Symbol.dispose](): void {
    this.entries.release();
  }

  /**
   * Ends the map, with all entries. Nobody may use it any more. Cut short by the death of its worker, it is done by the next
   * `destroy`. @throws ERR_DETACHED
   */
  destroy(): void {
    endMap(this.entries);
    this.entries.forget();
  }
}

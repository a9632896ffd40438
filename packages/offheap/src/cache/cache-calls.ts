// The calls of a cache that read and change entries. What has expired is there until it is evicted, and is no value.

import { AllocatorError, show } from "../base/index.ts";
import { cacheCounts } from "../layout/index.ts";
import { came, checkCalled, checkInto, how, type KeyName, type KeyOf, type ValueOf } from "../map/index.ts";
import type { MemoryPool } from "../pool/index.ts";
import { kitOf } from "../structure/index.ts";
import { CacheEntries } from "./cache-entries.ts";
import { type AnyValues, checkSet, type SetOptions } from "./options.ts";
import { type CachePlace, readTtl } from "./place.ts";

const noOptions = {};

export abstract class CacheCalls<KN extends KeyName, VN extends AnyValues> {
  /** The pool that the cache is alone in: to `track` and `reap` workers, to `detach`, to `check`. */
  readonly pool: MemoryPool;
  protected readonly entries: CacheEntries<KeyOf<KN>, ValueOf<VN>>;
  protected readonly ttl: number;

  protected constructor({ pool, map, books }: CachePlace) {
    const kit = kitOf(pool);
    this.pool = pool;
    this.entries = new CacheEntries(pool, kit, map.at, books, map.keys, map.values) as CacheEntries<
      KeyOf<KN>,
      ValueOf<VN>
    >;
    this.ttl = readTtl(kit, books);
  }

  /** Entries, those that have expired and not been evicted among them. @throws ERR_DETACHED */
  get size(): number {
    return this.entries.count().size;
  }

  /** Bytes of memory that entries and books take; never more than `maxBytes`. @throws ERR_DETACHED */
  get bytes(): number {
    const { bookBytes, spanBytes } = this.pool.stats();
    return bookBytes + spanBytes;
  }

  get maxBytes(): number {
    return this.entries.kit.heap.layout.capacityBytes;
  }

  /**
   * The value of a key, which counts as a use; undefined where there is none, or it has expired.
   * @throws ERR_INVALID_OPTION for a key of another kind; ERR_INVALID_SIZE for one over 65,535 bytes; ERR_DETACHED; what a codec
   *   throws, with the key: the entry stays
   */
  get(key: KeyOf<KN>): ValueOf<VN> | undefined {
    const known = this.entries.recall(key);
    if (known !== undefined) return known;
    const entry = this.findUsed(key);
    return entry === 0 ? undefined : this.entries.take(entry, true);
  }

  /**
   * Copies the bytes of a value, which counts as a use.
   * @returns how many it has, undefined where there is none
   * @throws as `get`; ERR_INVALID_SIZE where they do not fit; ERR_INVALID_OPTION for what is no Uint8Array
   */
  getInto(key: KeyOf<KN>, bytes: Uint8Array): number | undefined {
    checkInto(bytes);
    const entry = this.findUsed(key);
    return entry === 0 ? undefined : this.entries.copyInto(entry, bytes);
  }

  /**
   * Shows a value in place, which counts as a use: bytes of the memory, which are not used anew before `look` returns. The entry may be
   * evicted meanwhile. Within `look` another `read` is of a copy.
   * @returns what `look` returns; undefined where there is none
   * @throws as `get`; what `look` throws
   */
  read<T>(key: KeyOf<KN>, look: (view: Uint8Array, address: number, length: number) => T): T | undefined {
    checkCalled("look", look);
    const entry = this.findUsed(key);
    return entry === 0 ? undefined : this.entries.show(entry, look);
  }

  /** The same, and is no use. @throws as `get` */
  peek(key: KeyOf<KN>): ValueOf<VN> | undefined {
    const entry = this.findLive(key);
    return entry === 0 ? undefined : this.entries.take(entry);
  }

  /** Whether a key has a value; no use. @throws as `get` */
  has(key: KeyOf<KN>): boolean {
    const isThere = this.findLive(key) !== 0;
    if (isThere) this.entries.release();
    return isThere;
  }

  /**
   * Sets the value of a key; others are evicted for it, if need be.
   * @throws ERR_INVALID_OPTION for a key, a value or a time to live of another kind; ERR_INVALID_SIZE for more than the cache has
   *   memory for; ERR_OUT_OF_MEMORY where all of it is held by others just now; ERR_DETACHED; what a codec throws. Nothing has
   *   changed then, but that others may have been evicted
   */
  set(key: KeyOf<KN>, value: ValueOf<VN>, options: SetOptions = noOptions): this {
    const ttl = options === noOptions ? this.ttl : checkSet("set", options, this.ttl);
    this.put(key, value, how.always, ttl);
    return this;
  }

  /** Sets the value of a key that has none; false where it has. @throws as `set` */
  insert(key: KeyOf<KN>, value: ValueOf<VN>, options: SetOptions = noOptions): boolean {
    const { entries } = this;
    const until = timeAfter(checkSet("insert", options, this.ttl));
    // Once: a codec that sets other keys each time would never let it be done.
    let encoded: ReturnType<typeof entries.encode> | undefined;
    for (;;) {
      const found = entries.find(key);
      const seen = found === 0 ? undefined : entries.seen(found);
      const expiresAt = found === 0 ? 0 : entries.expiryOf(entries.views, found);
      if (found !== 0) entries.release();
      if (found !== 0 && (expiresAt === 0 || Date.now() < expiresAt)) return false;
      const way = seen === undefined ? how.ifAbsent : how.inPlace;
      encoded ??= entries.encode(value);
      if (entries.put(key, encoded, way, seen, until) === came.absent) continue;
      entries.core.countUp(entries.books, cacheCounts.sets);
      return true;
    }
  }

  /**
   * Sets what `change` makes of a key's value, undefined where it has none; again with a newer one where another worker was faster, or
   * `change` itself has changed the cache. A time to live stays, unless `options` has one.
   * @returns the value that was set; undefined, when `change` returned that: then nothing has changed
   * @throws as `set`; what `change` throws
   */
  update(
    key: KeyOf<KN>,
    change: (old: ValueOf<VN> | undefined) => ValueOf<VN> | undefined,
    options: SetOptions = noOptions,
  ): ValueOf<VN> | undefined {
    const { entries } = this;
    checkCalled("change", change);
    const ttl = options === noOptions ? this.ttl : checkSet("update", options, this.ttl);
    const given = options.ttl === undefined ? undefined : timeAfter(ttl);
    for (let tries = 0; ; tries++) {
      const found = entries.find(key);
      let seen = found === 0 ? undefined : entries.seen(found);
      const expiresAt = found === 0 ? 0 : entries.expiryOf(entries.views, found);
      const isLive = found !== 0 && (expiresAt === 0 || Date.now() < expiresAt);
      const old = tries === 0 || found === 0 ? undefined : entries.copyOf(found);
      const next = change(isLive ? entries.take(found) : undefined);
      if (next === undefined) return undefined;
      const encoded = entries.encode(next);
      const way = seen === undefined ? how.ifAbsent : how.inPlace;
      const until = given ?? (isLive ? expiresAt : timeAfter(ttl));
      do {
        if (entries.put(key, encoded, way, seen, until) !== came.absent) {
          entries.core.countUp(entries.books, cacheCounts.sets);
          return next;
        }
        seen = entries.seenAgain(key, old, expiresAt);
      } while (seen !== undefined);
    }
  }

  /** When a key's value expires, in milliseconds since 1970: `Infinity`, never; undefined where there is none. @throws as `get` */
  expiresAt(key: KeyOf<KN>): number | undefined {
    const entry = this.findLive(key);
    if (entry === 0) return undefined;
    const at = this.entries.expiryOf(this.entries.views, entry);
    this.entries.release();
    return at === 0 ? Number.POSITIVE_INFINITY : at;
  }

  /** Takes a key out; false where it is not there, or has expired. @throws as `get` */
  delete(key: KeyOf<KN>): boolean {
    const { entries } = this;
    for (;;) {
      const entry = entries.find(key);
      if (entry === 0) return false;
      const expiresAt = entries.expiryOf(entries.views, entry);
      if (entries.removeHeld(entry)) return expiresAt === 0 || Date.now() < expiresAt;
    }
  }

  /** Takes out all that is there, one by one. @throws ERR_DETACHED */
  clear(): void {
    this.entries.clear();
    this.entries.forgetFull();
  }

  /**
   * From now on a key lives for so long; as long as one that is set now, unless said. False where it is not there.
   * @throws as `set`
   */
  touch(key: KeyOf<KN>, options: SetOptions = noOptions): boolean {
    const { entries } = this;
    const ttl = checkSet("touch", options, this.ttl);
    for (;;) {
      const entry = this.findLive(key);
      if (entry === 0) return false;
      const seen = entries.seen(entry);
      const encoded = entries.copyOf(entry);
      entries.release();
      if (entries.put(key, encoded, how.inPlace, seen, timeAfter(ttl)) === came.replaced) return true;
    }
  }

  /** Adds to a number, 0 where there is none, which keeps its time to live. @returns the sum @throws as `set` */
  increment(key: KeyOf<KN>, by = 1): number {
    if (typeof by !== "number")
      throw new AllocatorError("ERR_INVALID_OPTION", `by is a number, got ${show(by)}`);
    const sum = this.update(key, ((old: unknown = 0) => {
      if (typeof old === "number") return old + by;
      throw new AllocatorError("ERR_INVALID_OPTION", "values of this cache are no numbers");
    }) as (old: ValueOf<VN> | undefined) => ValueOf<VN>);
    return sum as number;
  }

  protected put(key: KeyOf<KN>, value: ValueOf<VN>, way: number, ttl: number): void {
    const { entries } = this;
    entries.put(key, entries.encode(value), way, undefined, timeAfter(ttl));
    entries.core.countUp(entries.books, cacheCounts.sets);
  }

  /** The entry with a key, which was used; 0 where there is none, or it has expired. */
  private findUsed(key: KeyOf<KN>): number {
    const { entries } = this;
    const entry = entries.find(key, true);
    if (entry === 0) return 0;
    const expiresAt = entries.expiryOf(entries.views, entry);
    if (expiresAt === 0 || Date.now() < expiresAt) return entry;
    entries.core.countExpired(entries.books);
    entries.release();
    return 0;
  }

  protected findLive(key: KeyOf<KN>): number {
    const { entries } = this;
    const entry = entries.find(key);
    if (entry === 0) return 0;
    const expiresAt = entries.expiryOf(entries.views, entry);
    if (expiresAt === 0 || Date.now() < expiresAt) return entry;
    entries.release();
    return 0;
  }
}

/** When what is set now expires; 0: never. A time beyond the safe integers would wrap in its two words. */
function timeAfter(ttl: number): number {
  const at = Date.now() + Math.ceil(ttl);
  return at <= Number.MAX_SAFE_INTEGER ? at : 0;
}

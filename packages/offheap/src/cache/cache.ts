// SharedCache: a map with a limit in bytes, shared by all workers that attach (core/map/hands.ts says who goes).
//
//   entries and books ≤ maxBytes, always: they are all that is in a pool of the cache's own, which is no larger
//   whoever is killed when: an entry is in the cache, whole, or has ended

import { AllocatorError, rest, show } from "../base/index.ts";
import type { HeapHandle } from "../format/index.ts";
import { checkCalled, entriesOf, how, type KeyName, type KeyOf, type ValueOf } from "../map/index.ts";
import { MemoryPool } from "../pool/index.ts";
import { leaveHeap, openHeap, removeHeap } from "../process/index.ts";
import { kitOf } from "../structure/index.ts";
import { CacheCalls } from "./cache-calls.ts";
import type { CacheEntries } from "./cache-entries.ts";
import { Claims } from "./claims.ts";
import {
  type AnyValues,
  type AttachOptions,
  type CacheOptions,
  checkAttach,
  checkCacheOptions,
  checkGetOrSet,
  type GetOrSetOptions,
  ofFile,
  type SetOptions,
} from "./options.ts";
import { type CachePlace, createCache, findCache, heapOptions } from "./place.ts";
import { type CacheStats, statsOf } from "./stats.ts";
import { checkPool, giverBack, poolWithin } from "./within.ts";

export interface CacheHandle {
  readonly kind: "cache";
  readonly heap: HeapHandle;
}

/** A cache that is there, and how it is left. */
interface Opened {
  readonly place: CachePlace;
  readonly leave: () => void;
  /** Ends the object that it lies in. */
  readonly giveBack?: () => void;
}
const opened = new WeakMap<object, Opened>();
const noOptions = {};
/** Milliseconds between two looks for a value that another makes. */
const firstPause = 1;
const longestPause = 20;

export class SharedCache<KN extends KeyName = "text", VN extends AnyValues = "text"> extends CacheCalls<
  KN,
  VN
> {
  private readonly claims: Claims;
  private readonly leave: () => void;
  private readonly giveBack: (() => void) | undefined;

  /**
   * A new cache; it stays when its maker ends. With `pool` its memory is an object of that: in one piece, and 64 KiB are its step.
   * @throws ERR_INVALID_OPTION, ERR_OUT_OF_MEMORY; of a `pool` ERR_INVALID_SIZE, ERR_DETACHED
   */
  constructor(options: CacheOptions<KN, VN>) {
    const { place, leave, giveBack } = opened.get(options) ?? makeCache(options);
    super(place);
    const { pool, claims } = place;
    this.leave = leave;
    this.giveBack = giveBack;
    entriesOf(claims).makeSpace = this.entries.spaceFor;
    this.claims = new Claims(kitOf(pool), claims, pool.workerId);
  }

  /**
   * Joins a cache in another worker, by its `handle`. `options` may be left out but for a codec. With the `pool` that the cache lies
   * in, `destroy` gives its memory back to that.
   * @throws ERR_INCOMPATIBLE_HEAP for a handle of something else; ERR_INVALID_OPTION, ERR_TOO_MANY_WORKERS, ERR_DETACHED
   */
  static attach<KN extends KeyName = "text", VN extends AnyValues = "text">(
    handle: CacheHandle | undefined,
    options: AttachOptions<KN, VN> = {},
  ): SharedCache<KN, VN> {
    const { kind, heap } = (handle ?? {}) as Partial<CacheHandle>;
    if (kind !== "cache" || heap === undefined)
      throw new AllocatorError("ERR_INCOMPATIBLE_HEAP", `a cache's handle is wanted, got ${show(handle)}`);
    checkAttach(options);
    if (options.pool !== undefined) checkPool(options.pool);
    const pool = MemoryPool.attach(heap, options.os === undefined ? {} : { os: options.os });
    return openIn(pool, options, () => pool.detach());
  }

  /**
   * The cache in a file, for all processes that open it (`offheap/process`): the first one makes it, of `maxBytes`. It is there
   * again, as it was left, after all have ended, by whatever.
   * @throws as `openHeap`, and as the constructor
   */
  static open<KN extends KeyName = "text", VN extends AnyValues = "text">(
    path: string,
    options: CacheOptions<KN, VN>,
  ): SharedCache<KN, VN> {
    const given = checkCacheOptions("SharedCache.open", options, ofFile);
    const pool = openHeap(path, { kind: "pool", live: true, ...heapOptions(given) });
    return openIn(
      pool,
      options,
      () => leaveHeap(pool),
      () => createCache(pool, options),
    );
  }

  /** Takes a cache's file away. @throws as `removeHeap` */
  static remove(path: string): void {
    removeHeap(path);
  }

  /** To be posted to a worker. @throws ERR_INVALID_OPTION for memory that is not shared */
  get handle(): CacheHandle {
    return { kind: "cache", heap: this.pool.handle };
  }

  /**
   * The value of a key; where there is none, what `make` makes of it, in one worker at a time: a claim says which, that its death ends.
   * @throws as `get` and `set`; what `make` throws: then the next one to ask makes it
   */
  async getOrSet(
    key: KeyOf<KN>,
    make: (key: KeyOf<KN>) => ValueOf<VN> | Promise<ValueOf<VN>>,
    options: GetOrSetOptions = noOptions,
  ): Promise<ValueOf<VN>> {
    checkCalled("make", make);
    const { others, timeout, ...ttl } = checkGetOrSet(options);
    for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
      const found = this.get(key);
      if (found !== undefined) return found;
      const claim = this.claims.take(key, timeout);
      if (claim !== undefined || others === "compute") return this.makeValue(key, make, ttl, claim);
      if (others === "stale") {
        const entry = this.entries.find(key);
        if (entry !== 0) return this.entries.take(entry);
      }
      await rest(pause);
    }
  }

  /** Takes out all that is there, one by one, and claims of the dead. @throws ERR_DETACHED */
  override clear(): void {
    super.clear();
    this.claims.endUnheld();
  }

  /** All entries that are there from the begin to the end, each once, in no order. @throws as `get` */
  *[Symbol.iterator](): Generator<[KeyOf<KN>, ValueOf<VN>], void, void> {
    const { entries } = this;
    const found = entries.walk((entry, views): [KeyOf<KN>, ValueOf<VN>] | undefined => {
      const expiresAt = entries.expiryOf(views, entry);
      if (expiresAt !== 0 && Date.now() >= expiresAt) return undefined;
      return [entries.keyOf(views, entry), entries.take(entry)];
    });
    for (const each of found) if (each !== undefined) yield each;
  }

  *keys(): Generator<KeyOf<KN>, void, void> {
    for (const [key] of this) yield key;
  }

  *values(): Generator<ValueOf<VN>, void, void> {
    for (const [, value] of this) yield value;
  }

  /** What it counts, of all workers. @throws ERR_DETACHED */
  stats(): CacheStats {
    return statsOf(this.entries as CacheEntries<unknown, unknown>, this.pool.stats());
  }

  /** Leaves the cache, which stays. Who opened its file closes that, unless other workers of the process are attached. Again: nothing. */
  [Symbol.dispose](): void {
    this.leave();
  }

  /** Ends the cache for everybody. Who made it in a `pool`, or attached with that, gives its memory back. @throws ERR_DETACHED */
  destroy(): void {
    this.pool.destroy();
    this.giveBack?.();
  }

  private async makeValue(
    key: KeyOf<KN>,
    make: (key: KeyOf<KN>) => ValueOf<VN> | Promise<ValueOf<VN>>,
    options: SetOptions,
    claim: string | undefined,
  ): Promise<ValueOf<VN>> {
    const made = await settled(async () => {
      // Whoever had the claim before may have set it since the look.
      const found = claim === undefined ? undefined : this.peek(key);
      if (found !== undefined) return found;
      const value = await make(key);
      this.put(key, value, how.always, options.ttl ?? this.ttl);
      return value;
    });
    // Of a cache that was left, or destroyed, meanwhile: what `make` threw is told first.
    const ended = await settled(async () => claim !== undefined && this.claims.end(key, claim));
    if ("error" in made) throw made.error;
    if ("error" in ended) throw ended.error;
    return made.value;
  }
}

function settled<V>(make: () => Promise<V>): Promise<{ value: V } | { error: unknown }> {
  return make().then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

function makeCache(options: CacheOptions): Opened {
  const given = checkCacheOptions("SharedCache", options);
  const around = given.pool;
  if (around === undefined) {
    const place = createCache(new MemoryPool(heapOptions(given)), given) as CachePlace;
    return { place, leave: () => place.pool.detach() };
  }
  checkPool(around);
  const { pool, made } = poolWithin(around, given);
  const place = createCache(pool, given) as CachePlace;
  made();
  return { place, leave: () => pool.detach(), giveBack: giverBack(around, pool) as () => void };
}

function openIn<KN extends KeyName, VN extends AnyValues>(
  pool: MemoryPool,
  options: Pick<CacheOptions<KN, VN>, "keys" | "values" | "pool">,
  leave: () => void,
  make?: () => CachePlace | AllocatorError,
): SharedCache<KN, VN> {
  const place =
    findCache(pool, options) ??
    make?.() ??
    new AllocatorError("ERR_INCOMPATIBLE_HEAP", "there is no cache in this heap");
  const giveBack = options.pool && giverBack(options.pool, pool);
  const refusal = [place, giveBack].find((each) => each instanceof AllocatorError);
  if (refusal !== undefined) {
    // Else it could not be opened again here, and a worker's place would be taken.
    leave();
    throw refusal;
  }
  const known = {} as CacheOptions<KN, VN>;
  opened.set(known, { place, leave, ...(giveBack && { giveBack }) } as Opened);
  return new SharedCache<KN, VN>(known);
}

// Entries of a cache: those of a map, that make room for each other. While there is memory, a new entry takes of it. From then on
// entries are evicted as long as there is no slot for it, sixteen at a time: as many are looked through for readers at once.

import { AllocatorError } from "../base/index.ts";
import { cacheWords, chunkBytes, wideBytes } from "../layout/index.ts";
import { Entries, type KeyKind, type ValueKind } from "../map/index.ts";
import type { MemoryPool } from "../pool/index.ts";
import type { Kit } from "../structure/index.ts";
import { emptySpan, emptyUnused, type Unused } from "./spans.ts";

/** Evicted at a time; buckets that are looked at for that. */
const atOnce = 16;
const mostBuckets = 256;
/** Rounds over all buckets in which the hands evict somebody: each takes a use, and there are up to three. */
const rounds = 4;
/** Times that so many are evicted when nothing else has helped. */
const mostLate = 64;
/** Times that so many are evicted for one entry, before spans of other objects are emptied for it; and how many. */
const mostTimes = 2;
const mostSpans = 64;
/** More than the part of any span that is free. */
const anyPart = 2;
/** Of a slot's bytes to those that are asked for. */
const wasteOf = [2, 3] as const;
const high = 2 ** 32;

export class CacheEntries<K, V> extends Entries<K, V> {
  private readonly pool: MemoryPool;
  private readonly unused: Unused = { next: 0, rests: 0, inVain: new Map() };

  constructor(pool: MemoryPool, kit: Kit, at: number, books: number, keys: KeyKind<K>, values: ValueKind<V>) {
    super(kit, at, keys, values, books);
    this.pool = pool;
  }

  /** A fresh object of so many bytes, which entries go for. */
  readonly spaceFor = (bytes: number): number => this.allocate(bytes);

  protected override look(at: number, bytes: number, isUse: boolean): number {
    return isUse
      ? this.core.findHit(this.at, this.books, at, bytes)
      : this.core.findEntry(this.at, at, bytes);
  }

  protected override allocate(bytes: number): number {
    const { kit } = this;
    const index = bytes > wideBytes ? 0 : kit.host.indexFor(bytes);
    if (index === 0) this.checkSize(bytes);
    kit.open();
    for (let times = 0; ; times++) {
      const quick = this.quick(bytes, index);
      if (quick !== 0) return quick;
      if (!this.isFull || index === 0 || times === mostTimes) {
        const entry = kit.tryAllocate(bytes);
        if (entry !== 0) return entry;
        this.core.putWord(this.books + cacheWords.full, 1);
      }
      if (times >= mostTimes) return this.allocateInSpan(bytes, index);
      const unused = times === 0 && index !== 0 ? this.allocateInUnused(bytes, index) : 0;
      if (unused !== 0) return unused;
      if (this.evict(atOnce) === 0) return this.allocateInSpan(bytes, index);
    }
  }

  /** Nobody is evicted for what could never be had. */
  private checkSize(bytes: number): void {
    const most = this.kit.heap.layout.chunkCount * chunkBytes;
    if (bytes > most)
      throw new AllocatorError("ERR_INVALID_SIZE", `an entry has at most ${most} bytes, got ${bytes}`);
  }

  /** A slot that is at hand, of the class of so many bytes, or, once memory has run out, of one that wastes no more than a third. */
  private quick(bytes: number, index: number): number {
    if (index === 0) return 0;
    const { objectBytes } = this.kit.heap.layout;
    const last = this.isFull ? objectBytes.length : index;
    for (let its = index; its <= last; its++) {
      if (its > index && (objectBytes[its - 1] as number) * wasteOf[0] > bytes * wasteOf[1]) return 0;
      const { slow } = this.kit.host;
      slow.pause();
      const entry = this.core.allocateFresh(its) >>> 0;
      slow.resume();
      if (entry !== 0) return entry;
    }
    return 0;
  }

  /** Evicts entries; how many. None only where four rounds over all buckets, which take all uses from each, have met none. */
  evict(wanted: number): number {
    const now = Date.now();
    const { core, kit, at, books } = this;
    const [nowHigh, nowLow] = [Math.floor(now / high), (now % high) | 0];
    // As many as are evicted at a time have space in the list of what was retired.
    kit.sweepIfAny();
    let buckets = mostBuckets;
    let evicted = core.evictSome(at, books, wanted, buckets, nowHigh, nowLow);
    // Where many entries have gone out, most buckets have none until they are closed.
    for (; evicted === 0 && buckets < this.bucketCount * rounds; buckets *= rounds)
      evicted = core.evictSome(at, books, wanted, buckets, nowHigh, nowLow);
    kit.sweepIfAny();
    this.countDown(evicted);
    return evicted;
  }

  /** There may be memory again. */
  forgetFull(): void {
    this.core.putWord(this.books + cacheWords.full, 0);
  }

  private get isFull(): boolean {
    return this.core.getWord(this.books + cacheWords.full) !== 0;
  }

  private allocateInUnused(bytes: number, index: number): number {
    if (!emptyUnused(this as Entries<unknown, unknown>, this.books, index, this.unused)) return 0;
    this.kit.sweepIfAny();
    this.pool.cleanup();
    return this.kit.tryAllocate(bytes);
  }

  private allocateInSpan(bytes: number, index: number): number {
    let lessThan = anyPart;
    for (let spans = 0; spans < mostSpans; spans++) {
      const { evicted = 0, free = anyPart } =
        emptySpan(this as Entries<unknown, unknown>, this.books, index, lessThan) ?? {};
      // Others keep slots of a span at hand. It would be the next one again, and is not freed by us.
      lessThan = evicted === 0 && index !== 0 ? free : anyPart;
      this.kit.sweepIfAny();
      this.pool.cleanup();
      const entry = this.kit.tryAllocate(bytes);
      if (entry !== 0) return entry;
    }
    return this.allocateLate(bytes, index);
  }

  /** Where all spans are of the class, or hold what is no entry: by the hands alone, as long as they find somebody to go. */
  private allocateLate(bytes: number, index: number): number {
    for (let left = mostLate; left > 0 && index !== 0 && this.evict(atOnce) > 0; left--) {
      const entry = this.kit.tryAllocate(bytes);
      if (entry !== 0) return entry;
    }
    return this.allocateWider(bytes, index);
  }

  /** In a slot that is larger, as large as it may be: when each span has somebody's slot that is at hand. */
  private allocateWider(bytes: number, index: number): number {
    const { kit } = this;
    const { objectBytes } = kit.heap.layout;
    for (let its = index; index !== 0 && its < objectBytes.length; its++) {
      const entry = kit.tryAllocate(objectBytes[its] as number);
      if (entry !== 0) return entry;
    }
    throw new AllocatorError("ERR_OUT_OF_MEMORY", `no ${bytes} bytes for an entry can be had`);
  }
}

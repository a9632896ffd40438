// The model of a cache: a Map in which any entry may be gone at the next look. What is returned is the value that was set last;
// what was deleted, has expired, or was once seen to be gone, does not come back before it is set anew.

import assert from "node:assert/strict";
import { AllocatorError } from "offheap";
import type { SharedCache } from "offheap/cache";
import { type CacheKind, keyOf, madeOf, numberOf, type Recipe } from "./cache-kinds.ts";
import type { Random } from "./random.ts";

export type ModelCache = SharedCache<"text", "json">;
/** Bytes of a key that is looked for without memory of its own. */
const shortKey = 24;
/** Bytes of a value whose entry fits into the largest slots: the rest of these is for its key, and what JSON adds. */
const surelyInSlot = 3000;
const nothing: Recipe = { version: 0, size: 0, number: 0 };
const forEver = Number.POSITIVE_INFINITY;

interface Known extends Recipe {
  readonly expiresAt: number;
}

export class CacheModel {
  readonly clock = { now: 1_700_000_000_000 };
  /** Bytes of values, at least, that were set. */
  written = 0;
  readonly counts = { hits: 0, misses: 0, sets: 0, lost: 0, refused: 0 };
  private readonly kind: CacheKind;
  private readonly random: Random;
  /** Milliseconds that an entry lives, unless said. */
  private readonly ttl: number;
  private readonly known = new Map<number, Known>();
  private version = 0;

  constructor(kind: CacheKind, random: Random, ttl: number) {
    this.kind = kind;
    this.random = random;
    this.ttl = ttl;
  }

  /** One call on one key, by values of about so many bytes. */
  call(cache: ModelCache, i: number, most: number): void {
    const dice = this.random.below(100);
    if (dice < 32) this.get(cache, i);
    else if (dice < 37) this.see(i, cache.peek(this.key(i)));
    else if (dice < 42) this.seeWhether(i, cache.has(this.key(i)));
    else if (dice < 45) this.expiry(cache, i);
    else if (dice < 70) this.set(cache, i, most);
    else if (dice < 78) this.insert(cache, i, most);
    else if (dice < 86) this.update(cache, i, most);
    else if (dice < 90) this.touch(cache, i);
    else if (dice < 94 && this.kind.values === "f64") this.increment(cache, i);
    else if (dice < 98) this.delete(cache, i);
    else this.clock.now += this.random.below(4000);
  }

  clear(cache: ModelCache): void {
    cache.clear();
    this.known.clear();
    assert.equal(cache.size, 0);
  }

  /** Each entry that is there, once; and how many there are, of which some may have expired. */
  iterate(cache: ModelCache): void {
    const seen = new Set<number>();
    for (const [key, value] of cache) {
      const i = numberOf(this.kind, key);
      assert.ok(!seen.has(i), `${i} came twice`);
      assert.deepEqual(key, this.key(i));
      this.see(i, value);
      seen.add(i);
    }
    let expired = 0;
    for (const [i, { expiresAt }] of this.known)
      if (expiresAt <= this.clock.now) expired++;
      else if (!seen.has(i)) this.lose(i);
    const more = cache.size - seen.size;
    assert.ok(more >= 0 && more <= expired, `${more} more than came, of which ${expired} have expired`);
  }

  private key(i: number): never {
    return keyOf(this.kind, i) as never;
  }

  /** What the last `set` of a key says, if it still counts. */
  private live(i: number): Known | undefined {
    const known = this.known.get(i);
    return known !== undefined && known.expiresAt > this.clock.now ? known : undefined;
  }

  /** It is gone. What has expired may still be counted, and deleted. */
  private lose(i: number): void {
    if (this.live(i) === undefined) return;
    this.counts.lost++;
    this.known.delete(i);
  }

  private seeWhether(i: number, isThere: boolean): void {
    if (!isThere) this.lose(i);
    else assert.ok(this.live(i), `${i} is there, and was taken out`);
  }

  private see(i: number, value: unknown): void {
    this.seeWhether(i, value !== undefined);
    if (value !== undefined) assert.deepEqual(value, madeOf(this.kind, i, this.live(i) as Known));
  }

  private get(cache: ModelCache, i: number): void {
    const value = cache.get(this.key(i));
    this.counts[value === undefined ? "misses" : "hits"]++;
    this.see(i, value);
  }

  private expiry(cache: ModelCache, i: number): void {
    const at = cache.expiresAt(this.key(i));
    this.seeWhether(i, at !== undefined);
    if (at !== undefined) assert.equal(at, this.live(i)?.expiresAt);
  }

  private recipe(most: number): Recipe {
    const version = ++this.version;
    const size = this.random.below(most);
    this.written += size;
    return { version, size, number: version };
  }

  /** Options, and when what is set with them expires. */
  private life(): { options: { ttl?: number }; expiresAt: number } {
    if (this.random.chance(60)) return { options: {}, expiresAt: this.clock.now + this.ttl };
    const ttl = this.random.chance(20) ? forEver : 1 + this.random.below(20_000);
    return { options: { ttl }, expiresAt: this.clock.now + ttl };
  }

  private note(cache: ModelCache, i: number, known: Known): void {
    this.known.set(i, known);
    this.counts.sets++;
    const value = cache.peek(this.key(i));
    this.see(i, value);
    // Nobody else is there. But a look for a long key needs memory of its own, for which it may be evicted.
    if (this.kind.keyPad <= shortKey) assert.notEqual(value, undefined, `${i} is gone as soon as it was set`);
  }

  /**
   * Sets something, if there is memory in a row for it: other workers may have slots at hand all over the cache. False: nothing was
   * set. What fits into a slot always has memory.
   */
  private isDone(set: () => unknown, { size }: Recipe): boolean {
    try {
      set();
      return true;
    } catch (error) {
      const isFull = error instanceof AllocatorError && error.code === "ERR_OUT_OF_MEMORY";
      if (!isFull || size <= surelyInSlot) throw error;
      this.counts.refused++;
      return false;
    }
  }

  private set(cache: ModelCache, i: number, most: number): void {
    const recipe = this.recipe(most);
    const { options, expiresAt } = this.life();
    const value = madeOf(this.kind, i, recipe);
    if (!this.isDone(() => cache.set(this.key(i), value, options), recipe)) return;
    this.note(cache, i, { ...recipe, expiresAt });
  }

  private insert(cache: ModelCache, i: number, most: number): void {
    const recipe = this.recipe(most);
    const { options, expiresAt } = this.life();
    const value = madeOf(this.kind, i, recipe);
    let isIn = false;
    const insert = () => {
      isIn = cache.insert(this.key(i), value, options);
    };
    if (!this.isDone(insert, recipe)) return;
    if (isIn) {
      this.lose(i);
      this.note(cache, i, { ...recipe, expiresAt });
    } else {
      assert.ok(this.live(i), `${i} was kept out, and nothing was there`);
      this.see(i, cache.peek(this.key(i)));
    }
  }

  private update(cache: ModelCache, i: number, most: number): void {
    const recipe = this.random.chance(85) ? this.recipe(most) : undefined;
    const { options, expiresAt } = this.life();
    const next = recipe && madeOf(this.kind, i, recipe);
    let had: Known | undefined;
    const change = (old: unknown) => {
      this.see(i, old);
      had = this.live(i);
      return next;
    };
    const update = () => assert.equal(cache.update(this.key(i), change, options), next);
    if (!this.isDone(update, recipe ?? nothing) || recipe === undefined) return;
    const stays = options.ttl === undefined && had !== undefined;
    this.note(cache, i, { ...recipe, expiresAt: stays ? (had as Known).expiresAt : expiresAt });
  }

  private touch(cache: ModelCache, i: number): void {
    const { options, expiresAt } = this.life();
    let isThere = false;
    const touch = () => {
      isThere = cache.touch(this.key(i), options);
    };
    if (!this.isDone(touch, this.live(i) ?? nothing)) return;
    this.seeWhether(i, isThere);
    const known = this.live(i);
    if (known === undefined) return;
    this.known.set(i, { ...known, expiresAt });
    this.expiry(cache, i);
  }

  private increment(cache: ModelCache, i: number): void {
    const by = this.random.between(-5, 1000) * 1_000_000;
    const known = this.live(i);
    const sum = cache.increment(this.key(i), by);
    const isKept = known !== undefined && sum === known.number + by;
    if (!isKept) {
      assert.equal(sum, by);
      this.lose(i);
    }
    const expiresAt = isKept ? known.expiresAt : this.clock.now + this.ttl;
    this.note(cache, i, { version: 0, size: 0, number: sum, expiresAt });
  }

  private delete(cache: ModelCache, i: number): void {
    const wasThere = cache.delete(this.key(i));
    if (wasThere) assert.ok(this.known.has(i), `${i} was deleted, and was not there`);
    this.known.delete(i);
    assert.equal(cache.peek(this.key(i)), undefined);
  }
}

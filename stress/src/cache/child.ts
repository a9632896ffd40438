// A process of the storm of caches: opens the cache, and calls it at random until it is killed, or told to stop.

import { writeSync } from "node:fs";
import { AllocatorError } from "offheap";
import { closeHeap } from "offheap/process";
import { Random } from "offheap-tools";
import { pause } from "../scene.ts";
import { makeValue, Reader, serialOf } from "./entries.ts";
import { CacheNotes } from "./notes.ts";
import { type Cache, type CacheShape, keyCount, madeCount, madeFrom, openCache } from "./shape.ts";

export interface CacheOrders {
  readonly shape: CacheShape;
  /** The path of the notes. */
  readonly notes: string;
  readonly seat: number;
  /** Its number among all processes of the round. */
  readonly life: number;
  readonly seed: number;
}

class CacheActor {
  private readonly orders: CacheOrders;
  private readonly notes: CacheNotes;
  private readonly cache: Cache;
  private readonly random: Random;
  private readonly reader = new Reader();
  private number = 0;

  constructor(orders: CacheOrders) {
    this.orders = orders;
    this.notes = new CacheNotes(orders.notes);
    this.cache = openCache(orders.shape);
    this.random = new Random(orders.seed);
  }

  async run(): Promise<void> {
    const { notes, orders, cache } = this;
    notes.beReady(orders.seat);
    while (!notes.isStopped()) await this.turn();
    closeHeap(cache.pool);
  }

  private async turn(): Promise<void> {
    const { cache, random } = this;
    const key = random.below(keyCount);
    const ttl = random.chance(20) ? { ttl: 1 + random.below(50) } : {};
    const dice = random.below(1000);
    if (dice < 400) this.get(key);
    else if (dice < 620) this.change(() => cache.set(key, this.value(key), ttl));
    else if (dice < 680) this.change(() => cache.insert(key, this.value(key), ttl));
    else if (dice < 740) this.change(() => cache.update(key, (old) => this.next(key, old), ttl));
    else if (dice < 770) this.change(() => cache.touch(key, ttl));
    else if (dice < 850) cache.delete(key);
    else if (dice < 950) await this.make(madeFrom + random.below(madeCount));
    else if (dice < 960) this.iterate();
    else if (dice < 965) cache.pool.cleanup();
    else if (dice < 966) cache.clear();
    else this.verify(key, cache.peek(key));
  }

  private value(key: number): Uint8Array {
    const { random, orders } = this;
    const { usual, most } = orders.shape;
    const bytes = random.below(random.chance(90) ? usual : most);
    return makeValue(key, serialOf(orders.life, ++this.number), bytes);
  }

  private next(key: number, old: Uint8Array | undefined): Uint8Array {
    this.verify(key, old);
    return this.value(key);
  }

  private verify(key: number, value: Uint8Array | undefined): void {
    const offence = value === undefined ? undefined : this.reader.offence(key, value);
    if (offence !== undefined) throw new Error(offence);
  }

  private get(key: number): void {
    const value = this.cache.get(key);
    this.notes.add(this.orders.seat, value === undefined ? "misses" : "hits");
    this.verify(key, value);
  }

  /** Others hold, or have at hand, what it would need: then nothing has changed. */
  private change(what: () => unknown): void {
    const { notes, orders } = this;
    try {
      what();
      notes.add(orders.seat, "sets");
    } catch (error) {
      if (!(error instanceof AllocatorError && error.code === "ERR_OUT_OF_MEMORY")) throw error;
      notes.add(orders.seat, "refused");
    }
  }

  private iterate(): void {
    for (const [key, value] of this.cache) this.verify(key, value);
    this.notes.add(this.orders.seat, "iterated");
  }

  /** The claim has no end but its process's: who waits for one that no death ends would wait for ever. */
  private async make(key: number): Promise<void> {
    const { cache, random, notes, orders } = this;
    const make = async () => {
      notes.setMaking(orders.seat, true);
      if (random.chance(50)) await pause(random.below(8));
      return this.value(key);
    };
    const timeout = Number.POSITIVE_INFINITY;
    const others = random.pick(["wait", "wait", "compute", "stale"] as const);
    this.verify(key, await cache.getOrSet(key, make, { ttl: 20, timeout, others }));
    if (notes.isMaking(orders.seat)) notes.add(orders.seat, "made");
    notes.setMaking(orders.seat, false);
  }
}

try {
  await new CacheActor(JSON.parse(process.argv[2] as string) as CacheOrders).run();
} catch (error) {
  writeSync(2, `${error instanceof Error ? error.stack : error}\n`);
  process.kill(process.pid, "SIGTERM");
}

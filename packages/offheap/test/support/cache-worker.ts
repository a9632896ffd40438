// One worker thread that uses a shared cache at random until it is told to stop, or killed.

import { parentPort, workerData } from "node:worker_threads";
import { AllocatorError } from "offheap";
import { type CacheHandle, SharedCache } from "offheap/cache";
import { Random } from "./random.ts";
import { Reader, textOf } from "./told-text.ts";

export interface CacheWorkerOrders {
  readonly handle: CacheHandle;
  readonly seed: number;
  /** Its number among all workers that ever were. */
  readonly life: number;
  readonly keyCount: number;
  /** Not 0 in the first word: stop. Then what all have done: sets, sets that were refused, values made, hits. */
  readonly control: Int32Array;
}

export const told = { stop: 0, sets: 1, refused: 2, made: 3, hits: 4, words: 5 } as const;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Most are short, some longer than the largest slots. */
export function lengthOf(count: number): number {
  if (count % 5 !== 0) return (count * 31) % 2500;
  return (count * 7919) % 40_000;
}

class CacheUser {
  private readonly cache: SharedCache;
  private readonly orders: CacheWorkerOrders;
  private readonly random: Random;
  private readonly reader = new Reader(lengthOf);
  private step = 0;

  constructor(orders: CacheWorkerOrders) {
    this.orders = orders;
    this.cache = SharedCache.attach(orders.handle);
    this.random = new Random(orders.seed);
  }

  async work(): Promise<void> {
    const { control } = this.orders;
    parentPort?.postMessage(this.cache.pool.workerId);
    for (; Atomics.load(control, told.stop) === 0; this.step++) await this.turn();
    this.cache[Symbol.dispose]();
  }

  private note(what: keyof typeof told): void {
    Atomics.add(this.orders.control, told[what], 1);
  }

  private see(key: string, text: string | undefined): void {
    if (text !== undefined) this.reader.see(key, text);
  }

  /** Others hold, or have at hand, what it would need: then nothing has changed. */
  private change(what: () => unknown): void {
    try {
      what();
      this.note("sets");
    } catch (error) {
      if (!(error instanceof AllocatorError) || error.code !== "ERR_OUT_OF_MEMORY") throw error;
      this.note("refused");
    }
  }

  private async turn(): Promise<void> {
    const { cache, random, step } = this;
    const { life, keyCount } = this.orders;
    const key = `key ${random.below(keyCount)}`;
    const text = () => textOf(key, life, step, lengthOf);
    const ttl = random.chance(20) ? { ttl: 1 + random.below(20) } : {};
    const dice = random.below(1000);
    if (dice < 350) {
      const found = cache.get(key);
      if (found !== undefined) this.note("hits");
      this.see(key, found);
    } else if (dice < 600) this.change(() => cache.set(key, text(), ttl));
    else if (dice < 680) this.change(() => cache.insert(key, text(), ttl));
    else if (dice < 740)
      this.change(() =>
        cache.update(
          key,
          (old) => {
            this.see(key, old);
            return text();
          },
          ttl,
        ),
      );
    else if (dice < 780) this.change(() => cache.touch(key, ttl));
    else if (dice < 850) cache.delete(key);
    else if (dice < 900) await this.make(`made ${random.below(8)}`);
    else if (dice < 905) for (const [its, found] of cache) this.see(its, found);
    else if (dice < 910) cache.pool.cleanup();
    else if (dice < 911) cache.clear();
    else this.see(key, cache.peek(key));
  }

  /** A claim ends with its worker only: who waits for one that no death ends would wait for ever. */
  private async make(key: string): Promise<void> {
    const { cache, random, step } = this;
    const others = random.pick(["wait", "wait", "compute", "stale"] as const);
    const make = async () => {
      this.note("made");
      if (random.chance(20)) await pause(random.below(5));
      return textOf(key, this.orders.life, step, lengthOf);
    };
    if (random.chance(50)) cache.delete(key);
    this.see(key, await cache.getOrSet(key, make, { ttl: 5, timeout: Number.POSITIVE_INFINITY, others }));
  }
}

if (parentPort !== null && workerData !== null) await new CacheUser(workerData as CacheWorkerOrders).work();

// One thread that calls a map, or a cache, on few keys at the same time as others, and writes down each call.

import { parentPort, workerData } from "node:worker_threads";
import { type HeapHandle, MemoryPool } from "offheap";
import { type CacheHandle, SharedCache } from "offheap/cache";
import { type MapHandle, SharedMap } from "offheap/map";
import type { KeyCall, Value } from "./linear.ts";
import { Logger, type SharedLog } from "./linear-log.ts";
import { Random } from "./random.ts";

export interface LinearOrders {
  readonly map?: { readonly heap: HeapHandle; readonly handle: MapHandle };
  readonly cache?: CacheHandle;
  readonly log: SharedLog;
  readonly thread: number;
  readonly threads: number;
  readonly seed: number;
  /** Each on other keys; and calls of a thread in it. */
  readonly rounds: number;
  readonly calls: number;
  readonly keysPerRound: number;
}

/** What both have; a cache has no `replace`. */
interface Keyed {
  get(key: number): Value;
  set(key: number, value: number): unknown;
  insert(key: number, value: number): boolean;
  replace?(key: number, expected: number, value: number): boolean;
  delete(key: number): boolean;
  increment(key: number, by: number): number;
}

function open({ map, cache }: LinearOrders): { keyed: Keyed; leave: () => void } {
  if (map !== undefined) {
    const pool = MemoryPool.attach(map.heap);
    const keyed = SharedMap.attach<"integer", "f64">(pool, map.handle);
    return { keyed, leave: () => pool.detach() };
  }
  const keyed = SharedCache.attach<"integer", "f64">(cache);
  return { keyed, leave: () => keyed[Symbol.dispose]() };
}

function callOn(keyed: Keyed, random: Random, key: number, value: number, seen: Value): KeyCall {
  const dice = random.below(100);
  if (dice < 30) return { name: "get", got: keyed.get(key) };
  if (dice < 45) {
    keyed.set(key, value);
    return { name: "set", value };
  }
  if (dice < 60) return { name: "insert", value, isIn: keyed.insert(key, value) };
  if (dice < 70 && seen !== undefined && keyed.replace !== undefined)
    return { name: "replace", expected: seen, value, isIn: keyed.replace(key, seen, value) };
  if (dice < 85) return { name: "delete", wasThere: keyed.delete(key) };
  const by = random.between(1, 9);
  return { name: "increment", by, sum: keyed.increment(key, by) };
}

function work(orders: LinearOrders): void {
  const { log, thread, threads, seed, rounds, calls, keysPerRound } = orders;
  const { keyed, leave } = open(orders);
  const logger = new Logger(log, thread);
  const random = new Random(seed + thread);
  for (let round = 0; round < rounds; round++) {
    const seen = new Map<number, Value>();
    logger.pass((round + 1) * threads);
    for (let i = 0; i < calls; i++) {
      const key = round * keysPerRound + random.below(keysPerRound);
      // Far from each other: what an increment makes of one is none of another.
      const value = 1000 * (1 + thread + threads * (round * calls + i));
      const call = logger.log(key, () => callOn(keyed, random, key, value, seen.get(key)));
      if (call.name === "get") seen.set(key, call.got);
      if (call.name === "set") seen.set(key, call.value);
      if (call.name === "increment") seen.set(key, call.sum);
    }
  }
  leave();
}

if (parentPort !== null && workerData !== null) work(workerData as LinearOrders);

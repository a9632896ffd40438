/** What npm offers, asked as a program asks it: `get`, and `set` after a miss. */
import { SieveCache } from "@neophi/sieve-cache";
import { LRUCache } from "lru-cache";
import { newCache } from "transitory";
import type { Policy } from "./policy.ts";

interface Asked {
  get(key: number): number | null | undefined;
  set(key: number, value: number): unknown;
  readonly size: number;
}

function policyOf(cache: Asked): Policy {
  return {
    request(key) {
      const found = cache.get(key);
      if (found !== undefined && found !== null) return true;
      cache.set(key, key);
      return false;
    },
    get size() {
      return cache.size;
    },
  };
}

export function lruCache(capacity: number): Policy {
  return policyOf(new LRUCache<number, number>({ max: capacity }));
}

export function sieveCache(capacity: number): Policy {
  return policyOf(new SieveCache<number, number>(capacity));
}

/** W-TinyLFU. It evicts when it is 1 % (at least five entries) over its size, and every five seconds. */
export function transitory(capacity: number): Policy {
  const cache = newCache<number, number>().maxSize(capacity).build();
  return policyOf({
    get: (key) => cache.getIfPresent(key),
    set: (key, value) => cache.set(key, value),
    get size() {
      return cache.size;
    },
  });
}

/** What others are measured against: an exact LRU, first in first out, and Belady's optimum, which knows the future. */
import { type Policy, Row } from "./policy.ts";

export function lru(capacity: number): Policy {
  const entries = new Set<number>(); // in the order of their last use
  return {
    request(key) {
      const hit = entries.delete(key);
      entries.add(key);
      if (entries.size > capacity) entries.delete(entries.values().next().value as number);
      return hit;
    },
    get size() {
      return entries.size;
    },
  };
}

export function fifo(capacity: number, keyCount: number): Policy {
  const present = new Uint8Array(keyCount);
  const row = new Row(capacity);
  return {
    request(key) {
      if (present[key] === 1) return true;
      if (row.length === capacity) present[row.shift()] = 0;
      present[key] = 1;
      row.push(key);
      return false;
    },
    get size() {
      return row.length;
    },
  };
}

/** For each request the place of the next one for its key; past the end where there is none. */
function nextUses(requests: Int32Array, keyCount: number): Int32Array {
  const next = new Int32Array(requests.length);
  const seen = new Int32Array(keyCount).fill(requests.length);
  for (let at = requests.length - 1; at >= 0; at--) {
    next[at] = seen[requests[at]];
    seen[requests[at]] = at;
  }
  return next;
}

/** The furthest use first: a heap whose entries may be out of date, which a look at `due` tells. */
class FurthestFirst {
  private readonly uses: number[] = [];
  private readonly keys: number[] = [];

  push(use: number, key: number): void {
    let at = this.uses.push(use) - 1;
    this.keys.push(key);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.uses[above] >= use) break;
      this.set(at, this.uses[above], this.keys[above]);
      at = above;
    }
    this.set(at, use, key);
  }

  /** The key of the furthest use that is still the one its key is due for. */
  pop(due: Int32Array): number {
    for (;;) {
      const [use, key] = [this.uses[0], this.keys[0]];
      this.sink(this.uses.pop() ?? 0, this.keys.pop() ?? 0);
      if (due[key] === use) return key;
    }
  }

  private sink(use: number, key: number): void {
    const { length } = this.uses;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= length) break;
      if (below + 1 < length && this.uses[below + 1] > this.uses[below]) below++;
      if (this.uses[below] <= use) break;
      this.set(at, this.uses[below], this.keys[below]);
      at = below;
    }
    this.set(at, use, key);
  }

  private set(at: number, use: number, key: number): void {
    this.uses[at] = use;
    this.keys[at] = key;
  }
}

/** Keeps what is asked for soonest, and takes a key that is asked for later than all others not in at all. */
export function belady(capacity: number, keyCount: number, requests: Int32Array): Policy {
  const next = nextUses(requests, keyCount);
  const due = new Int32Array(keyCount).fill(-1); // of a key in the cache: its next use
  const order = new FurthestFirst();
  let [at, size] = [0, 0];
  return {
    request(key) {
      const hit = due[key] !== -1;
      const use = next[at++];
      if (!hit) size++;
      due[key] = use;
      order.push(use, key);
      if (size > capacity) {
        due[order.pop(due)] = -1;
        size--;
      }
      return hit;
    },
    get size() {
      return size;
    },
  };
}

/**
 * Which keys a cache keeps, and nothing else: no values, no clock. Keys are 0 … keyCount - 1, every entry counts one.
 *
 *   hits + misses = requests; a key that was missed is in the cache afterwards, unless the policy refuses it
 */
export interface Policy {
  /** Asks for a key, and puts it in where it was not: true for a hit. */
  request(key: number): boolean;
  /** Entries now. */
  readonly size: number;
}

export type MakePolicy = (capacity: number, keyCount: number, requests: Int32Array) => Policy;

export function countHits(policy: Policy, requests: Int32Array): number {
  let hits = 0;
  for (const key of requests) if (policy.request(key)) hits++;
  return hits;
}

/** A first-in-first-out row of at most so many keys, in one array. */
export class Row {
  private readonly keys: Int32Array;
  private first = 0;
  length = 0;

  constructor(capacity: number) {
    this.keys = new Int32Array(Math.max(1, capacity));
  }

  push(key: number): void {
    if (this.length === this.keys.length) throw new Error("a row has no room for another key");
    this.keys[(this.first + this.length++) % this.keys.length] = key;
  }

  shift(): number {
    const key = this.keys[this.first];
    this.first = (this.first + 1) % this.keys.length;
    this.length--;
    return key;
  }
}

// Seeded randomness of tests, storms and benchmarks: the same for the same seed, on every machine (mulberry32).

/** 32 random bits at each call. */
export function wordsOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

export class Random {
  readonly word: () => number;

  constructor(seed: number) {
    this.word = wordsOf(seed ^ 0x9e3779b9);
  }

  /** From 0 to below 1. */
  part(): number {
    return this.word() / 2 ** 32;
  }

  /** An integer from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.part() * end);
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** Into a random order, in place (Fisher and Yates). */
  shuffle(items: Int32Array): Int32Array {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = items[i] as number;
      items[i] = items[j] as number;
      items[j] = kept;
    }
    return items;
  }
}

/** The seed of this run: OFFHEAP_SEED, or a new one. Who is random prints it. */
export function runSeed(): number {
  const given = process.env["OFFHEAP_SEED"];
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}

// Seeded randomness: every random test prints its seed, and OFFHEAP_SEED repeats it.

/** 32 random bits at each call, the same for the same seed (mulberry32). */
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

  /** An integer from 0 to below `end`. */
  below(end: number): number {
    return Math.floor((this.word() / 2 ** 32) * end);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** The seed of this run: OFFHEAP_SEED, or a new one. */
export function runSeed(): number {
  const given = process.env["OFFHEAP_SEED"];
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}

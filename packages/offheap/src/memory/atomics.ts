// The only file that names Atomics. The heap calls these through its block, so that a test can put a
// stepping version in their place and see, order and cut every access to shared memory.
// All are sequentially consistent (ECMAScript memory model); a failed exchange publishes nothing.

/** The atomic operations that the allocator rests on, and no others. */
export interface AtomicOps {
  load(words: Int32Array, index: number): number;
  store(words: Int32Array, index: number, value: number): void;
  /** Compare-exchange of a word: true when `expected` stood there and `desired` now does. */
  swap(words: Int32Array, index: number, expected: number, desired: number): boolean;
  /** Sets bits; returns the word as it was before. */
  or(words: Int32Array, index: number, bits: number): number;
  /** Keeps bits; returns the word as it was before. */
  and(words: Int32Array, index: number, bits: number): number;
  add(words: Int32Array, index: number, delta: number): number;
  /** Compare-exchange of one state byte. */
  swapByte(states: Uint8Array, index: number, expected: number, desired: number): boolean;
  loadWide(wide: BigInt64Array, index: number): bigint;
  swapWide(wide: BigInt64Array, index: number, expected: bigint, desired: bigint): boolean;
}

export const hardwareAtomics: AtomicOps = {
  load: (words, index) => Atomics.load(words, index),
  store: (words, index, value) => {
    Atomics.store(words, index, value);
  },
  swap: (words, index, expected, desired) =>
    Atomics.compareExchange(words, index, expected, desired) === expected,
  or: (words, index, bits) => Atomics.or(words, index, bits),
  and: (words, index, bits) => Atomics.and(words, index, bits),
  add: (words, index, delta) => Atomics.add(words, index, delta),
  swapByte: (states, index, expected, desired) =>
    Atomics.compareExchange(states, index, expected, desired) === expected,
  loadWide: (wide, index) => Atomics.load(wide, index),
  swapWide: (wide, index, expected, desired) =>
    Atomics.compareExchange(wide, index, expected, desired) === expected,
};

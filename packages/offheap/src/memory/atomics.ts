// The only file that names Atomics. The heap calls these through its block, so that a test can put a
// stepping version in their place and see, order and cut every access to shared memory.
// All are sequentially consistent (ECMAScript memory model); a failed exchange publishes nothing.

/** The atomic operations that the shell rests on, and no others; the core has its own verbs. */
export interface AtomicOps {
  load(words: Int32Array, index: number): number;
  store(words: Int32Array, index: number, value: number): void;
  /** Compare-exchange of a word: true when `expected` stood there and `desired` now does. */
  swap(words: Int32Array, index: number, expected: number, desired: number): boolean;
  /** Compare-exchange of one state byte. */
  swapByte(states: Uint8Array, index: number, expected: number, desired: number): boolean;
  loadWide(wide: BigInt64Array, index: number): bigint;
  swapWide(wide: BigInt64Array, index: number, expected: bigint, desired: bigint): boolean;
}

/** Sleeps while a word of shared memory holds `value`, at most so many milliseconds; throws where the thread may not block. */
export function sleepAt(words: Int32Array, index: number, value: number, timeout: number): void {
  Atomics.wait(words, index, value, timeout);
}

interface AsyncWaiting {
  waitAsync?(
    words: Int32Array,
    index: number,
    value: number,
    timeout: number,
  ): { readonly async: boolean; readonly value: Promise<unknown> | string };
}

/** The same without blocking; undefined where the engine has no such call. */
export function sleepAsyncAt(
  words: Int32Array,
  index: number,
  value: number,
  timeout: number,
): Promise<unknown> | undefined {
  const { waitAsync } = Atomics as AsyncWaiting;
  if (waitAsync === undefined) return undefined;
  return Promise.resolve(waitAsync.call(Atomics, words, index, value, timeout).value);
}

/** Says at a word that somebody is about to sleep there. */
export function announceAt(words: Int32Array, index: number): void {
  Atomics.store(words, index, 1);
}

export const hardwareAtomics: AtomicOps = {
  load: (words, index) => Atomics.load(words, index),
  store: (words, index, value) => {
    Atomics.store(words, index, value);
  },
  swap: (words, index, expected, desired) =>
    Atomics.compareExchange(words, index, expected, desired) === expected,
  swapByte: (states, index, expected, desired) =>
    Atomics.compareExchange(states, index, expected, desired) === expected,
  loadWide: (wide, index) => Atomics.load(wide, index),
  swapWide: (wide, index, expected, desired) =>
    Atomics.compareExchange(wide, index, expected, desired) === expected,
};

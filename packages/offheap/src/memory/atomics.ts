// The only file that names Atomics. The heap calls these through its block, so that a test can put a
// stepping version in their place and see, order and cut every access to shared memory.
// All are sequentially consistent (ECMAScript memory model); a failed exchange publishes nothing.

import { messageOf } from "../base/index.ts";

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

/** Sleeps while a word of shared memory holds `value`, at most so many milliseconds; or says why the engine refuses. */
export function sleepAt(
  words: Int32Array,
  index: number,
  value: number,
  timeout: number,
): string | undefined {
  try {
    Atomics.wait(words, index, value, timeout);
    return undefined;
  } catch (cause) {
    return messageOf(cause);
  }
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

/** Takes back what somebody said there; false: nobody did, or another has taken it back. */
export function takeBackAt(words: Int32Array, index: number): boolean {
  return Atomics.load(words, index) !== 0 && Atomics.exchange(words, index, 0) !== 0;
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

/** A view over integers, small or of 64 bits: what `Atomics` takes. */
export type IntegerView = Int32Array;

/** The atomics of users' own numbers: fields of records. The heap rests on none of them. */
export const fieldAtomics = {
  load: (view: IntegerView, index: number): number => Atomics.load(view, index),
  store: (view: IntegerView, index: number, value: number): void => {
    Atomics.store(view, index, value);
  },
  add: (view: IntegerView, index: number, value: number): number => Atomics.add(view, index, value),
  exchange: (view: IntegerView, index: number, value: number): number => Atomics.exchange(view, index, value),
  compareExchange: (view: IntegerView, index: number, expected: number, desired: number): number =>
    Atomics.compareExchange(view, index, expected, desired),
} as const;

/** Keys of 22 characters and texts as values, each made anew from bytes; both are the same in every process. */
import { Random } from "offheap-tools";

export const keyBytes = 22;
/** Numbers of keys that no store is filled with begin here. */
export const firstAbsent = 2 ** 30;

/** A method of every Buffer, which Node's declarations leave out: the fastest way from bytes to a text. */
export interface Latin1Bytes extends Uint8Array {
  latin1Slice(from: number, to: number): string;
  latin1Write(text: string, at: number, length: number): number;
}

export const latin1Bytes = (bytes: Buffer): Latin1Bytes => bytes as unknown as Latin1Bytes;

const DIGITS = 10;
const scratch = latin1Bytes(Buffer.alloc(keyBytes));
const TEXT_BYTES = 2 ** 16;
const LETTERS = 26;

const text = ((): Latin1Bytes => {
  const random = new Random(3);
  const letters = Uint8Array.from({ length: TEXT_BYTES * 2 }, () => 97 + random.below(LETTERS));
  return latin1Bytes(Buffer.from(letters));
})();

/** Twelve letters that look random, then the number itself, so that no two keys are alike. */
export function writeKey(bytes: Uint8Array, at: number, number: number): void {
  let word = number;
  for (let i = 0; i < keyBytes - DIGITS; i++) {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    bytes[at + i] = 97 + ((word >>> 16) % LETTERS);
  }
  let rest = number;
  for (let i = keyBytes - 1; i >= keyBytes - DIGITS; i--) {
    bytes[at + i] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

export function keyText(number: number): string {
  writeKey(scratch, 0, number);
  return scratch.latin1Slice(0, keyBytes);
}

export function valueText(number: number, valueBytes: number): string {
  const from = Math.imul(number, 7919) & (TEXT_BYTES - 1);
  return text.latin1Slice(from, from + valueBytes);
}

/** So many numbers below `count`, in random order, some more than once. */
export function drawn(length: number, count: number, seed: number): Int32Array {
  const random = new Random(seed);
  return Int32Array.from({ length }, () => random.below(count));
}

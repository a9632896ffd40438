// Counts of 64 bits in the books, in two words, the low one first. The core adds to such in core/magazine/gauge.ts.

const highUnit = 2 ** 32;

export function readCount(words: Int32Array, at: number): number {
  return ((words[at] as number) >>> 0) + (words[at + 1] as number) * highUnit;
}

export function writeCount(words: Int32Array, at: number, count: number): void {
  words[at] = count | 0;
  words[at + 1] = Math.floor(count / highUnit);
}

// What a value of the storm of caches holds: its key, who wrote it, and a fill that follows from both. So a reader tells one that is
// torn, another key's, or older than one of the same writer's that it saw before.
//
//   word   key | serial | bytes | key ^ serial | fill …          serial = life of the writer · 2^20 + its number

import { fillOffence, writeFill } from "../fill.ts";

const headBytes = 16;
const numberBits = 20;
export const mostNumber = 2 ** numberBits - 1;

export function serialOf(life: number, number: number): number {
  return (life << numberBits) | (number & mostNumber);
}

/** A value of so many bytes, or of the few that it must have; in whole words. */
export function makeValue(key: number, serial: number, bytes: number): Uint8Array {
  const words = new Int32Array(Math.max(headBytes, bytes) >>> 2);
  words.set([key, serial, words.byteLength, key ^ serial]);
  writeFill(words, headBytes, words.byteLength - headBytes, key ^ serial);
  return new Uint8Array(words.buffer);
}

export class Reader {
  private readonly latest = new Map<string, number>();

  /** What is wrong with the value of a key; undefined where nothing is. */
  offence(key: number, value: Uint8Array): string | undefined {
    const words = new Int32Array(value.slice().buffer);
    const [of, serial = 0, bytes, check] = words;
    if (of !== key || bytes !== value.length || check !== (key ^ serial))
      return `key ${key} has ${value.length} bytes of ${bytes}, with the words ${of}, ${serial} and ${check}`;
    const torn = fillOffence(words, headBytes, value.length - headBytes, key ^ serial);
    return torn === undefined ? this.older(key, serial) : `key ${key}: ${torn}`;
  }

  private older(key: number, serial: number): string | undefined {
    const writer = `${key} ${serial >>> numberBits}`;
    const number = serial & mostNumber;
    const seen = this.latest.get(writer) ?? 0;
    this.latest.set(writer, number);
    return number < seen ? `key ${key} has number ${number} of its writer behind ${seen}` : undefined;
  }
}

// Keys and values of each kind for tests of caches. A value follows from its key's number, its version and its size: so one that is
// torn, another key's or an older one is told by making it anew.

import type { KeyName, ValueName } from "#src/map/index.js";

export interface CacheKind {
  readonly keys: KeyName;
  readonly values: ValueName;
  /** Bytes of a key that its number does not need: up to so many. */
  readonly keyPad: number;
}

/** What a value is made of. Numbers have no pattern: they are what they are. */
export interface Recipe {
  readonly version: number;
  readonly size: number;
  readonly number: number;
}

export function keyOf({ keys, keyPad }: CacheKind, i: number): unknown {
  const pad = keyPad === 0 ? 0 : (i * 37) % keyPad;
  if (keys === "integer") return (i - 100) * 2 ** 33;
  const text = `${i} ${"é".repeat(pad / 2)}`;
  return keys === "text" ? text : new TextEncoder().encode(text);
}

/** A key's number. */
export function numberOf({ keys }: CacheKind, key: unknown): number {
  if (keys === "integer") return (key as number) / 2 ** 33 + 100;
  return Number.parseInt(keys === "text" ? (key as string) : new TextDecoder().decode(key as Uint8Array), 10);
}

export function madeOf({ values }: CacheKind, i: number, { version, size, number }: Recipe): unknown {
  if (values === "f64") return number;
  const pattern = patternOf(i, version, size);
  if (values === "bytes") return pattern;
  // Half of these units take two bytes.
  const text = `${i}|${version}|${Buffer.from(pattern.buffer, 0, Math.floor(size / 2)).toString("latin1")}`;
  return values === "text" ? text : { i, version, text };
}

function patternOf(i: number, version: number, size: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4));
  let word = Math.imul(i, 0x9e3779b1) ^ version;
  // Odd steps: words of one pattern that are near each other differ, and so do the patterns of two versions.
  for (let at = 0; at < words.length; at++) {
    word = (Math.imul(word, 0x85ebca6b) + 0x6d2b79f5) | 0;
    words[at] = word;
  }
  return new Uint8Array(words.buffer, 0, size);
}

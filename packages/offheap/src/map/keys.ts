// Keys as bytes. A key is written into a buffer of this thread first, in words: from there it goes where it is wanted.
//
//   text     its units as UTF-8; half a surrogate pair as the three bytes it would have (WTF-8), so that no two texts are one key
//   integer  8 bytes, the low word first
//   bytes    as they are

import { type Address, AllocatorError, show } from "../base/index.ts";
import {
  copyIn,
  copyOut,
  decodeWtf8,
  encodeWtf8,
  hasHalfPair,
  isBytes,
  readText,
  writeText,
} from "../contents/index.ts";
import { mostKeyBytes } from "../layout/index.ts";
import type { MemoryViews } from "../memory/index.ts";

export type Views = Pick<MemoryViews, "u8" | "i32" | "f64">;

/** What keys a map has, by name. */
export interface KeyTypes {
  readonly text: string;
  readonly integer: number;
  readonly bytes: Uint8Array;
}
export type KeyName = keyof KeyTypes;

export interface KeyKind<K> {
  /** As the map has it. */
  readonly code: number;
  /** Writes a key into the buffer; returns its bytes. @throws ERR_INVALID_OPTION; ERR_INVALID_SIZE for one too long */
  write(key: unknown): number;
  /** Whether keys are texts or numbers. */
  readonly isPlain?: true;
  /** The key that stands in an entry. */
  read(views: Views, at: number, bytes: number): K;
}

/** A key on its way: also as words, the last of them filled up with what was there before. */
const buffer = new ArrayBuffer(mostKeyBytes + 9);
export const keyBuffer: { readonly u8: Uint8Array; readonly i32: Int32Array } = {
  u8: new Uint8Array(buffer, 0, mostKeyBytes + 1),
  i32: new Int32Array(buffer, 0, (mostKeyBytes + 1) / 4),
};
const { u8: ownBytes, i32: ownWords } = keyBuffer;
const high = 2 ** 32;
/** Units of a text that the loop writes. */
const mostLooped = 32;
const mostBytesOfPoint = 4;

/** Copies the key in the buffer to an address that is a multiple of 4, in whole words. */
export function copyKey(i32: Int32Array, address: number, bytes: number): void {
  const first = (address >>> 2) | 0;
  const count = ((bytes + 3) >>> 2) | 0;
  for (let i = 0; i < count; i = (i + 1) | 0) i32[(first + i) | 0] = ownWords[i] as number;
}

function tooLong(): AllocatorError {
  return new AllocatorError("ERR_INVALID_SIZE", `a key has at most ${mostKeyBytes} bytes`);
}

function wrongKey(what: string, got: unknown): AllocatorError {
  return new AllocatorError("ERR_INVALID_OPTION", `a key of this map is ${what}, got ${show(got)}`);
}

function writeTextKey(key: unknown): number {
  if (typeof key !== "string") throw wrongKey("a text", key);
  const { length } = key;
  if (length > mostKeyBytes) throw tooLong();
  if (length > mostLooped) return writeLongKey(key);
  // Four units a word: half the time of one byte each.
  let all = 0;
  let i = 0;
  for (; i + 4 <= length; i = (i + 4) | 0) {
    const a = key.charCodeAt(i);
    const b = key.charCodeAt(i + 1);
    const c = key.charCodeAt(i + 2);
    const d = key.charCodeAt(i + 3);
    all |= a | b | c | d;
    ownWords[i >>> 2] = a | (b << 8) | (c << 16) | (d << 24);
  }
  let last = 0;
  for (let shift = 0; i < length; i = (i + 1) | 0, shift += 8) {
    const unit = key.charCodeAt(i);
    all |= unit;
    last |= unit << shift;
  }
  ownWords[length >>> 2] = last;
  return all < 0x80 ? length : writeWideKey(key);
}

/** By a call of the host: a text of 50 units takes half of the loop's time, one of 1,200 a thirtieth. */
function writeLongKey(key: string): number {
  const bytes = writeText(ownBytes, 0, key, mostKeyBytes);
  // What does not fit is cut at a whole code point, and half of a pair becomes another one.
  const isWhole = bytes <= mostKeyBytes - mostBytesOfPoint;
  return isWhole && (bytes === key.length || !hasHalfPair(key)) ? bytes : writeWideKey(key);
}

function writeWideKey(key: string): number {
  const bytes = encodeWtf8(key, ownBytes, mostKeyBytes);
  if (bytes < 0) throw tooLong();
  return bytes;
}

const text: KeyKind<string> = {
  code: 1,
  isPlain: true,
  write: writeTextKey,
  read({ u8, i32 }, at, bytes) {
    return isWtf8(u8, at, bytes) ? decodeWtf8(u8, at, at + bytes) : readText(u8, i32, at, bytes);
  },
};

/** Whether bytes have what UTF-8 has not: half a surrogate pair, 0xED and from 0xA0 on. */
function isWtf8(u8: Uint8Array, at: number, bytes: number): boolean {
  for (let i = at; i < at + bytes - 1; i++) if (u8[i] === 0xed && (u8[i + 1] as number) >= 0xa0) return true;
  return false;
}

const integer: KeyKind<number> = {
  code: 2,
  isPlain: true,
  write(key) {
    if (!Number.isSafeInteger(key)) throw wrongKey("a safe integer", key);
    const number = key as number;
    ownWords[0] = (number % high) | 0;
    ownWords[1] = Math.floor(number / high);
    return 8;
  },
  read({ i32 }, at) {
    const word = at >>> 2;
    return ((i32[word] as number) >>> 0) + (i32[word + 1] as number) * high;
  },
};

const bytes: KeyKind<Uint8Array> = {
  code: 3,
  write(key) {
    if (!isBytes(key)) throw wrongKey("a Uint8Array", key);
    if (key.length > mostKeyBytes) throw tooLong();
    copyIn(ownBytes, 0 as Address, key);
    return key.length;
  },
  read: ({ u8 }, at, length) => copyOut(u8, at, length),
};

const kinds: { readonly [N in KeyName]: KeyKind<KeyTypes[N]> } = { text, integer, bytes };

/** @throws ERR_INVALID_OPTION */
export function keyKindOf(name: unknown): KeyKind<unknown> {
  if (typeof name === "string" && Object.hasOwn(kinds, name)) return kinds[name as KeyName];
  throw new AllocatorError(
    "ERR_INVALID_OPTION",
    `keys is ${Object.keys(kinds)
      .map((each) => `"${each}"`)
      .join(", ")}, got ${show(name)}`,
  );
}

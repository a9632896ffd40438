// Values as bytes. What a value becomes is made first, in private memory: so a codec that throws has changed nothing. What was
// stored is copied out before it is decoded: so one that throws then leaves the entry as it is.

import { AllocatorError, show } from "../base/index.ts";
import {
  copyOut,
  decodeWtf8,
  encodeWtf8,
  hasHalfPair,
  isBytes,
  readText,
  writeText,
} from "../contents/index.ts";
import type { Views } from "./keys.ts";

/** Turns values into bytes and back; what it throws reaches the caller of the map. */
export interface Codec<V> {
  encode(value: V): Uint8Array;
  /** @param bytes a copy, the decoder's own */
  decode(bytes: Uint8Array): V;
}

/** A codec of whatever values. */
export interface AnyCodec {
  encode(value: never): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

/** What values a map has, by name. */
export interface ValueTypes {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly f64: number;
  readonly i32: number;
  readonly json: unknown;
  readonly structured: unknown;
}
export type ValueName = keyof ValueTypes;

/** A value on its way: bytes, how many of them, and the flags of its entry. The same object each time. */
export interface Encoded {
  bytes: Uint8Array;
  length: number;
  flags: number;
}

export interface ValueKind<V> {
  readonly code: number;
  /** @throws ERR_INVALID_OPTION for a value of another kind; what a codec throws */
  encode(value: unknown, into: Encoded): void;
  /** What stands at an address, out of the memory. */
  copy(views: Views, at: number, length: number, flags: number): unknown;
  /** Whether what `copy` returns is a text or a number. */
  readonly isPlain?: true;
  /** The value that it is; absent where it is one already. */
  readonly finish?: (raw: unknown) => V;
}

/** Of an entry: its text has half a surrogate pair. */
export const wtf8Flag = 0x10000;
/** A text of at most so many units is written into a buffer of this thread. */
const shortUnits = 2730;
/** Bytes from here on the engine copies. */
const mostByLoop = 512;
/** A number, as either of its kinds has it. */
const ownNumber = new Float64Array(1);
const ownInteger = new Int32Array(ownNumber.buffer, 0, 1);
const ownNumberBytes = new Uint8Array(ownNumber.buffer);
const ownIntegerBytes = new Uint8Array(ownNumber.buffer, 0, 4);
const own = new Uint8Array(new ArrayBuffer(shortUnits * 3 + 6));
const ownWords = new Int32Array(own.buffer);

/** Writes what was encoded to an address that is a multiple of 8, in whole words where that is faster. */
export function writeValue(u8: Uint8Array, i32: Int32Array, at: number, { bytes, length }: Encoded): void {
  if (bytes === own && length <= mostByLoop) {
    const first = (at >>> 2) | 0;
    const count = ((length + 3) >>> 2) | 0;
    for (let i = 0; i < count; i = (i + 1) | 0) i32[(first + i) | 0] = ownWords[i] as number;
  } else if (length > mostByLoop) u8.set(bytes.length === length ? bytes : bytes.subarray(0, length), at);
  else for (let i = 0; i < length; i = (i + 1) | 0) u8[(at + i) | 0] = bytes[i] as number;
}

function wrongValue(what: string, got: unknown): AllocatorError {
  return new AllocatorError("ERR_INVALID_OPTION", `a value of this map is ${what}, got ${show(got)}`);
}

function encodeText(value: string, into: Encoded): void {
  const isShort = value.length <= shortUnits;
  const bytes = isShort ? own : new Uint8Array(value.length * 3);
  const isOdd = hasHalfPair(value);
  into.bytes = bytes;
  into.flags = isOdd ? wtf8Flag : 0;
  into.length = isOdd ? encodeWtf8(value, bytes, bytes.length) : writeText(bytes, 0, value, bytes.length);
}

function decodeText({ u8, i32 }: Views, at: number, length: number, flags: number): string {
  return flags === wtf8Flag ? decodeWtf8(copyOut(u8, at, length), 0, length) : readText(u8, i32, at, length);
}

function put(bytes: Uint8Array, into: Encoded): void {
  into.bytes = bytes;
  into.length = bytes.length;
  into.flags = 0;
}

const text: ValueKind<string> = {
  code: 1,
  encode(value, into) {
    if (typeof value !== "string") throw wrongValue("a text", value);
    encodeText(value, into);
  },
  copy: decodeText,
  isPlain: true,
};

const bytes: ValueKind<Uint8Array> = {
  code: 2,
  encode(value, into) {
    if (!isBytes(value)) throw wrongValue("a Uint8Array", value);
    put(value, into);
  },
  copy: ({ u8 }, at, length) => copyOut(u8, at, length),
};

const f64: ValueKind<number> = {
  code: 3,
  encode(value, into) {
    if (typeof value !== "number") throw wrongValue("a number", value);
    ownNumber[0] = value;
    put(ownNumberBytes, into);
  },
  copy: (views, at) => views.f64[at / 8] as number,
  isPlain: true,
};

const i32: ValueKind<number> = {
  code: 4,
  encode(value, into) {
    if (typeof value !== "number" || (value | 0) !== value) throw wrongValue("an integer of 32 bits", value);
    ownInteger[0] = value;
    put(ownIntegerBytes, into);
  },
  copy: (views, at) => views.i32[at / 4] as number,
  isPlain: true,
};

const json: ValueKind<unknown> = {
  code: 5,
  encode(value, into) {
    const written: unknown = JSON.stringify(value);
    if (typeof written !== "string") throw wrongValue("what JSON has", value);
    encodeText(written, into);
  },
  copy: decodeText,
  isPlain: true,
  finish: (raw) => JSON.parse(raw as string),
};

interface V8 {
  serialize(value: unknown): Uint8Array;
  deserialize(bytes: Uint8Array): unknown;
}

/** Node's, and Bun's, structured clone as bytes. @throws ERR_INVALID_OPTION where the host has none */
function structured(): ValueKind<unknown> {
  const host = globalThis as { process?: { getBuiltinModule?: (name: string) => V8 | undefined } };
  const v8 = host.process?.getBuiltinModule?.("node:v8");
  if (typeof v8?.serialize !== "function")
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `values "structured" want node:v8, which this host has not`,
    );
  const clone = {
    encode: (value: unknown) => v8.serialize(value),
    decode: (all: Uint8Array) => v8.deserialize(all),
  };
  return { ...ofCodec(clone), code: 6 };
}

function ofCodec(codec: Codec<unknown>): ValueKind<unknown> {
  return {
    code: 7,
    encode(value, into) {
      const encoded: unknown = codec.encode(value);
      if (!isBytes(encoded)) throw wrongValue("what its codec makes a Uint8Array of", value);
      put(encoded, into);
    },
    copy: ({ u8 }, at, length) => copyOut(u8, at, length),
    finish: (raw) => codec.decode(raw as Uint8Array),
  };
}

const named: Readonly<Record<string, ValueKind<unknown>>> = { text, bytes, f64, i32, json };

/** @throws ERR_INVALID_OPTION */
export function valueKindOf(given: unknown): ValueKind<unknown> {
  if (typeof given === "string" && Object.hasOwn(named, given)) return named[given] as ValueKind<unknown>;
  if (given === "structured") return structured();
  const codec = given as Partial<Codec<unknown>> | null | undefined;
  if (typeof codec?.encode === "function" && typeof codec.decode === "function")
    return ofCodec(codec as Codec<unknown>);
  const names = [...Object.keys(named), "structured"].map((each) => `"${each}"`).join(", ");
  throw new AllocatorError("ERR_INVALID_OPTION", `values is ${names} or a codec, got ${show(given)}`);
}

/** What a call is given to make or look at a value. @throws ERR_INVALID_OPTION */
export function checkCalled(name: string, call: unknown): void {
  if (typeof call !== "function")
    throw new AllocatorError("ERR_INVALID_OPTION", `${name} is a function, got ${show(call)}`);
}

/** @throws ERR_INVALID_OPTION for what a value cannot be copied into */
export function checkInto(bytes: unknown): void {
  if (!isBytes(bytes))
    throw new AllocatorError("ERR_INVALID_OPTION", `bytes are a Uint8Array, got ${show(bytes)}`);
}

/** A value of what was stored. @throws what a codec throws, with the key */
export function finished<V>(finish: (raw: unknown) => V, raw: unknown, key: unknown): V {
  try {
    return finish(raw);
  } catch (error) {
    return undecodable(key, error);
  }
}

/** What a codec threw at a value that was stored, with the key. Nothing shared is read or written here. */
function undecodable(key: unknown, cause: unknown): never {
  const why = cause instanceof Error ? cause.message : String(cause);
  throw Object.assign(new Error(`the value of ${show(key)} cannot be decoded: ${why}`), { cause });
}

// Texts into a memory and out of it, each by the fastest way that the host has. Which ways those are is tried once a
// thread, by what they do and not by the host's name. From the fastest (docs/copies-and-texts.md):
//
//            short              else
//   read     a loop             latin1Slice of Node's Buffer for ASCII, else utf8Slice or TextDecoder
//   write    a loop             utf8Write of Node's Buffer, else TextEncoder.encodeInto
//
// **Only private bytes are decoded.** A decoder reads twice: to count, and to decode. Bytes that another worker writes in
// between overrun the string: Node 20 and 22, and Deno, end by a segmentation fault. So they are copied first, each read
// once. latin1Slice makes one unit of each byte, whatever is written meanwhile, and reads the memory itself.

import { copyOut, pieceBytes, scratch } from "./copies.ts";
import { asciiText, decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** Methods of Node's Buffer that take any Uint8Array for `this`. */
interface BufferMethods {
  latin1Slice(this: Uint8Array, from: number, end: number): string;
  utf8Slice(this: Uint8Array, from: number, end: number): string;
  utf8Write(this: Uint8Array, text: string, address: number, limit: number): number;
}

interface Encoder {
  encodeInto(text: string, into: Uint8Array): { read: number; written: number };
}

interface Decoder {
  decode(bytes: Uint8Array): string;
}

interface HostClasses {
  readonly Buffer?: { readonly prototype?: Partial<BufferMethods> };
  readonly TextEncoder?: new () => Encoder;
  readonly TextDecoder?: new (label: string, options: { ignoreBOM: boolean }) => Decoder;
}

/** The ways of one thread. */
export interface TextWays {
  readonly methods: BufferMethods | undefined;
  readonly encoder: Encoder | undefined;
  readonly decoder: Decoder | undefined;
  /** Bytes of a text that the loop reads, where they are ASCII, and units that it writes. */
  readonly mostRead: number;
  readonly mostWritten: number;
}

/** From here on TextDecoder is as fast as utf8Slice or, on Deno, faster. */
const decoderBytes = 512;

/** What a host offers; `host` is its global object. */
export function textWays(host: object): TextWays {
  const { Buffer, TextEncoder, TextDecoder } = host as HostClasses;
  const found = Buffer?.prototype;
  const methods = hasMethods(found) && writesAsWeDo(found) ? found : undefined;
  return {
    methods,
    encoder: TextEncoder && new TextEncoder(),
    decoder: TextDecoder && new TextDecoder("utf-8", { ignoreBOM: true }),
    mostRead: methods ? 8 : 96,
    mostWritten: methods ? 12 : 256,
  };
}

function hasMethods(found: Partial<BufferMethods> | undefined): found is BufferMethods {
  const { latin1Slice, utf8Slice, utf8Write } = found ?? {};
  return [latin1Slice, utf8Slice, utf8Write].every((method) => typeof method === "function");
}

/** Whether a text that does not fit, with half a surrogate pair in it, leaves the same bytes as it does by our loop. */
function writesAsWeDo({ latin1Slice, utf8Write }: BufferMethods): boolean {
  const text = "a\ud800é\ud83d\ude00";
  const bytes = 16;
  const shared =
    typeof SharedArrayBuffer === "undefined" ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);
  const ours = new Uint8Array(bytes);
  const theirs = new Uint8Array(shared);
  try {
    // From limit to limit one byte more, so that both are 0 from the limit on.
    for (let limit = 1; limit < bytes; limit++) {
      if (utf8Write.call(theirs, text, 1, limit) !== encodeUtf8(text, ours, 1, limit)) return false;
      if (latin1Slice.call(theirs, 0, bytes) !== latin1Slice.call(ours, 0, bytes)) return false;
    }
    return true;
  } catch {
    return false;
  }
}

let known: TextWays | undefined;

function waysHere(): TextWays {
  known ??= textWays(globalThis);
  return known;
}

/** The text of `bytes` bytes of UTF-8. What is none becomes U+FFFD; a byte order mark stays. */
export function readText(
  u8: Uint8Array,
  i32: Int32Array,
  address: number,
  bytes: number,
  ways: TextWays = waysHere(),
): string {
  if (bytes <= ways.mostRead) {
    const text = asciiText(u8, address, address + bytes);
    if (text !== undefined) return text;
  }
  const { methods } = ways;
  if (methods && isAscii(i32, address, bytes)) return methods.latin1Slice.call(u8, address, address + bytes);
  if (bytes > pieceBytes) return decode(copyOut(u8, address, bytes), 0, bytes, ways);
  const { u8: own, i32: words } = scratch();
  const from = address & 3;
  const first = (address >>> 2) | 0;
  const count = ((from + bytes + 3) >>> 2) | 0;
  for (let i = 0; i < count; i = (i + 1) | 0) words[i] = i32[(first + i) | 0] as number;
  return decode(own, from, from + bytes, ways);
}

/** Whether all words that bytes lie in are ASCII: neighbours in the outer ones may send a text the longer way. */
function isAscii(i32: Int32Array, address: number, bytes: number): boolean {
  const end = ((address + bytes + 3) / 4) | 0;
  let i = (address >>> 2) | 0;
  for (; i + 4 <= end; i = (i + 4) | 0) {
    const some =
      (i32[i] as number) | (i32[i + 1] as number) | (i32[i + 2] as number) | (i32[i + 3] as number);
    if ((some & 0x8080_8080) !== 0) return false;
  }
  for (; i < end; i = (i + 1) | 0) if (((i32[i] as number) & 0x8080_8080) !== 0) return false;
  return true;
}

function decode(bytes: Uint8Array, from: number, end: number, { methods, decoder }: TextWays): string {
  if (methods && (end - from < decoderBytes || decoder === undefined))
    return methods.utf8Slice.call(bytes, from, end);
  return decoder ? decoder.decode(bytes.subarray(from, end)) : decodeUtf8(bytes, from, end);
}

/**
 * Writes the whole code points of a text that fit in `limit` bytes, as UTF-8.
 * @returns how many bytes were written
 */
export function writeText(
  u8: Uint8Array,
  address: number,
  text: string,
  limit: number,
  ways: TextWays = waysHere(),
): number {
  const { methods, encoder } = ways;
  // Deno takes a limit of 0 for none.
  if (text.length <= ways.mostWritten || limit === 0) return encodeUtf8(text, u8, address, limit);
  // Of a larger limit V8 takes the low 31 bits.
  if (methods) return methods.utf8Write.call(u8, text, address, Math.min(limit, text.length * 3));
  return encoder ? encodeBy(encoder, u8, address, text, limit) : encodeUtf8(text, u8, address, limit);
}

/** Piece by piece, as browsers encode into no shared memory. */
function encodeBy(encoder: Encoder, u8: Uint8Array, address: number, text: string, limit: number): number {
  const { u8: own } = scratch();
  let done = 0;
  for (let rest = text; rest.length > 0; ) {
    const { read, written } = encoder.encodeInto(rest, own.subarray(0, Math.min(pieceBytes, limit - done)));
    // Node 26 stops a code point before the end where more would fit.
    if (written === 0) return done + encodeUtf8(rest, u8, address + done, limit - done);
    u8.set(own.subarray(0, written), address + done);
    done += written;
    rest = rest.slice(read);
  }
  return done;
}

// One line of glibc's mtrace log, from bytes to fields.
//
//   [@ caller] + ADDRESS SIZE     allocate           [@ caller] - ADDRESS     free
//   [@ caller] < ADDRESS          reallocate, from   [@ caller] > ADDRESS SIZE   … and to
//   [@ caller] ! ADDRESS SIZE     a reallocation that failed
//   = Start      = End
//
// glibc prints with `%p` and `%#lx`: numbers are `0x…`, a size of zero is a bare `0`, and a null
// address is `(nil)`. A caller is a file name, which may hold spaces; so a line is read from its end.

export const kinds = {
  allocate: 0x2b, // +
  free: 0x2d, // -
  reallocateFrom: 0x3c, // <
  reallocateTo: 0x3e, // >
  failed: 0x21, // !
  start: 1,
  end: 2,
  blank: 0,
} as const;
export type Kind = (typeof kinds)[keyof typeof kinds];

export interface MtraceRecord {
  kind: Kind;
  /** The address is 64 bits, of which any may be set: two words, as signed integers. 0 and 0: `(nil)`. */
  low: number;
  high: number;
  /** Not exact beyond 2^53, where nobody needs it to be. */
  size: number;
}

export function newRecord(): MtraceRecord {
  return { kind: kinds.blank, low: 0, high: 0, size: 0 };
}

const space = 0x20;
const at = 0x40;
const carriageReturn = 0x0d;
const newline = 0x0a;
const notANumber = -1;
/** Hexadecimal, of 32 bits. */
const digitsOfWord = 8;

/** Reads `bytes[start, end)` into `record` (one record serves all lines). Returns why it cannot, or undefined. */
export function parseRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  record: MtraceRecord,
): string | undefined {
  const lastEnd = skipSpacesBack(bytes, start, end);
  if (lastEnd === start) {
    record.kind = kinds.blank;
    return undefined;
  }
  const last = tokenStart(bytes, start, lastEnd);
  const middleEnd = skipSpacesBack(bytes, start, last);
  const middle = tokenStart(bytes, start, middleEnd);
  const middleSign = middleEnd - middle === 1 ? bytes[middle] : 0;
  if (middleSign === kinds.free || middleSign === kinds.reallocateFrom) {
    record.kind = middleSign;
    record.size = 0;
    return hasCaller(bytes, start, middle) ? parseAddress(bytes, last, lastEnd, record) : "no mtrace record";
  }
  if (middleSign === 0x3d && middle === start) return parseMarker(bytes, last, lastEnd, record);

  const firstEnd = skipSpacesBack(bytes, start, middle);
  const first = tokenStart(bytes, start, firstEnd);
  const sign = firstEnd - first === 1 ? bytes[first] : 0;
  const isRequest = sign === kinds.allocate || sign === kinds.reallocateTo || sign === kinds.failed;
  if (!isRequest || !hasCaller(bytes, start, first)) return "no mtrace record";
  record.kind = sign;
  record.size = parseSize(bytes, last, lastEnd);
  if (record.size === notANumber) return "the size is no hexadecimal number";
  return parseAddress(bytes, middle, middleEnd, record);
}

function parseAddress(
  bytes: Uint8Array,
  start: number,
  end: number,
  record: MtraceRecord,
): string | undefined {
  record.low = 0;
  record.high = 0;
  if (isNil(bytes, start, end) || isBareZero(bytes, start, end)) return undefined;
  const split = Math.max(end - digitsOfWord, start + 2);
  const low = hexOf(bytes, split, end);
  const high = hexOf(bytes, start + 2, split);
  if (!isPrefixed(bytes, start, end) || low < 0 || high < 0) return "the address is no hexadecimal number";
  record.low = low | 0;
  record.high = high | 0;
  return undefined;
}

function parseMarker(
  bytes: Uint8Array,
  start: number,
  end: number,
  record: MtraceRecord,
): string | undefined {
  const word = String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 8)));
  if (word !== "Start" && word !== "End") return "neither `= Start` nor `= End`";
  record.kind = word === "Start" ? kinds.start : kinds.end;
  return undefined;
}

/** Before the sign stands nothing, or `@` and perhaps a caller. */
function hasCaller(bytes: Uint8Array, start: number, sign: number): boolean {
  return sign === start || (bytes[start] === at && bytes[start + 1] === space);
}

function isNil(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 5 && bytes[start] === 0x28 && bytes[start + 1] === 0x6e && bytes[end - 1] === 0x29;
}

function parseSize(bytes: Uint8Array, start: number, end: number): number {
  if (isBareZero(bytes, start, end)) return 0;
  return isPrefixed(bytes, start, end) ? hexOf(bytes, start + 2, end) : notANumber;
}

function isBareZero(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 1 && bytes[start] === 0x30;
}

/** `0x` and one to sixteen digits. */
function isPrefixed(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  return length > 2 && length <= 2 + 2 * digitsOfWord && bytes[start] === 0x30 && bytes[start + 1] === 0x78;
}

/** 0 for no digits at all. */
function hexOf(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = hexDigit(bytes[i]);
    if (digit < 0) return notANumber;
    value = value * 16 + digit;
  }
  return value;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function skipSpacesBack(bytes: Uint8Array, start: number, end: number): number {
  let i = end;
  while (i > start && isSpace(bytes[i - 1])) i--;
  return i;
}

function tokenStart(bytes: Uint8Array, start: number, end: number): number {
  let i = end;
  while (i > start && !isSpace(bytes[i - 1])) i--;
  return i;
}

function isSpace(byte: number): boolean {
  return byte === space || byte === carriageReturn || byte === newline || byte === 0x09;
}

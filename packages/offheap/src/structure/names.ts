// How a name stands in the memory: an object with the address that it leads to, the lengths of kind and name, and both as UTF-8.
//
//   the second word = bytes of the kind | bytes of the name · 2^8 | draft · 2^15         a draft leads nowhere yet (roots.ts)
//
// Who knows of no drafts finds a name that is too long to be one, and passes it by.

import { type Address, AllocatorError, show } from "../base/index.ts";
import { decodeUtf8, encodeUtf8 } from "../contents/index.ts";
import { draftFlag, mostKindBytes, mostNameBytes, rootCount } from "../layout/index.ts";

/** What leads to a structure: posted to a worker, kept under a name, given to the structure's `attach`. */
export interface StructureHandle {
  /** What it is: "ring", "records"; at most 16 bytes. */
  readonly kind: string;
  readonly address: Address;
}

export interface NamedStructure extends StructureHandle {
  readonly name: string;
}

const mostTextBytes = mostNameBytes + mostKindBytes;
/** The object of a name: the address; the lengths of kind and name; both, as UTF-8. */
export const headBytes = 8;
/** A name as the memory has it: kind and name in a row. */
export interface Packed {
  readonly kindBytes: number;
  readonly text: Uint8Array;
}

/** What the object of a name says. */
export interface Named extends Packed {
  readonly address: Address;
  readonly isDraft: boolean;
}

function isUpTo(bytes: number, most: number): boolean {
  return bytes > 0 && bytes <= most;
}

export function checkName(name: unknown): string {
  if (isText(name, mostNameBytes)) return name;
  throw new AllocatorError(
    "ERR_INVALID_OPTION",
    `a name is a text of 1 to ${mostNameBytes} bytes as UTF-8, got ${show(name)}`,
  );
}

export function checkHandle(handle: unknown): StructureHandle {
  const { kind, address } = (typeof handle === "object" && handle !== null ? handle : {}) as {
    kind?: unknown;
    address?: unknown;
  };
  if (!isText(kind, mostKindBytes)) {
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `a handle has a kind of 1 to ${mostKindBytes} bytes and an address, got ${show(handle)}`,
    );
  }
  if (typeof address !== "number" || address >>> 0 !== address)
    throw new AllocatorError("ERR_INVALID_ADDRESS", `address ${show(address)} is no integer of 32 bits`);
  return { kind, address: address as Address };
}

/** Whether a value is a text of 1 to `most` bytes as UTF-8, with no surrogate that lacks its other half. */
function isText(value: unknown, most: number): value is string {
  if (typeof value !== "string" || value.length < 1 || value.length > most) return false;
  const bytes = bytesOf(value);
  return bytes.length <= most && decodeUtf8(bytes, 0, bytes.length) === value;
}

/** A text as UTF-8, as far as there is space for it. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(mostTextBytes);
  return bytes.subarray(0, encodeUtf8(text, bytes, 0, bytes.length));
}

export function pack(kind: string, name: string): Packed {
  const kindText = bytesOf(kind);
  return { kindBytes: kindText.length, text: Uint8Array.of(...kindText, ...bytesOf(name)) };
}

export function kindOf({ text, kindBytes }: Packed): string {
  return decodeUtf8(text, 0, kindBytes);
}

export function nameOf({ text, kindBytes }: Packed): Uint8Array {
  return text.subarray(kindBytes);
}

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => other[i] === byte);
}

export function wordAt(bytes: Uint8Array, i: number): number {
  let word = 0;
  for (let j = 0; j < 4; j++) word |= (bytes[i + j] ?? 0) << (j * 8);
  return word;
}

/** FNV-1a (Fowler, Noll & Vo), for so few. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % rootCount;
}

/** What an object's second word says; undefined where it is none of a name. */
export function lengthsIn(
  word: number,
): (Pick<Packed, "kindBytes"> & { nameBytes: number; isDraft: boolean }) | undefined {
  const [kindBytes, nameBytes] = [word & 255, (word >>> 8) & 127];
  const isName = word >>> 16 === 0 && isUpTo(kindBytes, mostKindBytes) && isUpTo(nameBytes, mostNameBytes);
  return isName ? { kindBytes, nameBytes, isDraft: (word & draftFlag) !== 0 } : undefined;
}

export function lengthsOf({ kindBytes, text }: Packed, isDraft: boolean): number {
  return kindBytes | ((text.length - kindBytes) << 8) | (isDraft ? draftFlag : 0);
}

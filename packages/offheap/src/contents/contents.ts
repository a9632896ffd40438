// What objects hold, as bytes and as texts: calls over the fixed views that check their bounds against the object that
// they begin in. They allocate nothing in the memory, and change nothing but the bytes they are to write.

import { type Address, AllocatorError, show } from "../base/index.ts";
import { ViewedMemory } from "../memory/index.ts";
import { copyIn, copyOut } from "./copies.ts";
import { readText, writeText } from "./text.ts";

/** Bytes of the longest text: no engine for 64-bit machines has a lower limit on the length of a string. */
const mostTextBytes = 2 ** 29 - 24;

// The tag of a typed array, whatever realm it is of.
const typedArrays = Object.getPrototypeOf(Uint8Array.prototype) as object;
const tagOf = Object.getOwnPropertyDescriptor(typedArrays, Symbol.toStringTag)?.get as (
  this: unknown,
) => unknown;

export abstract class Contents extends ViewedMemory {
  /**
   * The text that `length` bytes are as UTF-8. What is none becomes U+FFFD; a byte order mark stays.
   * @param address in a live object, at its start or further on
   * @param length bytes, at most as many as the object has from there on, and 2^29 − 24
   * @throws ERR_INVALID_ADDRESS where no live object is; ERR_INVALID_SIZE, ERR_DETACHED
   */
  readText(address: Address, length: number): string {
    const most = Math.min(this.bytesFrom(address), mostTextBytes);
    checkLength("length", length, most, address);
    return readText(this.u8, this.i32, address, length);
  }

  /**
   * Writes a text as UTF-8: its whole code points, as many as fit, and nothing behind them. Surrogates without their
   * other half become U+FFFD.
   * @param address in a live object, at its start or further on
   * @param limit bytes, at most as many as the object has from there on, which is the default
   * @returns how many bytes were written
   * @throws ERR_INVALID_ADDRESS where no live object is; ERR_INVALID_SIZE; ERR_INVALID_OPTION for what is no string;
   *   ERR_DETACHED
   */
  writeText(address: Address, text: string, limit?: number): number {
    const most = this.bytesFrom(address);
    if (typeof text !== "string")
      throw new AllocatorError("ERR_INVALID_OPTION", `text is a string, got ${show(text)}`);
    if (limit === undefined) return writeText(this.u8, address, text, most);
    checkLength("limit", limit, most, address);
    return writeText(this.u8, address, text, limit);
  }

  /**
   * Copies bytes into an object: all of them, or none. They may be bytes of this memory, and may overlap.
   * @param address in a live object, at its start or further on
   * @throws ERR_INVALID_ADDRESS where no live object is; ERR_INVALID_SIZE when they do not fit; ERR_INVALID_OPTION for
   *   what is no Uint8Array; ERR_DETACHED
   */
  copyIn(address: Address, bytes: Uint8Array): void {
    const most = this.bytesFrom(address);
    if (!isBytes(bytes))
      throw new AllocatorError("ERR_INVALID_OPTION", `bytes are a Uint8Array, got ${show(bytes)}`);
    checkLength("bytes.length", bytes.length, most, address);
    copyIn(this.u8, address, bytes);
  }

  /**
   * A copy of `length` bytes, in a buffer of its own that is not shared.
   * @param address in a live object, at its start or further on
   * @param length bytes, at most as many as the object has from there on
   * @throws ERR_INVALID_ADDRESS where no live object is; ERR_INVALID_SIZE, ERR_DETACHED
   */
  copyOut(address: Address, length: number): Uint8Array {
    checkLength("length", length, this.bytesFrom(address), address);
    return copyOut(this.u8, address, length);
  }

  /** Bytes from an address in a live object to the object's end. @throws ERR_INVALID_ADDRESS, ERR_DETACHED */
  protected abstract bytesFrom(address: Address): number;
}

/** Whether a value is a Uint8Array, of whatever realm, whose buffer was not transferred. */
export function isBytes(value: unknown): value is Uint8Array {
  return isUint8Array(value) && (value.length > 0 || !isDetached(value.buffer));
}

/** The same, whatever has become of its buffer. The first two are what V8 inlines. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && (value instanceof Uint8Array || tagOf.call(value) === "Uint8Array");
}

function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    return new Uint8Array(buffer).length < 0;
  } catch {
    return true;
  }
}

function checkLength(name: string, length: unknown, most: number, address: number): void {
  if (typeof length === "number" && Number.isInteger(length) && length >= 0 && length <= most) return;
  throw new AllocatorError(
    "ERR_INVALID_SIZE",
    `${name} is an integer from 0 to ${most}, what the object has from ${address} on, got ${show(length)}`,
  );
}

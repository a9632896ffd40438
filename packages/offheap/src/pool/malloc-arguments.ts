// What malloc's calls make of their arguments. A module's i32 is a number from -2^31 to below 2^31, and JavaScript
// passes addresses as they are, up to 2^32: both mean the same 32 bits.
//
//   an integer beyond 2^32, for a size   more than there can be: NULL
//   anything else that is no i32         a typed error, also a bigint, which is what a memory64 module passes

import { AllocatorError, type ErrorCode, show } from "../base/index.ts";

/** A size that no pool serves: products and sums with it are none, either. */
const tooLarge = Number.POSITIVE_INFINITY;

function wrongArgument(code: ErrorCode, rule: string, value: unknown): AllocatorError {
  const why =
    typeof value === "bigint"
      ? ": a bigint is what a memory64 module passes, and memory64 is not supported; build it for wasm32"
      : "";
  return new AllocatorError(code, `${rule}, got ${show(value)}${why}`);
}

// Of what a module passes each is two comparisons; nothing is asked to become a number.

/** @throws ERR_INVALID_SIZE */
export function sizeArgument(size: number): number {
  if (typeof size !== "number") return oddSize(size, "ERR_INVALID_SIZE", "sizes are integers");
  const bytes = size >>> 0;
  if (bytes === size || (size | 0) === size) return bytes;
  return oddSize(size, "ERR_INVALID_SIZE", "sizes are integers");
}

/** @throws ERR_INVALID_ALIGNMENT */
export function alignArgument(align: number): number {
  if (typeof align === "number" && (align >>> 0 === align || (align | 0) === align)) return align >>> 0;
  return oddSize(align, "ERR_INVALID_ALIGNMENT", "an alignment is an integer");
}

/** @throws ERR_INVALID_ADDRESS */
export function addressArgument(address: number): number {
  if (typeof address !== "number") throw oddAddress(address);
  const unsigned = address >>> 0;
  if (unsigned === address || (address | 0) === address) return unsigned;
  throw oddAddress(address);
}

function oddAddress(value: unknown): AllocatorError {
  return wrongArgument("ERR_INVALID_ADDRESS", "addresses are integers below 2^32", value);
}

function oddSize(value: unknown, code: ErrorCode, rule: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return tooLarge;
  throw wrongArgument(code, rule, value);
}

/**
 * The word of a memory that a call returns an address in. The memory may have grown since any view was made.
 * @throws ERR_INVALID_ADDRESS when it is none, or among the books of the heap that begins at `offset`
 */
export function outCell(
  buffer: ArrayBuffer | SharedArrayBuffer,
  offset: number,
  dataAt: number,
  address: number,
): Uint32Array {
  const wordBytes = Uint32Array.BYTES_PER_ELEMENT;
  const at = addressArgument(address);
  const tell = (why: string) =>
    new AllocatorError("ERR_INVALID_ADDRESS", `the pointer to return an address in, ${at}, ${why}`);
  if (at === 0) throw tell("is NULL");
  if (at % wordBytes !== 0) throw tell("is no multiple of 4");
  if (at + wordBytes > buffer.byteLength) throw tell(`is beyond the memory of ${buffer.byteLength} bytes`);
  if (at >= offset && at < dataAt) throw tell("lies among the heap's books");
  return new Uint32Array(buffer, at, 1);
}

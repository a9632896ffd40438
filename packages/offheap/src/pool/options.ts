// What a call of a pool may ask for, checked before anything is written.

import { numberForOptions } from "../allocator/index.ts";
import {
  AllocatorError,
  checkOptions,
  flagOption,
  type KnownOptions,
  show,
  usualHugePageBytes,
} from "../base/index.ts";

/** Largest alignment, in bytes: that of a huge page. */
export const maxAlignBytes = usualHugePageBytes;

export interface AllocateOptions {
  /** The address is a multiple of it: a power of two, at most 2 MiB. Default 8. */
  readonly align?: number;
  /** The first `size` bytes are 0. Default: they are whatever was there before. */
  readonly zeroed?: boolean;
}

const known: KnownOptions<AllocateOptions> = { align: true, zeroed: true };

/** @throws ERR_INVALID_OPTION, ERR_INVALID_ALIGNMENT */
export function checkAllocateOptions(options: unknown): { align: number; zeroed: boolean } {
  if (typeof options === "number") throw numberForOptions(options);
  const given = checkOptions("allocate", options, known);
  const { align = 8 } = given;
  const zeroed = flagOption("zeroed", given.zeroed);
  const isPower = typeof align === "number" && align >= 1 && align <= maxAlignBytes && isPowerOfTwo(align);
  if (!isPower) {
    const rule = `a power of two up to ${maxAlignBytes} bytes`;
    throw new AllocatorError("ERR_INVALID_ALIGNMENT", `align is ${rule}, got ${show(align)}`);
  }
  return { align, zeroed };
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(value) && (value & (value - 1)) === 0;
}

export interface MallocOptions {
  /** Calls of a module, up to `memalign`, do not pass through JavaScript. Default false. */
  readonly direct?: boolean;
}

/** @throws ERR_INVALID_OPTION */
export function checkMallocOptions(options: unknown): { direct: boolean } {
  const given = checkOptions("asMalloc", options, { direct: true } satisfies KnownOptions<MallocOptions>);
  return { direct: flagOption("direct", given.direct) };
}

/** Whether a value can be a number of bytes at all. */
export function isSize(size: unknown): size is number {
  return typeof size === "number" && Number.isInteger(size) && size > 0;
}

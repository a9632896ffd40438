// Size classes: the object sizes that slabs come in. A request rounds up to the next class.

import { AllocatorError, show } from "../base/errors.ts";
import { maxClassCount, maxObjectBytes } from "../memory/layout.ts";

const granuleBytes = 8;
const largestPresetBytes = 8192;

/**
 * Each class is the largest multiple of `step` whose smallest request still fills seven eighths of it:
 * a request r lands in a class c with c − r ≤ c / 8. Up to 8 steps the classes are a step apart.
 */
function eighths(step: number): readonly number[] {
  const classes: number[] = [];
  let last = 0;
  while (last < largestPresetBytes) {
    const widest = Math.floor(((last + 1) * 8) / 7 / step) * step;
    last = Math.min(Math.max(last + step, widest), largestPresetBytes);
    classes.push(last);
  }
  return classes;
}

/** The predefined lists of size classes, in bytes, ascending. */
export const SizeClasses: {
  /** 11 classes, 8 bytes to 8 KiB; an object is aligned to its class size. The default. */
  readonly powersOfTwo: readonly number[];
  /** At most 12.5 % of a slot is wasted for any request over 64 bytes. */
  readonly fine: readonly number[];
  /** For a pool that is malloc: multiples of 16 after the first; at most 12.5 % is wasted over 112 bytes. */
  readonly malloc: readonly number[];
} = {
  powersOfTwo: Object.freeze([8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192]),
  fine: Object.freeze(eighths(8)),
  malloc: Object.freeze([8, ...eighths(16)]),
};

/**
 * Checks a list of size classes and returns a copy of it.
 * @throws ERR_INVALID_OPTION unless it is an array of 1 to 63 ascending multiples of 8, at most 65,536.
 */
export function validateSizeClasses(list: unknown): readonly number[] {
  if (!Array.isArray(list) || list.length < 1 || list.length > maxClassCount) {
    throw new AllocatorError("ERR_INVALID_OPTION", `sizeClasses is an array of 1 to ${maxClassCount} sizes`);
  }
  const sizes: number[] = [];
  let last = 0;
  for (const size of list as readonly unknown[]) {
    const valid = typeof size === "number" && Number.isInteger(size) && size % granuleBytes === 0;
    if (!valid || size <= last || size > maxObjectBytes) {
      const rule = `ascending multiples of ${granuleBytes} up to ${maxObjectBytes}`;
      throw new AllocatorError(
        "ERR_INVALID_OPTION",
        `sizeClasses are ${rule}, got ${show(size)} after ${last}`,
      );
    }
    sizes.push(size);
    last = size;
  }
  return sizes;
}

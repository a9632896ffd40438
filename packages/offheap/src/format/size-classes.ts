// Size classes: the object sizes that slabs come in. A request rounds up to the next class.

import { AllocatorError, show } from "../base/index.ts";
import { type HeapConfig, maxClassCount, maxObjectBytes, wideBytes } from "../layout/index.ts";

const granuleBytes = 8;
/** The wide classes of a pool: the largest, and what all are multiples of. */
const largestWideBytes = 32_768;
const wideStepBytes = 1024;
/** They are for heaps of so many bytes, and a round of each has at most this part of what magazines may hold. */
const leastWideCapacity = 2 ** 26;
const widePart = 8;
const pinnedFraction = 8;

/**
 * Each class is the largest multiple of `step` whose smallest request still fills seven eighths of it:
 * a request r lands in a class c with c − r ≤ c / 8. Up to 8 steps the classes are a step apart.
 */
function eighths(step: number, from = 0, to = wideBytes): readonly number[] {
  const classes: number[] = [];
  let last = from;
  while (last < to) {
    const widest = Math.floor(((last + 1) * 8) / 7 / step) * step;
    last = Math.min(Math.max(last + step, widest), to);
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

const wideClasses = eighths(wideStepBytes, wideBytes, largestWideBytes);

/**
 * The classes of a pool that names none: the fine ones, and over 8 KiB as many of the wide ones as its magazines may
 * hold: objects that come and go without an atomic, where page runs take several.
 */
export function poolClasses(capacityBytes: number, maxWorkers: number): readonly number[] {
  if (capacityBytes < leastWideCapacity) return SizeClasses.fine;
  const classes = [...SizeClasses.fine];
  let left = pinnedBytes(capacityBytes, maxWorkers) / widePart;
  for (const bytes of wideClasses) {
    left -= bytes;
    if (left >= 0) classes.push(bytes);
  }
  return classes;
}

/** Whether a heap has the classes of a pool that named none. */
export function hasPoolClasses({
  objectBytes,
  capacityBytes,
  maxWorkers,
}: Pick<HeapConfig, "objectBytes" | "capacityBytes" | "maxWorkers">): boolean {
  const usual = poolClasses(capacityBytes, maxWorkers);
  return usual.length === objectBytes.length && usual.every((bytes, i) => bytes === objectBytes[i]);
}

/** What the magazines of one worker may hold: those of all workers an eighth of the heap, down to one round each. */
export function pinnedBytes(capacityBytes: number, maxWorkers: number): number {
  return capacityBytes / pinnedFraction / maxWorkers;
}

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

// The options of a heap, checked before anything is reserved or written.

import { mostRounds } from "../../core/layout/index.ts";
import {
  AllocatorError,
  alignDown,
  checkOptions,
  clamp,
  type KnownOptions,
  type Os,
  show,
} from "../base/index.ts";
import {
  chunkBytes,
  computeLayout,
  type HeapConfig,
  type Layout,
  maxCapacityBytes,
  maxSlotsPerSlab,
  maxWorkerPlaces,
  mostSlabChunks,
  wideBytes,
} from "../layout/index.ts";
import { checkEngine, type Engine, isMemorySource, type MemorySource, spaceAt } from "../memory/index.ts";
import { checkHugePages, checkOs } from "./os-options.ts";
import {
  hasPoolClasses,
  pinnedBytes,
  poolClasses,
  SizeClasses,
  validateSizeClasses,
} from "./size-classes.ts";

/** How a heap is made. All are optional. */
export interface HeapOptions {
  /** Bytes, books included; rounded down to 64 KiB; at most 2^32. Default 1 GiB, or all of a given memory. */
  readonly capacity?: number;
  /** `"shared"` (default): a shared WebAssembly.Memory of our own; `"local"`: one that is not shared, for one thread. */
  readonly memory?: "shared" | "local" | MemorySource;
  /** Byte offset at which the heap begins in a memory that someone else made; a multiple of 65,536. */
  readonly offset?: number;
  /** Object sizes in bytes, ascending multiples of 8. Default `SizeClasses.powersOfTwo`; a pool has those of its constructor. */
  readonly sizeClasses?: readonly number[];
  /** Workers attached at one time, 1–126. Default 64. */
  readonly maxWorkers?: number;
  /** Deallocations of a worker between two clean-ups; 0: only on request. Default 100. */
  readonly cleanupInterval?: number;
  /** The operating system, from `loadOs()` of `offheap/os`. Without it nothing is asked of it. */
  readonly os?: Os;
  /** Memory is backed by huge pages where the OS has them; needs `os`. Default false. */
  readonly hugePages?: boolean;
  /**
   * What runs the allocator's slow halves. `"auto"` (default): WebAssembly where the memory is a WebAssembly.Memory and the
   * host compiles it, else JavaScript. The same heap serves workers with either.
   */
  readonly engine?: "auto" | "wasm" | "js";
}

/** For tests: geometries so small that their edges are near. */
export interface TinyGeometry {
  readonly slotsPerSlab?: number;
  readonly slabChunks?: number;
  readonly roundLimit?: number;
}

const defaultCapacityBytes = 2 ** 30;
const defaultMaxWorkers = 64;
const defaultCleanupInterval = 100;
/** A magazine holds at most this many bytes of objects. */
const magazineBytes = 131_072;
/** Magazines shorter than this are not cut. */
const fewRounds = 62;
/** Slabs of every class that must fit before they may have their full length. */
const slabsOfEachClass = 4;

function checkInteger(name: string, value: unknown, low: number, high: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) {
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `${name} is an integer from ${low} to ${high}, got ${show(value)}`,
    );
  }
  return value;
}

/**
 * What a class gets of the bytes that magazines may hold: the fourth root of its size. Small objects come and go
 * more often; with equal bytes, though, a magazine of the largest had five rounds and went home at every third free.
 */
function shareWeight(bytes: number): number {
  return Math.sqrt(Math.sqrt(bytes));
}

/** Magazines stand a power of two of rounds apart, two of which are not theirs: the longest is cut rather than all spread. */
function inWholePowers(roundLimit: number): number {
  return roundLimit < fewRounds
    ? roundLimit
    : Math.min(2 ** Math.floor(Math.log2(roundLimit + 2)) - 2, mostRounds);
}

/** Everything a heap follows from, given its capacity. */
export function configOf(
  capacityBytes: number,
  objectBytes: readonly number[],
  maxWorkers: number,
  cleanupInterval: number,
  tiny: TinyGeometry = {},
  isPool = false,
): HeapConfig {
  // One round of each class first, then a share of what is left: all together stay under the bound.
  const oneOfEach = objectBytes.reduce((sum, bytes) => sum + bytes, 0);
  const rest = pinnedBytes(capacityBytes, maxWorkers) - oneOfEach;
  // The wide classes that nobody named have one round each: what they had beyond, the small ones would lack.
  const isUsual = isPool && hasPoolClasses({ objectBytes, capacityBytes, maxWorkers });
  const weightOf = (bytes: number) => (isUsual && bytes > wideBytes ? 0 : shareWeight(bytes));
  const weights = objectBytes.reduce((sum, bytes) => sum + weightOf(bytes), 0);
  const shares = objectBytes.map((bytes) => {
    const share = (rest / weights) * weightOf(bytes);
    return 1 + Math.max(Math.floor(Math.min(share, magazineBytes - bytes) / bytes), 0);
  });
  const most = Math.min(tiny.roundLimit ?? mostRounds, inWholePowers(Math.max(...shares)));
  const roundLimits = shares.map((roundLimit) => Math.min(roundLimit, most));
  const aim = capacityBytes / objectBytes.length / slabsOfEachClass / chunkBytes;
  const fitting = 2 ** Math.floor(Math.log2(clamp(aim, 1, mostSlabChunks)));
  return {
    capacityBytes,
    objectBytes,
    roundLimits,
    maxWorkers,
    cleanupInterval,
    slabChunks: Math.min(tiny.slabChunks ?? mostSlabChunks, fitting),
    slotsPerSlab: Math.min(tiny.slotsPerSlab ?? maxSlotsPerSlab, maxSlotsPerSlab),
    hugePad: 0,
    pageSpanChunks: isPool ? pageSpanChunksOf(capacityBytes, tiny) : 0,
  };
}

/** A sixteenth of the heap at most, so that one span of pages never takes most of a small heap. */
function pageSpanChunksOf(capacityBytes: number, tiny: TinyGeometry): number {
  const share = clamp(capacityBytes / chunkBytes / 16, 1, mostSlabChunks);
  return Math.min(tiny.slabChunks ?? mostSlabChunks, 2 ** Math.floor(Math.log2(share)));
}

/** A checked layout, and where the heap is to be. */
export interface ResolvedOptions {
  readonly memory: "shared" | "local" | MemorySource;
  readonly offset: number;
  readonly layout: Layout;
  readonly os: Os | undefined;
  readonly hugePages: boolean;
  readonly engine: Engine | "auto";
}

const known: KnownOptions<HeapOptions> = {
  capacity: true,
  memory: true,
  offset: true,
  sizeClasses: true,
  maxWorkers: true,
  cleanupInterval: true,
  os: true,
  hugePages: true,
  engine: true,
};

/**
 * Checks options; nothing is reserved yet.
 * @throws ERR_INVALID_OPTION
 */
export function resolveOptions(options: unknown, tiny: TinyGeometry = {}, isPool = false): ResolvedOptions {
  const given = checkOptions("the constructor", options, known);
  const listed = given.sizeClasses ?? undefined;
  const named = listed === undefined ? undefined : validateSizeClasses(listed);
  const maxWorkers = checkInteger("maxWorkers", given.maxWorkers ?? defaultMaxWorkers, 1, maxWorkerPlaces);
  const interval = checkInteger(
    "cleanupInterval",
    given.cleanupInterval ?? defaultCleanupInterval,
    0,
    2 ** 31 - 1,
  );
  const os = checkOs(given.os);
  const hugePages = checkHugePages(given.hugePages, os);
  const engine = checkEngine(given.engine);
  const { memory, offset, capacityBytes } = resolveMemory(given);
  const usual = (bytes: number) => (isPool ? poolClasses(bytes, maxWorkers) : SizeClasses.powersOfTwo);
  const layoutWith = (bytes: number) =>
    computeLayout(configOf(bytes, named ?? usual(bytes), maxWorkers, interval, tiny, isPool));
  const layout = layoutWith(alignDown(capacityBytes, chunkBytes));
  if (layout.chunkCount < 1) throw tooSmall(capacityBytes, layoutWith);
  return { memory, offset, layout, os, hugePages, engine };
}

/** Says the least that works, which is looked for: the books of a larger heap may be larger, too. */
function tooSmall(capacityBytes: number, layoutWith: (bytes: number) => Layout): AllocatorError {
  let least = chunkBytes;
  while (least < maxCapacityBytes && layoutWith(least).chunkCount < 1) least += chunkBytes;
  return new AllocatorError(
    "ERR_INVALID_OPTION",
    `capacity ${capacityBytes} is too small: with these options the books and one chunk take ${least} bytes`,
  );
}

/** A capacity as it is given; whether it is large enough is known when there is a layout. */
function checkCapacity(capacity: unknown): number {
  if (typeof capacity !== "number" || !Number.isInteger(capacity) || capacity > maxCapacityBytes) {
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `capacity is an integer, at most ${maxCapacityBytes} bytes, got ${show(capacity)}`,
    );
  }
  return capacity;
}

/** @throws ERR_INVALID_OPTION, with what was probably meant by a value that is no memory */
function noMemory(memory: unknown): AllocatorError {
  const kinds = '"shared", "local", a WebAssembly.Memory, a SharedArrayBuffer or an ArrayBuffer';
  const { kind } = Object(memory) as { readonly kind?: unknown };
  let help = "";
  if (ArrayBuffer.isView(memory)) help = ": a view is none, pass its buffer";
  else if (kind === "offheap") help = ": that is a handle, attach(handle) joins its heap";
  return new AllocatorError("ERR_INVALID_OPTION", `memory is ${kinds}, got ${show(memory)}${help}`);
}

function resolveMemory(given: { memory?: unknown; offset?: unknown; capacity?: unknown }): {
  memory: "shared" | "local" | MemorySource;
  offset: number;
  capacityBytes: number;
} {
  const memory = given.memory ?? "shared";
  if (memory === "shared" || memory === "local") {
    if (given.offset !== undefined && given.offset !== 0) {
      throw new AllocatorError("ERR_INVALID_OPTION", "offset is for a memory that someone else made");
    }
    return { memory, offset: 0, capacityBytes: checkCapacity(given.capacity ?? defaultCapacityBytes) };
  }
  if (!isMemorySource(memory)) throw noMemory(memory);
  const offset = given.offset ?? 0;
  const space = spaceAt(memory, offset);
  const capacityBytes = checkCapacity(given.capacity ?? space);
  if (alignDown(capacityBytes, chunkBytes) > space) {
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `capacity ${capacityBytes} is beyond the ${space} bytes from the offset on`,
    );
  }
  return { memory, offset: offset as number, capacityBytes };
}

// What the calls of this entry are given: checked before any file is touched.

import {
  AllocatorError,
  checkOptions,
  flagOption,
  type KnownOptions,
  type Os,
  type ProcessCalls,
  show,
} from "../base/index.ts";
import { checkOs, type HeapOptions } from "../format/index.ts";
import { chunkBytes, maxCapacityBytes, sharedHeapAt } from "../layout/index.ts";
import { loadOs } from "../os/index.ts";
import { wrongPath } from "./refusals.ts";

interface FileOptions {
  /** The operating system, from `loadOs()` of `offheap/os`, which is asked if none is given. */
  readonly os?: Os;
  /** Milliseconds that the call waits while another process makes the file. Default 10,000. */
  readonly timeout?: number;
  /**
   * What a process that died had allocated, and nobody has adopted, is freed; if false it is nobody's, as after `reap`. Of the
   * file: all who give it give the same. Default false.
   */
  readonly live?: boolean;
}

/** How a heap's file is opened; and how it is made, if it is not there. What is given must fit a file that is there. */
export interface OpenHeapOptions
  extends FileOptions,
    Pick<HeapOptions, "capacity" | "sizeClasses" | "maxWorkers" | "cleanupInterval" | "engine"> {
  /** A `MemoryPool` (the default) or a `SlabAllocator`. */
  readonly kind?: "pool" | "slab";
  /** Walks the heap, once nobody else has the file open. */
  readonly check?: boolean;
}

export interface OpenMemoryOptions extends FileOptions {
  /** Bytes from `heapOffset` on, a multiple of 65,536. A file that is there has its own. */
  readonly bytes?: number;
}

const knownOfHeap: KnownOptions<OpenHeapOptions> = {
  os: true,
  timeout: true,
  live: true,
  capacity: true,
  sizeClasses: true,
  maxWorkers: true,
  cleanupInterval: true,
  engine: true,
  kind: true,
  check: true,
};
const knownOfMemory: KnownOptions<OpenMemoryOptions> = { os: true, timeout: true, live: true, bytes: true };

export const mostBytes = maxCapacityBytes - sharedHeapAt;
const usualTimeout = 10_000;

/** What a call does with the file, whatever it makes of it. */
export interface Plan {
  readonly path: string;
  readonly os: Os;
  readonly calls: ProcessCalls;
  readonly timeout: number;
  readonly live: boolean | undefined;
}

export interface CheckedHeapOptions extends Plan {
  readonly isPool: boolean;
  readonly check: boolean;
  /** As the heap's own constructor takes them. */
  readonly heap: Pick<HeapOptions, "capacity" | "sizeClasses" | "maxWorkers" | "cleanupInterval">;
  readonly engine: HeapOptions["engine"];
}

/** @throws ERR_INVALID_OPTION; ERR_OS_UNAVAILABLE where no process can share memory with another */
export function checkOpenHeap(path: unknown, options: unknown): CheckedHeapOptions {
  const given = checkOptions("openHeap", options, knownOfHeap) as OpenHeapOptions;
  const { kind = "pool", capacity, sizeClasses, maxWorkers, cleanupInterval, engine } = given;
  if (kind !== "pool" && kind !== "slab") throw wrongOption("kind", '"pool" or "slab"', kind);
  if (capacity !== undefined && typeof capacity === "number" && capacity > mostBytes)
    throw wrongOption("capacity", `at most ${mostBytes} bytes in a file`, capacity);
  const check = flagOption("check", given.check);
  const named = { capacity, sizeClasses, maxWorkers, cleanupInterval };
  // null is as good as no option, as in the heap's own constructor.
  const heap = Object.fromEntries(Object.entries(named).filter(([, value]) => value != null));
  return { ...planOf(path, given), isPool: kind === "pool", check, heap, engine };
}

export function checkOpenMemory(
  path: unknown,
  options: unknown,
): Plan & { readonly bytes: number | undefined } {
  const given = checkOptions("openMemory", options, knownOfMemory) as OpenMemoryOptions;
  const { bytes } = given;
  const isValid =
    bytes === undefined ||
    (Number.isInteger(bytes) && bytes > 0 && bytes <= mostBytes && bytes % chunkBytes === 0);
  if (!isValid) throw wrongOption("bytes", `a multiple of ${chunkBytes}, at most ${mostBytes}`, bytes);
  return { ...planOf(path, given), bytes };
}

function planOf(path: unknown, given: FileOptions): Plan {
  const { timeout = usualTimeout } = given;
  if (typeof timeout !== "number" || !(timeout >= 0)) throw wrongOption("timeout", "milliseconds", timeout);
  const os = checkOs(given.os) ?? loadOs();
  const live = given.live === undefined ? undefined : flagOption("live", given.live);
  return { path: checkPath(path), os, calls: callsOf(os), timeout, live };
}

/** @throws ERR_INVALID_OPTION */
export function checkPath(path: unknown): string {
  if (typeof path !== "string") throw wrongOption("path", "a text", path);
  if (path === "" || path.includes("\0")) throw wrongPath(path, "that is no path");
  return path;
}

/** @throws ERR_OS_UNAVAILABLE */
export function callsOf(os: Os): ProcessCalls {
  const { calls, reason } = os.processes;
  if (calls !== undefined) return calls;
  throw new AllocatorError("ERR_OS_UNAVAILABLE", `no heap can be shared by processes: ${reason}`);
}

function wrongOption(name: string, rule: string, value: unknown): AllocatorError {
  return new AllocatorError("ERR_INVALID_OPTION", `${name} is ${rule}, got ${show(value)}`);
}

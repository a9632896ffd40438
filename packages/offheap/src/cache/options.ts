// What a cache is made with, checked before anything is.

import { AllocatorError, checkOptions, type KnownOptions, type Os, show } from "../base/index.ts";
import { type AnyCodec, type KeyName, keyKindOf, type ValueName, valueKindOf } from "../map/index.ts";
import type { MemoryPool } from "../pool/index.ts";

export type AnyValues = ValueName | AnyCodec;

export interface CacheOptions<KN extends KeyName = KeyName, VN extends AnyValues = AnyValues> {
  /** Bytes of memory that it takes at most: entries, and the books about them. At least 2 MiB. */
  readonly maxBytes: number;
  /** "text" unless said otherwise. */
  readonly keys?: KN;
  readonly values?: VN;
  /** Milliseconds that an entry lives, unless its `set` says otherwise; for ever, unless said here. */
  readonly ttl?: number;
  /** Workers that are attached at one time. Default 16. */
  readonly maxWorkers?: number;
  readonly engine?: "auto" | "wasm" | "js";
  readonly os?: Os;
  /** Where its memory is taken from, as one object; a memory of its own, unless said. */
  readonly pool?: MemoryPool;
}

export interface SetOptions {
  /** Milliseconds; `Infinity`: for ever. */
  readonly ttl?: number;
}

export interface GetOrSetOptions extends SetOptions {
  /**
   * What others do while one makes the value: "wait" for it (the default), "compute" it, too, or take what has expired ("stale"),
   * where there is something.
   */
  readonly others?: "wait" | "compute" | "stale";
  /** Milliseconds after which another takes the making over; also at once, when its worker has died. Default 30,000. */
  readonly timeout?: number;
}

export const leastBytes = 2 ** 21;
export const usualWorkers = 16;
const usualTimeout = 30_000;

/** What `open` has: a file is no part of a pool. */
export const ofFile: KnownOptions<Omit<CacheOptions, "pool">> = {
  maxBytes: true,
  keys: true,
  values: true,
  ttl: true,
  maxWorkers: true,
  engine: true,
  os: true,
};
const known: KnownOptions<CacheOptions> = { ...ofFile, pool: true };
export type AttachOptions<KN extends KeyName, VN extends AnyValues> = Pick<
  CacheOptions<KN, VN>,
  "keys" | "values" | "os" | "pool"
>;

/** @throws ERR_INVALID_OPTION */
export function checkAttach(options: unknown): void {
  const names = { keys: true, values: true, os: true, pool: true } as const;
  checkKinds(checkOptions("SharedCache.attach", options, names) as Partial<CacheOptions>);
}

function checkKinds({ keys, values }: Partial<CacheOptions>): void {
  if (keys !== undefined) keyKindOf(keys);
  if (values !== undefined) valueKindOf(values);
}

/** @throws ERR_INVALID_OPTION */
export function checkCacheOptions(call: string, options: unknown, has: typeof ofFile = known): CacheOptions {
  const given = checkOptions<Omit<CacheOptions, "pool">>(call, options, has) as CacheOptions;
  const { maxBytes } = given;
  if (!Number.isInteger(maxBytes) || maxBytes < leastBytes || maxBytes > 2 ** 32)
    throw wrong("maxBytes", `is a whole number of bytes from ${leastBytes} to 2^32`, maxBytes);
  ttlOf(call, given.ttl, Number.POSITIVE_INFINITY);
  checkKinds(given);
  return given;
}

/** Milliseconds to live. @throws ERR_INVALID_OPTION */
export function ttlOf(call: string, ttl: unknown, otherwise: number): number {
  if (ttl === undefined) return otherwise;
  if (typeof ttl === "number" && ttl > 0) return ttl;
  throw wrong("ttl", `of ${call} is a number of milliseconds above 0`, ttl);
}

/** @throws ERR_INVALID_OPTION */
export function checkSet(call: string, options: unknown, otherwise: number): number {
  return ttlOf(call, checkOptions(call, options, { ttl: true }).ttl, otherwise);
}

/** @throws ERR_INVALID_OPTION */
export function checkGetOrSet(
  options: unknown,
): Required<Pick<GetOrSetOptions, "others" | "timeout">> & SetOptions {
  const names = { ttl: true, others: true, timeout: true } as const;
  const given = checkOptions("getOrSet", options, names) as GetOrSetOptions;
  const { others = "wait", timeout = usualTimeout, ttl } = given;
  if (others !== "wait" && others !== "compute" && others !== "stale")
    throw wrong("others", 'is "wait", "compute" or "stale"', others);
  if (typeof timeout !== "number" || !(timeout > 0))
    throw wrong("timeout", "is a number of milliseconds above 0", timeout);
  ttlOf("getOrSet", ttl, 1);
  return { others, timeout, ...(ttl === undefined ? {} : { ttl }) };
}

function wrong(name: string, what: string, got: unknown): AllocatorError {
  return new AllocatorError("ERR_INVALID_OPTION", `${name} ${what}, got ${show(got)}`);
}

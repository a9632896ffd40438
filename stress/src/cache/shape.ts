// The shape of a round's cache, and how any process opens it.

import { SharedCache } from "offheap/cache";
import { loadOs } from "offheap/os";
import type { Random } from "offheap-tools";

export type Cache = SharedCache<"integer", "bytes">;

export interface CacheShape {
  readonly path: string;
  readonly engine: "wasm" | "js";
  readonly maxBytes: number;
  readonly maxWorkers: number;
  /** Bytes of a value at most: of most of them, and of all. */
  readonly usual: number;
  readonly most: number;
}

/** Fewer than a piece of a map has heads, so that the map has no more of them at the end. */
export const keyCount = 400;
/** The first of the keys whose values are made by claims. */
export const madeFrom = 1000;
export const madeCount = 6;
const mebi = 2 ** 20;

export function chooseCache(
  random: Random,
  engine: "auto" | "wasm" | "js",
  rest: Pick<CacheShape, "path" | "maxWorkers">,
): CacheShape {
  return {
    ...rest,
    engine: engine === "auto" ? random.pick(["wasm", "js"] as const) : engine,
    maxBytes: random.pick([4, 8]) * mebi,
    usual: random.pick([1000, 10_000, 30_000]),
    most: random.pick([30_000, 150_000]),
  };
}

export function openCache({ path, engine, maxBytes, maxWorkers }: CacheShape): Cache {
  const kinds = { keys: "integer", values: "bytes" } as const;
  return SharedCache.open<"integer", "bytes">(path, { maxBytes, maxWorkers, engine, os: loadOs(), ...kinds });
}

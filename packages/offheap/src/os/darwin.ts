// macOS: madvise(MADV_FREE_REUSABLE) takes pages out of the process's footprint, yet may or may not keep what is
// in them; zeros are written first, so that they read as zeros either way. Written after the headers of XNU and
// what other allocators do there; this project has no such machine, and each reason says so.

import { usualHugePageBytes } from "../base/index.ts";
import type { Native } from "./native.ts";
import type { PageCalls } from "./posix.ts";
import { darwinPlatform } from "./process-darwin.ts";
import { processesBy } from "./processes.ts";

const madvFreeReusable = 7;

export function darwinCalls(native: Native): PageCalls {
  const madvise = native.bind("madvise", ["pointer", "size", "int"]);
  const mincore = native.bind("mincore", ["pointer", "size", "pointer"]);
  const untested = `through ${native.via}, not tested on macOS`;
  return {
    pageBytes: native.bind("getpagesize", [])(),
    hugePageBytes: usualHugePageBytes,
    hugePages: { available: false, reason: "macOS gives no huge pages to memory that is already mapped" },
    decommit: { available: true, reason: `zeros, then madvise(MADV_FREE_REUSABLE) ${untested}` },
    residency: { available: true, reason: `mincore ${untested}` },
    processes: processesBy(native, darwinPlatform),
    keepsContents: true,
    adviseHuge: () => false,
    discard: (address, bytes) => madvise(address, BigInt(bytes), madvFreeReusable) === 0,
    residentPages: (address, bytes, into) =>
      mincore(address, BigInt(bytes), native.addressOf(into.buffer)) === 0,
    hugeBytes: () => -1,
  };
}

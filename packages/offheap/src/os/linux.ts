// Linux: madvise(2), mincore(2), /proc/self/smaps. MADV_DONTNEED gives anonymous pages back at once, and they read
// as zeros from then on; a reason says when the trial at load showed otherwise.

import { type OsAbility, usualHugePageBytes } from "../base/index.ts";
import { builtin, type Native } from "./native.ts";
import type { PageCalls } from "./posix.ts";
import { linuxPlatform } from "./process-linux.ts";
import { processesBy } from "./processes.ts";

const madvDontNeed = 4;
const madvHugePage = 14;
const thpFolder = "/sys/kernel/mm/transparent_hugepage/";

interface FileSystem {
  readFileSync(path: string, encoding: "utf8"): string;
}

/** The text of a file, or undefined where there is none or it may not be read. */
function textOf(path: string): string | undefined {
  try {
    return builtin<FileSystem>("node:fs")?.readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** The choice in brackets: `always [madvise] never`. */
function hugePolicy(via: string): OsAbility {
  const enabled = textOf(`${thpFolder}enabled`);
  if (enabled === undefined)
    return { available: false, reason: "this kernel has no transparent huge pages, or hides them" };
  const chosen = /\[(\w+)\]/.exec(enabled)?.[1] ?? enabled.trim();
  if (chosen === "never")
    return { available: false, reason: `${thpFolder}enabled says never: an administrator can change it` };
  return {
    available: true,
    reason: `madvise(MADV_HUGEPAGE) through ${via}; the kernel's policy is ${chosen}`,
  };
}

/** AnonHugePages of the mappings that lie within a range; a mapping that reaches beyond it counts whole. */
function hugeBytesIn(address: bigint, bytes: number): number {
  const maps = textOf("/proc/self/smaps");
  if (maps === undefined) return -1;
  const end = address + BigInt(bytes);
  let isInside = false;
  let huge = 0;
  // Heads and the one line wanted, not some thousand lines as strings: this is asked for by `stats()`.
  for (const [, low, high, kib] of maps.matchAll(/^(?:([0-9a-f]+)-([0-9a-f]+) |AnonHugePages: +(\d+))/gm)) {
    if (low !== undefined) isInside = BigInt(`0x${low}`) < end && BigInt(`0x${high}`) > address;
    else if (isInside) huge += Number(kib) * 1024;
  }
  return Math.min(huge, bytes);
}

export function linuxCalls(native: Native): PageCalls {
  const madvise = native.bind("madvise", ["pointer", "size", "int"]);
  const mincore = native.bind("mincore", ["pointer", "size", "pointer"]);
  const size = Number.parseInt(textOf(`${thpFolder}hpage_pmd_size`) ?? "", 10);
  return {
    pageBytes: native.bind("getpagesize", [])(),
    hugePageBytes: Number.isInteger(size) && size > 0 ? size : usualHugePageBytes,
    hugePages: hugePolicy(native.via),
    decommit: { available: true, reason: `madvise(MADV_DONTNEED) through ${native.via}` },
    residency: { available: true, reason: `mincore through ${native.via}` },
    processes: processesBy(native, linuxPlatform),
    keepsContents: false,
    adviseHuge: (address, bytes) => madvise(address, BigInt(bytes), madvHugePage) === 0,
    discard: (address, bytes) => madvise(address, BigInt(bytes), madvDontNeed) === 0,
    residentPages: (address, bytes, into) =>
      mincore(address, BigInt(bytes), native.addressOf(into.buffer)) === 0,
    hugeBytes: hugeBytesIn,
  };
}

// loadOs(): finds a way to the operating system, tries it, and says what it can do.

import { type Os, usualHugePageBytes } from "../base/index.ts";
import { darwinCalls } from "./darwin.ts";
import { linuxCalls } from "./linux.ts";
import { host, type Native, withNative } from "./native.ts";
import { osOf } from "./posix.ts";

const windowsReasons = {
  hugePages: "Windows has large pages only for memory that was reserved as such",
  decommit:
    "on Windows discarded pages hold anything, and to decommit them would fault whoever reads them meanwhile",
  residency: "working sets are not read on Windows yet",
  processes: "on Windows no file can be laid over memory that is mapped already",
};

type Reasons = Readonly<Record<"hugePages" | "decommit" | "residency" | "processes", string>>;

/** An OS that can do nothing, and says why. */
function noOs(reasons: Reasons): Os {
  const refused = (reason: string) => ({ available: false, reason });
  return {
    hugePages: refused(reasons.hugePages),
    decommit: refused(reasons.decommit),
    residency: refused(reasons.residency),
    processes: refused(reasons.processes),
    hugePageBytes: usualHugePageBytes,
    addressOf: () => 0n,
    adviseHuge: () => false,
    decommitRange: () => false,
    residentBytes: () => -1,
    hugeBytes: () => -1,
    now: () => Date.now(),
  };
}

function all(reason: string): Reasons {
  return { hugePages: reason, decommit: reason, residency: reason, processes: reason };
}

/** What a page of our own shows: whether it is in memory, and reads as zeros after it was given back. */
function tried(os: Os): Os {
  const bytes = 2 ** 18;
  const memory = new Uint8Array(new SharedArrayBuffer(bytes)).fill(1);
  const { buffer } = memory;
  const isSeen = os.residentBytes(buffer, 0, bytes) === bytes;
  // All were ones: and the host's own search takes a tenth of a function's time a byte.
  const isGone = os.decommitRange(buffer, 0, bytes) && !memory.includes(1);
  const refused = (reason: string) => ({ available: false, reason: `${reason}, which failed in a trial` });
  return {
    ...os,
    residency: isSeen ? os.residency : refused(os.residency.reason),
    decommit: isGone ? os.decommit : refused(os.decommit.reason),
  };
}

function osFrom(native: Native): Os {
  if (host.platform === "linux") return tried(osOf(native, linuxCalls(native)));
  return tried(osOf(native, darwinCalls(native)));
}

let loaded: Os | undefined;

/**
 * The operating system of this process: through node:ffi where Node has it, else through the package koffi if
 * it is installed, else one that can do nothing. Never throws; each ability says whether it is there and why.
 */
export function loadOs(): Os {
  loaded ??= load();
  return loaded;
}

function load(): Os {
  if (host.platform === "win32") return noOs(windowsReasons);
  if (host.platform !== "linux" && host.platform !== "darwin")
    return noOs(all(`no calls are known for ${host.platform ?? "this platform"}`));
  const found = withNative(osFrom);
  return typeof found === "string" ? noOs(all(found)) : found;
}

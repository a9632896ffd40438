// The options that have to do with the operating system, checked before anything is reserved or written.

import { AllocatorError, checkOptions, flagOption, type KnownOptions, type Os, show } from "../base/index.ts";
import { checkEngine, type Engine, type Heap } from "../memory/index.ts";

const abilities = ["hugePages", "decommit", "residency", "processes"] as const;
const calls = ["addressOf", "adviseHuge", "decommitRange", "residentBytes", "hugeBytes", "now"] as const;

function isAbility(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { available, reason } = value as { readonly available?: unknown; readonly reason?: unknown };
  return typeof available === "boolean" && typeof reason === "string";
}

/** @throws ERR_INVALID_OPTION for what has not the shape of an `Os` */
export function checkOs(given: unknown): Os | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== "object" || given === null)
    throw new AllocatorError("ERR_INVALID_OPTION", `os comes from loadOs(), got ${show(given)}`);
  const os = given as { readonly [K in keyof Os]: unknown };
  const wrong = [
    ...abilities.filter((name) => !isAbility(os[name])),
    ...calls.filter((name) => typeof os[name] !== "function"),
    ...(typeof os.hugePageBytes === "number" && os.hugePageBytes > 0 ? [] : ["hugePageBytes"]),
  ];
  if (wrong.length > 0) throw new AllocatorError("ERR_INVALID_OPTION", `os lacks ${wrong.join(", ")}`);
  return given as Os;
}

/**
 * What a heap may ask of the operating system. Pages of a file are not given back: MADV_DONTNEED would leave what was in them,
 * and a hole in the file would give up the space that was set aside, so that a full disk came as a signal.
 */
export function osFor({ process }: Heap, os: Os | undefined): Os | undefined {
  if (process === 0 || os === undefined) return os;
  const decommit = { available: false, reason: "the heap is in a file, whose space stays set aside" };
  return { ...os, decommit, decommitRange: () => false };
}

/** How a heap is joined. */
export interface AttachOptions {
  /** The operating system, from `loadOs()` of `offheap/os`. */
  readonly os?: Os;
  /** As of the heap's constructor; workers of one heap may differ. */
  readonly engine?: "auto" | "wasm" | "js";
}

const knownOfAttach: KnownOptions<AttachOptions> = { os: true, engine: true };

/** The options of `attach`. @throws ERR_INVALID_OPTION */
export function checkAttach(options: unknown): { os: Os | undefined; engine: Engine | "auto" } {
  const { os, engine } = checkOptions("attach", options, knownOfAttach);
  return { os: checkOs(os), engine: checkEngine(engine) };
}

/** @throws ERR_INVALID_OPTION; ERR_OS_UNAVAILABLE when huge pages are asked for and cannot be had */
export function checkHugePages(given: unknown, os: Os | undefined): boolean {
  if (!flagOption("hugePages", given)) return false;
  if (os === undefined) {
    throw new AllocatorError(
      "ERR_OS_UNAVAILABLE",
      "hugePages needs the operating system: pass os from loadOs()",
    );
  }
  if (!os.hugePages.available)
    throw new AllocatorError("ERR_OS_UNAVAILABLE", `no huge pages: ${os.hugePages.reason}`);
  return true;
}

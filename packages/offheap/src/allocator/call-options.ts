// The options of an allocator's calls, checked before anything is written.

import { checkOptions, flagOption, type KnownOptions } from "../base/index.ts";
import type { LiveObjects } from "../recovery/index.ts";

const knownOfCleanup: KnownOptions<{ all: boolean }> = { all: true };
const knownOfReap: KnownOptions<{ live: boolean }> = { live: true };

/** Whether a clean-up is to give back all. @throws ERR_INVALID_OPTION */
export function cleansAll(options: unknown): boolean {
  return flagOption("all", checkOptions("cleanup", options, knownOfCleanup).all);
}

/** What becomes of a dead worker's objects. @throws ERR_INVALID_OPTION */
export function liveOf(options: unknown): LiveObjects {
  return flagOption("live", checkOptions("reap", options, knownOfReap).live) ? "free" : "disown";
}

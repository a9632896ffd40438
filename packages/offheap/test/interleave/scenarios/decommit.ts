// Free chunks go to the operating system while others take them, give them back, or send them there, too.

import type { Address } from "#src/base/brands.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario } from "../../support/stepping/scenario.ts";
import { allocate, cleanUp, cleanUpAll, free, freeOldest, one, take } from "./common.ts";

const tiny = { ...one, slots: 2, roundLimit: 1 };

/** Two chunks were in use; they are free, and not zero. With `aged` they have been free for a while. */
function dirty(actor: Actor, aged: boolean): Address[] {
  const objects = take(actor, 4);
  for (const address of objects) actor.free(address);
  actor.call((slab) => slab.cleanup());
  if (aged) actor.slab["heap"].words[actor.slab["heap"].layout.agedAt] = -1;
  return objects;
}

export const decommitTake: Scenario<Address[]> = {
  name: "free chunks to the OS against a span taken",
  geometry: tiny,
  withOs: [0],
  mayRunOut: true,
  setup: ([a]) => dirty(a as Actor, false),
  programs: [[cleanUpAll], [allocate(), allocate(), allocate()]],
};

export const delayedTake: Scenario<Address[]> = {
  name: "delayed decommit against a span taken",
  geometry: tiny,
  withOs: [0],
  mayRunOut: true,
  setup: ([a]) => dirty(a as Actor, true),
  programs: [[cleanUp], [allocate(), freeOldest, cleanUp]],
};

export const decommitGiveBack: Scenario<Address[]> = {
  name: "free chunks to the OS against a span given back",
  geometry: tiny,
  withOs: [0],
  mayRunOut: true,
  setup: ([a, b]) => {
    dirty(a as Actor, false);
    return take(b as Actor, 2);
  },
  programs: [
    [cleanUpAll, allocate()],
    [free(0), free(1), cleanUp],
  ],
};

export const decommitDecommit: Scenario<Address[]> = {
  name: "two workers give the same chunks to the OS",
  geometry: tiny,
  withOs: [0, 1],
  mayRunOut: true,
  setup: ([a]) => dirty(a as Actor, true),
  programs: [[cleanUpAll, allocate()], [cleanUp]],
};

/** Runs of two chunks at a time. */
export const decommitRuns: Scenario<void> = {
  name: "runs of chunks to the OS against spans of two chunks",
  isLarge: true,
  geometry: { classes: [32_768], chunks: 16, slabChunks: 2, roundLimit: 1 },
  withOs: [0],
  mayRunOut: true,
  setup: ([a]) => {
    for (const address of take(a as Actor, 8, 32_768)) (a as Actor).free(address, 32_768);
    (a as Actor).call((slab) => slab.cleanup());
  },
  programs: [[cleanUpAll], [allocate(32_768), allocate(32_768), freeOldest, cleanUp]],
};

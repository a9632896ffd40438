// Slabs come and go while others use their class, or take their chunks.

import type { Address } from "#src/base/brands.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario } from "../../support/stepping/scenario.ts";
import { allocate, cleanUp, free, freeOldest, one, take } from "./common.ts";

export const giveBackFree: Scenario<Address[]> = {
  name: "empty slab given back while another worker frees into that class",
  geometry: { ...one, slots: 2, roundLimit: 1 },
  setup: ([a, b]) => {
    const objects = take(a as Actor, 4);
    (b as Actor).free(objects[0] as Address);
    (b as Actor).free(objects[1] as Address);
    return objects;
  },
  programs: [
    [cleanUp, allocate()],
    [free(2), cleanUp],
  ],
};

export const periodicCleanUp: Scenario<Address[]> = {
  name: "periodic clean-up against refill",
  geometry: { ...one, slots: 2, roundLimit: 1, cleanupInterval: 1 },
  setup: ([a]) => take(a as Actor, 4),
  programs: [
    [free(0), free(1), free(2)],
    [allocate(), allocate()],
  ],
};

export const cleanUpAllocate: Scenario<Address[]> = {
  name: "clean-up against allocate",
  geometry: { ...one, slots: 2, roundLimit: 1 },
  setup: ([a]) => {
    const objects = take(a as Actor, 4);
    for (const address of objects) (a as Actor).free(address);
    return objects;
  },
  programs: [[cleanUp], [allocate(), allocate(), allocate()]],
};

export const spanReuse: Scenario<Address[]> = {
  name: "span given back against span taken for another class",
  isLarge: true,
  geometry: { classes: [64, 128], chunks: 1, slots: 2, roundLimit: 1 },
  mayRunOut: true,
  setup: ([a]) => take(a as Actor, 1),
  programs: [
    [free(0), cleanUp, allocate(64)],
    [allocate(128), freeOldest, cleanUp],
  ],
};

/** Each of the two slabs has one slot free and one in the first worker's magazine when that turns to another class. */
export const pinnedReuse: Scenario<Address[]> = {
  name: "slabs that rounds keep, given up for another class, against allocate in theirs",
  geometry: { classes: [64, 128], chunks: 3, slots: 2, roundLimit: 2 },
  mayRunOut: true,
  setup: ([a]) => {
    const objects = take(a as Actor, 4);
    for (const index of [0, 2, 1, 3]) (a as Actor).free(objects[index] as Address);
    return objects;
  },
  programs: [
    [allocate(128), allocate()],
    [allocate(), freeOldest],
  ],
};

/** More chunks than a word of a set has bits, so that the upper levels decide what is found. */
export const secondWord: Scenario<Address[]> = {
  name: "the last chunk taken against the first given back",
  geometry: { classes: [65_536], chunks: 33, roundLimit: 1, slabChunks: 1 },
  setup: ([a]) => take(a as Actor, 32, 65_536),
  programs: [[allocate(65_536)], [free(0), cleanUp]],
};

export const longSpans: Scenario<void> = {
  name: "spans of two chunks against each other",
  isLarge: true,
  geometry: { classes: [32_768], chunks: 7 },
  programs: [
    [allocate(32_768), freeOldest, cleanUp],
    [allocate(32_768), allocate(32_768)],
  ],
};

// Hints that mislead, as races and deaths leave them: whoever follows one takes it away, and must not take away the
// same hint of a slab that came meanwhile.

import { ChunkSet } from "#src/arena/chunk-set.js";
import type { Address, ChunkIndex } from "#src/base/brands.js";
import { chunkSetAt } from "#src/layout/offsets.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario } from "../../support/stepping/scenario.ts";
import { allocate, cleanUp, free, freeOldest, one, take } from "./common.ts";

/** Sets of chunks by their number in the layout. */
const freeSet = 0;
const emptySet = 1;
const partialSet = 2;

function mislead(actor: Actor, set: number, chunk: number): void {
  const { heap, layout } = actor.books();
  new ChunkSet(heap, chunkSetAt(layout, set)).add(chunk as ChunkIndex);
}

export const busyCalledEmpty: Scenario<Address[]> = {
  name: "clean-up of a slab in use that is said to be empty, against its refill",
  geometry: { ...one, slots: 6, chunks: 1 },
  mayRunOut: true,
  setup: ([a]) => {
    const objects = take(a as Actor, 2);
    mislead(a as Actor, emptySet, 0);
    return objects;
  },
  programs: [[cleanUp], [allocate(), allocate(), freeOldest]],
};

export const freeCalledEmpty: Scenario<Address[]> = {
  name: "clean-up of a free chunk that is said to be an empty slab, against its use",
  geometry: { ...one, chunks: 2, slots: 2, roundLimit: 1 },
  setup: ([a, b]) => {
    const [first, second, ...others] = take(b as Actor, 4);
    (b as Actor).free(first as Address);
    (b as Actor).free(second as Address);
    (b as Actor).call((slab) => slab.cleanup());
    mislead(a as Actor, emptySet, 0);
    return others;
  },
  programs: [[cleanUp], [allocate(), freeOldest, free(0)]],
};

export const takenCalledFree: Scenario<Address[]> = {
  name: "a taken chunk that is said to be free, against its being given back",
  geometry: { classes: [64, 128], chunks: 2, slots: 2, roundLimit: 1 },
  setup: ([a, b]) => {
    const objects = take(b as Actor, 1);
    mislead(a as Actor, freeSet, 0);
    return objects;
  },
  programs: [[allocate(128)], [free(0), cleanUp]],
};

export const strangerCalledPartial: Scenario<Address[]> = {
  name: "a slab of another class that is said to be of this one, against its becoming that",
  geometry: { classes: [64, 128], chunks: 2, slots: 4, roundLimit: 1 },
  mayRunOut: true,
  setup: ([a, b]) => {
    const objects = take(b as Actor, 1, 128);
    mislead(a as Actor, partialSet, 0);
    return objects;
  },
  programs: [[allocate(64)], [free(0), cleanUp, allocate(64)]],
};

// A slab that a dead worker has claimed and nobody has reaped yet: nothing can go home to it, so frees become
// strays, drains pass it by, and a worker that leaves leaves slots behind.

import { claimClaimed, claimUnclaimed, classOf, lengthOf } from "#src/arena/claim.js";
import type { Address } from "#src/base/brands.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario } from "../../support/stepping/scenario.ts";
import { allocate, attach, cleanUp, free, freeOldest, one, take } from "./common.ts";

/** The slab at a chunk is claimed by the actor, as if it had died or been stopped just then. */
export function hold(actor: Actor, chunk: number): void {
  const { words, layout } = actor.books();
  const claim = words[layout.claimsAt + chunk] as number;
  words[layout.claimsAt + chunk] = claimClaimed(classOf(claim), lengthOf(claim), actor.place);
}

function letGo(actor: Actor, chunk: number): void {
  const { words, layout } = actor.books();
  const claim = words[layout.claimsAt + chunk] as number;
  words[layout.claimsAt + chunk] = claimUnclaimed(classOf(claim), lengthOf(claim));
}

export const strayFree: Scenario<Address[]> = {
  name: "frees that become strays, against another's",
  geometry: { ...one, chunks: 1, slots: 6, roundLimit: 1 },
  victims: [2],
  setup: ([a, b, c]) => {
    const objects = take(b as Actor, 5);
    (a as Actor).free(objects[0] as Address);
    hold(c as Actor, 0);
    return objects;
  },
  programs: [[free(1), free(2)], [free(3), free(4), cleanUp], []],
};

export const scatteredDrain: Scenario<Address[]> = {
  name: "a drain that passes a claimed slab by, against allocations",
  victims: [2],
  geometry: { ...one, slots: 6, roundLimit: 3 },
  setup: ([a, b, c]) => {
    const objects = take(b as Actor, 12);
    for (const i of [0, 6, 7]) (a as Actor).free(objects[i] as Address);
    hold(c as Actor, 0);
    return objects;
  },
  programs: [[free(1), free(8), free(9)], [allocate(), allocate(), freeOldest], []],
};

/** The oldest round's slab is claimed, the next two are not: they are held together until both are counted. */
export const twoHeld: Scenario<Address[]> = {
  name: "a drain that holds two slabs at a time, against allocations",
  mayRunOut: true,
  victims: [2],
  geometry: { ...one, roundLimit: 4 },
  setup: ([a, b, c]) => {
    const objects = take(b as Actor, 12);
    for (const i of [0, 4, 8, 5]) (a as Actor).free(objects[i] as Address);
    hold(c as Actor, 0);
    return objects;
  },
  programs: [[free(9)], [allocate(), freeOldest, allocate()], []],
};

/** A worker that left while its slots could not go home; they can now. */
function leave([a, b, c]: readonly Actor[], free: number): Address[] {
  const objects = take(a as Actor, 4);
  for (const address of objects.splice(0, free)) (c as Actor).free(address);
  hold(b as Actor, 0);
  (c as Actor).slab.detach();
  letGo(b as Actor, 0);
  return objects;
}

const left = { geometry: { ...one, chunks: 1, maxWorkers: 4 }, attached: [0, 1, 2] };

export const leftoverCleanUp: Scenario<Address[]> = {
  ...left,
  name: "what a worker left behind is brought home by two clean-ups",
  setup: (actors) => leave(actors, 1),
  programs: [[cleanUp], [cleanUp], []],
};

export const leftoverAttach: Scenario<Address[]> = {
  ...left,
  name: "what a worker left behind is brought home, against attach to its place",
  geometry: { ...one, chunks: 1, maxWorkers: 3 },
  mayRunOut: true,
  setup: (actors) => leave(actors, 2),
  programs: [[cleanUp], [], [], [attach, (actor) => actor.results[0] === "attached" && actor.allocate(64)]],
};

export const leftoverLast: Scenario<Address[]> = {
  ...left,
  name: "the last slots are what a worker left behind",
  setup: (actors) => leave(actors, 2),
  programs: [[allocate(), allocate(), free(0)], [], []],
};

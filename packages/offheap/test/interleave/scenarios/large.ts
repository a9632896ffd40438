// Objects with a span of their own, and what they share the chunks with.

import type { Address, WorkerId } from "#src/base/brands.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { allocate, cleanUp, detach, free, freeOldest, take } from "./common.ts";
import { freedExactlyOnce, pool, resize, runBytes } from "./runs.ts";

const chunk = 65_536;
/** Beyond the 4 pages of a page span an object has a span of its own. */
const span = 2 * chunk;
const large = { ...pool, chunks: 3 } as const;

const freeFirst: Step<Address[]> = (actor, [address]) => actor.freeIllegally(address as Address);

export const allocateLarge: Scenario<void> = {
  name: "large object against large object for the same chunks",
  geometry: large,
  mayRunOut: true,
  programs: [
    [allocate(span), freeOldest],
    [allocate(chunk + 4), freeOldest],
  ],
};

export const freeAllocateLarge: Scenario<Address[]> = {
  name: "free of a large object against allocate of slots and page runs",
  geometry: large,
  mayRunOut: true,
  setup: ([a]) => take(a as Actor, 1, 3 * chunk),
  programs: [[free(0)], [allocate(64), allocate(runBytes)]],
};

export const doubleFreeLarge: Scenario<Address[]> = {
  name: "racing double free of a large object",
  geometry: large,
  isIllegal: true,
  setup: ([a]) => take(a as Actor, 1, span),
  programs: [[freeFirst], [freeFirst]],
  verify: freedExactlyOnce,
};

export const resizeLarge: Scenario<Address[]> = {
  name: "large object made longer and shorter against a slot",
  geometry: { ...large, chunks: 4 },
  mayRunOut: true,
  programs: [
    [allocate(span), resize(3 * chunk), resize(span)],
    [allocate(64), freeOldest, cleanUp],
  ],
};

interface Corpse {
  readonly id: WorkerId;
  readonly objects: Address[];
}

const reap: Step<Corpse> = (actor, { id }) => actor.call((slab) => slab.reap(id));

const reaping = {
  geometry: { ...large, chunks: 5 },
  setup: ([, , c]: readonly Actor[]): Corpse => {
    const dead = c as Actor;
    const objects = [...take(dead, 1, span), ...take(dead, 2, runBytes)];
    return { id: dead.slab.workerId, objects };
  },
  victims: [2],
  startsAfter: { 0: [2], 1: [2] },
  isDeathless: true,
} as const;

const ofDead =
  (index: number): Step<Corpse> =>
  (actor, { objects }) =>
    actor.free(objects[index] as Address);

export const reapFreeLarge: Scenario<Corpse> = {
  ...reaping,
  name: "reap against free of the dead worker's large objects",
  programs: [[ofDead(0), ofDead(1)], [reap], []],
};

export const reapAdoptLarge: Scenario<Corpse> = {
  ...reaping,
  name: "reap against adopt of large objects, and detach",
  programs: [
    [
      (actor, { objects }) => actor.call((slab) => slab.adopt(objects[0] as Address)),
      (actor, { objects }) => actor.call((slab) => slab.adopt(objects[1] as Address)),
      detach,
    ],
    [reap],
    [],
  ],
};

export const reapResizeLarge: Scenario<Corpse> = {
  ...reaping,
  name: "reap against a resize of the dead worker's large object",
  geometry: { ...large, chunks: 6 },
  programs: [
    [
      (actor, { objects }) => {
        actor.mine.push(objects[0] as Address);
        actor.resizeOldest(3 * chunk);
      },
    ],
    [reap],
    [],
  ],
};

/** What one adopts of a dead worker's while another frees all that is that one's: adopted or freed, never both. */
export const reapFreesAdopted: Scenario<Corpse> = {
  ...reaping,
  name: "adopt of large objects against a reap that frees them",
  isIllegal: true,
  programs: [
    [0, 1].map(
      (i) =>
        (actor, { objects }) =>
          actor.call((slab) => slab.adopt(objects[i] as Address)),
    ),
    [
      (actor, { id }) => {
        actor.abandon(2);
        actor.call((slab) => slab.reap(id, { live: true }));
      },
    ],
    [],
  ],
};

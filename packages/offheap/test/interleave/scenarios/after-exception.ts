// An exception passes through a worker, and its next call is not a clean-up but what its program goes on with. Each
// call that follows is one that must repair first.

import type { Address } from "#src/base/brands.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario } from "../../support/stepping/scenario.ts";
import { allocate, cleanUp, detach, free, one, take } from "./common.ts";

const tight: Pick<Scenario<Address[]>, "geometry" | "setup" | "mayRunOut" | "goesOn"> = {
  geometry: { ...one, slots: 3, roundLimit: 1 },
  mayRunOut: true,
  goesOn: "from moving",
  setup: ([a, b]) => {
    const objects = take(b as Actor, 6);
    (a as Actor).free(objects.pop() as Address);
    return objects;
  },
};

const reapThird = (actor: Actor): void => actor.reap(2);

/** The third worker is dead: with objects, and slots it had cached. */
const withCorpse: Pick<Scenario<Address[]>, "setup" | "victims" | "startsAfter"> = {
  victims: [2],
  startsAfter: { 0: [2] },
  setup: ([a, b, c]) => {
    const objects = take(b as Actor, 4);
    const [own] = take(c as Actor, 2);
    (c as Actor).free(own as Address);
    (a as Actor).free(objects.pop() as Address);
    return objects;
  },
};

export const afterException: readonly Scenario<Address[]>[] = [
  { ...tight, name: "an exception, then frees", programs: [[free(0), free(1), free(2), free(3)], []] },
  {
    ...tight,
    name: "an exception, then allocations",
    programs: [[allocate(), allocate(), allocate(), allocate()], []],
  },
  {
    ...tight,
    name: "an exception, then the other call",
    goesOn: "from anywhere",
    programs: [[allocate(), free(0), allocate(), free(1), allocate(), free(2)], []],
  },
  {
    ...tight,
    ...withCorpse,
    name: "an exception, then a reap",
    programs: [[cleanUp, reapThird, allocate()], [], []],
  },
  {
    ...tight,
    ...withCorpse,
    name: "an exception in a reap, then allocations",
    programs: [[reapThird, allocate(), allocate(), allocate()], [], []],
  },
  {
    ...tight,
    ...withCorpse,
    name: "an exception in a reap, then a detach",
    programs: [[reapThird, detach, cleanUp, cleanUp], [], []],
  },
];

/** Objects that are in magazine and slab, by turns. */
function returned(actor: Actor): void {
  const objects = take(actor, 4);
  for (const index of [0, 2, 1, 3]) actor.free(objects[index] as Address);
}

/** And then it dies, in a call that needs no slow half: what such a call had done is settled all the same. */
const thenDies: Pick<Scenario<Address[]>, "geometry" | "mayRunOut" | "goesOn" | "victims"> = {
  victims: [0],
  geometry: { classes: [64, 128], chunks: 3, slots: 2, roundLimit: 2 },
  mayRunOut: true,
  goesOn: "from moving",
};

export const afterExceptionDeath: readonly Scenario<Address[]>[] = [
  {
    ...thenDies,
    name: "an exception, then a death in an allocation",
    setup: ([a]) => {
      returned(a as Actor);
      return [];
    },
    programs: [[allocate(), allocate(128), allocate()], []],
  },
  {
    ...thenDies,
    name: "an exception, then a death in a free",
    setup: ([a]) => {
      returned(a as Actor);
      return take(a as Actor, 2);
    },
    programs: [[allocate(), allocate(128), free(0), allocate(), free(1)], []],
  },
];

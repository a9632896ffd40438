// The place of a worker whose thread is known to have ended, taken by one that attaches when no other is free.

import type { Address, WorkerPlace } from "#src/base/brands.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { allocate, attach, cleanUp, detach, freeOldest, one, take } from "./common.ts";
import { pool, runBytes } from "./runs.ts";

/** Places are had in the order in which the setup attaches: the first actor's, then the dead worker's. */
const deadPlace = 2 as WorkerPlace;

/** The host has said that the dead worker's thread has ended. */
const markGone: Step<unknown> = (actor) =>
  actor.call((slab) => {
    const { workers } = slab["slow"];
    workers.markGone(deadPlace, workers.read(deadPlace).token);
  });

/** Attaches if there is a place, and then works. */
const attachAnd =
  (...steps: readonly Step<unknown>[]): Step<unknown> =>
  (actor) => {
    attach(actor, undefined);
    if (actor.results.at(-1) === "attached") for (const step of steps) step(actor, undefined);
  };

/** What the dead worker leaves: objects, rounds, a slot of another's. */
function legacy(a: Actor, c: Actor): Address[] {
  const objects = take(c, 3);
  const [other] = take(a, 1) as [Address];
  c.free(objects[0] as Address);
  c.free(other);
  return objects;
}

const inheriting = {
  geometry: { ...one, slots: 6, maxWorkers: 2 },
  attached: [0, 2],
  setup: ([a, , c]: readonly Actor[]) => legacy(a as Actor, c as Actor),
  victims: [2],
};

export const inheritReap: Scenario<Address[]> = {
  ...inheriting,
  name: "attach to the place of a thread that has ended, against its reap",
  startsAfter: { 0: [2], 1: [2] },
  programs: [[markGone, (actor) => actor.reap(2)], [attachAnd(allocate(), cleanUp)], []],
};

export const inheritFree: Scenario<Address[]> = {
  ...inheriting,
  name: "attach to the place of a thread that has ended, against frees of its objects",
  startsAfter: { 0: [2], 1: [2] },
  programs: [
    [
      markGone,
      (actor, objects) => actor.free(objects[1] as Address),
      (actor, objects) => actor.free(objects[2] as Address),
    ],
    [attachAnd(allocate(), detach)],
    [],
  ],
};

export const inheritInherit: Scenario<Address[]> = {
  ...inheriting,
  name: "two that attach to one place of a thread that has ended",
  startsAfter: { 0: [2], 1: [0], 3: [0] },
  programs: [[markGone], [attachAnd(allocate())], [], [attachAnd(allocate())]],
  verify: (actors) => {
    const came = actors.filter(({ results }) => results[0] === "attached").length;
    return came === 1 ? undefined : `${came} workers have the place`;
  },
};

/** What the dead worker was doing. */
const lastDeeds: Record<string, readonly Step<Address[]>[]> = {
  "an allocation": [allocate(), allocate(), allocate()],
  "a free": [(actor, [, second]) => actor.free(second as Address), cleanUp],
  "a clean-up": [cleanUp],
  "a detach": [detach],
};

export const heirs: readonly Scenario<Address[]>[] = Object.entries(lastDeeds).map(([deed, program]) => ({
  ...inheriting,
  name: `death in ${deed}, and of who attaches to the place`,
  geometry: { ...one, slots: 3, roundLimit: 1, maxWorkers: 2 },
  mayRunOut: true,
  victims: [1, 2],
  startsAfter: { 0: [2], 1: [0] },
  programs: [[markGone], [attachAnd(allocate())], program],
}));

/** The dead worker was reaping another. */
export const heirOfReaper: Scenario<Address[]> = {
  ...inheriting,
  name: "death of a reaper, and of who attaches to its place",
  geometry: { ...one, slots: 6, maxWorkers: 3 },
  attached: [0, 2, 3],
  setup: ([a, , , d]) => legacy(a as Actor, d as Actor),
  victims: [1, 2, 3],
  startsAfter: { 2: [3], 0: [2], 1: [0] },
  programs: [[markGone], [attachAnd(allocate())], [(actor) => actor.reap(3)], []],
};

/** The dead worker's large objects: half allocated, half freed. */
export const heirOfLarge: Scenario<Address[]> = {
  ...inheriting,
  name: "death in large objects, and of who attaches to the place",
  geometry: { ...pool, chunks: 4, maxWorkers: 2 },
  mayRunOut: true,
  setup: ([, , c]) => take(c as Actor, 1, runBytes),
  victims: [1, 2],
  startsAfter: { 0: [2], 1: [0] },
  programs: [
    [markGone],
    [attachAnd(allocate(runBytes))],
    [(actor, [run]) => actor.free(run as Address), allocate(2 * 65_536), freeOldest],
  ],
};

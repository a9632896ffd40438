// Workers come, go, die, and are reaped, while others work.

import type { Address, WorkerId } from "#src/base/brands.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { allocate, attach, cleanUp, detach, free, one, take } from "./common.ts";

export const attachAttach: Scenario<void> = {
  name: "attach against attach",
  geometry: { ...one, maxWorkers: 2 },
  attached: [],
  programs: [
    [attach, allocate()],
    [attach, allocate()],
  ],
  verify: (actors) => {
    const came = actors.filter(({ results }) => results[0] === "attached").length;
    return came === 2 ? undefined : `${came} of 2 workers could attach`;
  },
};

export const attachDetach: Scenario<void> = {
  name: "attach against detach",
  geometry: { ...one, maxWorkers: 2 },
  attached: [1],
  setup: ([, b]) => {
    const objects = take(b as Actor, 3);
    (b as Actor).free(objects[0] as Address);
  },
  programs: [
    [attach, allocate()],
    [allocate(), detach],
  ],
};

export const detachDetach: Scenario<Address[]> = {
  name: "detach against detach",
  geometry: { ...one, chunks: 1, slots: 6 },
  setup: ([a, b]) => {
    const objects = take(a as Actor, 4);
    (a as Actor).free(objects[0] as Address);
    (b as Actor).free(objects[1] as Address);
    return objects;
  },
  programs: [[detach], [detach]],
};

/** A third worker, dead: with objects, cached slots and a stale place. */
function corpse([a, b, c]: readonly Actor[]): { id: WorkerId; objects: Address[] } {
  const objects = take(c as Actor, 3);
  const others = take(a as Actor, 2);
  (c as Actor).free(objects[0] as Address);
  (c as Actor).free(others[0] as Address);
  (b as Actor).free(others[1] as Address);
  return { id: (c as Actor).slab.workerId, objects };
}

type Corpse = ReturnType<typeof corpse>;

const reap: Step<Corpse> = (actor, { id }) => actor.call((slab) => slab.reap(id));

const freeOfDead =
  (index: number): Step<Corpse> =>
  (actor, { objects }) =>
    actor.free(objects[index] as Address);

const reaping = {
  geometry: { ...one, slots: 6 },
  setup: corpse,
  victims: [2],
  startsAfter: { 0: [2], 1: [2] },
};

export const reapAllocate: Scenario<Corpse> = {
  ...reaping,
  name: "reap against allocate",
  programs: [[allocate(), allocate(), allocate()], [reap], []],
};

export const reapFree: Scenario<Corpse> = {
  ...reaping,
  name: "reap against free of the dead worker's objects",
  programs: [[freeOfDead(1), freeOfDead(2), cleanUp], [reap], []],
};

export const reapAdopt: Scenario<Corpse> = {
  ...reaping,
  name: "reap against adopt and detach",
  programs: [
    [(actor, { objects }) => actor.call((slab) => slab.adopt(objects[1] as Address)), detach],
    [reap],
    [],
  ],
  verify: ([a, b]) =>
    a?.results[0] === "done" && b?.results[0] === "done" ? undefined : "adopt or reap failed",
};

export const reapReap: Scenario<Corpse> = {
  ...reaping,
  name: "two reaps of one worker",
  programs: [[reap], [reap], []],
};

export const destroyAttach: Scenario<void> = {
  name: "destroy against attach",
  geometry: { ...one, roundLimit: 4 },
  attached: [0],
  isDestroyed: true,
  programs: [
    [(actor) => actor.call((slab) => slab.destroy())],
    [attach, (actor) => actor.results[0] === "attached" && actor.call((slab) => slab.allocate(64))],
  ],
  verify: ([a, b]) => {
    if (a?.results[0] !== "done") return undefined;
    const fine = ["attached,done", "attached,ERR_DETACHED", "ERR_DETACHED"];
    const results = b?.results.join() ?? "";
    if (!fine.includes(results)) return `the other worker: ${results}`;
    if (!results.startsWith("attached")) return undefined;
    // Its magazine may hold rounds; the heap is gone all the same.
    b?.call((slab) => slab.allocate(64));
    return b?.results.at(-1) === "ERR_DETACHED" ? undefined : "a destroyed heap allocates";
  },
};

export const leftovers: Scenario<Address[]> = {
  name: "detach with its slab claimed, attach, and the last slots",
  geometry: { ...one, chunks: 1, slots: 3, maxWorkers: 3 },
  attached: [0, 1],
  mayRunOut: true,
  setup: ([a, b]) => {
    const objects = take(a as Actor, 3);
    (a as Actor).free(objects[0] as Address);
    (b as Actor).free(objects[1] as Address);
    return objects;
  },
  programs: [[detach], [cleanUp], [attach, allocate(), allocate()]],
};

export const adoptFree: Scenario<Address[]> = {
  name: "adopt against free, and against another adopt",
  geometry: { ...one, chunks: 1 },
  setup: ([, b]) => take(b as Actor, 2),
  programs: [
    [0, 1].map((i) => (actor, objects) => actor.call((slab) => slab.adopt(objects[i] as Address))),
    [free(0), (actor, objects) => actor.call((slab) => slab.adopt(objects[1] as Address))],
  ],
  verify: ([a]) => (a?.results[1] === "done" ? undefined : "adopt of a live object failed"),
};

export const reapLiveAdopt: Scenario<Corpse> = {
  ...reaping,
  name: "reap that frees objects against adopt",
  programs: [
    [(actor, { objects }) => actor.call((slab) => slab.adopt(objects[1] as Address))],
    [
      (actor, { id }) => {
        actor.abandon(2);
        actor.call((slab) => slab.reap(id, { live: true }));
      },
    ],
    [],
  ],
  verify: ([a], { objects }) => {
    if (a?.results[0] !== "done") return undefined;
    a.call((slab) => slab.sizeOf(objects[1] as Address));
    return a.results.at(-1) === "done" ? undefined : "an adopted object was freed";
  },
};

/** As a death in the middle of a reap leaves it: the second worker was reaping the third. */
export const reaperReaped: Scenario<Corpse> = {
  ...reaping,
  name: "reap of a reaper against allocate",
  victims: [1, 2],
  startsAfter: { 0: [1, 2], 3: [1, 2] },
  setup: (actors) => {
    const dead = corpse(actors);
    const [, reaper, victim] = actors as [Actor, Actor, Actor];
    const { wide, layout } = reaper.books();
    const at = layout.workersAt / 2 + victim.place;
    wide[at] = ((wide[at] as bigint) & ~511n) | 2n | (BigInt(reaper.place) << 2n);
    return dead;
  },
  programs: [[(actor) => actor.reap(1)], [], [], [allocate(), allocate()]],
};

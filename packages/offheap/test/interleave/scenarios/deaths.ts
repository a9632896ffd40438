// Deaths: of a worker in the middle of anything, of its reaper, of the reaper's reaper; and what comes after.
// Worker 0 dies first; worker n starts when worker n − 1 is dead, and reaps it.

import type { Address } from "#src/base/brands.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { scenarios } from "./all.ts";
import { allocate, attach, cleanUp, detach, freeOldest, one, take } from "./common.ts";
import { hold, scatteredDrain, strayFree, twoHeld } from "./held.ts";
import { moveStray } from "./moves.ts";
import { reaperReaped } from "./workers.ts";

/** What the dead worker was doing: each reaches another part of the slow half. */
const lastDeeds: Record<string, readonly Step<Address[]>[]> = {
  "an allocation that refills": [allocate()],
  "an allocation that builds": [allocate(), allocate(), allocate(), allocate(), allocate()],
  "a free that drains": [(actor, [, address]) => actor.free(address as Address)],
  "a clean-up": [cleanUp],
  "a detach": [detach],
};

const lastWords: Pick<Scenario<Address[]>, "geometry" | "setup" | "mayRunOut"> = {
  geometry: { ...one, slots: 3, roundLimit: 1 },
  mayRunOut: true,
  setup: ([a, b]) => {
    const objects = take(a as Actor, 4);
    (a as Actor).free(objects[0] as Address);
    const [other] = take(b as Actor, 1);
    (b as Actor).free(other as Address);
    return objects;
  },
};

/** Reaps the worker before this one, and the one before that, which is then an empty report. */
const reapBefore =
  (...workers: number[]): Step<unknown> =>
  (actor) => {
    for (const worker of workers) actor.reap(worker);
  };

export const reaperDies: readonly Scenario<Address[]>[] = Object.entries(lastDeeds).map(
  ([deed, program]) => ({
    ...lastWords,
    name: `death in ${deed}, and of its reaper`,
    victims: [0, 1],
    startsAfter: { 1: [0], 2: [1] },
    programs: [program, [reapBefore(0)], [reapBefore(1, 0), allocate()]],
  }),
);

/** The first death leaves the only slab claimed, so that nothing can go home: frees become strays. */
export const strayDies: Scenario<Address[]> = {
  ...lastWords,
  name: "death while the slab is claimed by a dead worker",
  geometry: { ...one, chunks: 1, slots: 6, roundLimit: 1 },
  setup: ([, b]) => {
    const objects = take(b as Actor, 4);
    (b as Actor).free(objects[0] as Address);
    return objects;
  },
  victims: [0, 1],
  startsAfter: { 1: [0], 2: [1] },
  programs: [
    [allocate()],
    [
      (actor, [, first]) => actor.free(first as Address),
      (actor, [, , second]) => actor.free(second as Address),
    ],
    [reapBefore(1, 0), allocate()],
  ],
};

export const heirDies: Scenario<Address[]> = {
  ...lastWords,
  name: "death of a reaper, and of the one that takes over",
  victims: [0, 1, 2],
  startsAfter: { 1: [0], 2: [1], 3: [2] },
  programs: [[allocate()], [reapBefore(0)], [reapBefore(1, 0)], [reapBefore(2, 1, 0), allocate()]],
};

/** The place is taken again while, or as soon as, its last worker is reaped; the late reap finds nothing. */
export const placeTakenAgain: Scenario<Address[]> = {
  ...lastWords,
  name: "death of a worker whose place is taken again at once",
  geometry: { ...one, slots: 3, roundLimit: 1, maxWorkers: 2 },
  attached: [0, 1],
  victims: [0],
  startsAfter: { 1: [0], 2: [0] },
  programs: [
    [allocate(), (actor, [, address]) => actor.free(address as Address)],
    [reapBefore(0), reapBefore(0), allocate()],
    [attach, (actor) => actor.results[0] === "attached" && actor.allocate(64)],
  ],
};

export const reapWithObjects: Scenario<Address[]> = {
  ...lastWords,
  name: "reap that frees the dead worker's objects, but not the adopted",
  victims: [0],
  startsAfter: { 1: [0] },
  programs: [
    [allocate(), freeOldest, allocate(), (actor, [, address]) => actor.free(address as Address)],
    [
      (actor, [, , address]) => actor.adopt(address as Address),
      (actor) => actor.reapWithObjects(0),
      allocate(),
    ],
  ],
};

export const reaperWithObjectsDies: Scenario<Address[]> = {
  ...lastWords,
  name: "death in a reap that frees objects",
  victims: [0, 1],
  startsAfter: { 1: [0], 2: [1] },
  programs: [[allocate()], [(actor) => actor.reapWithObjects(0)], [reapBefore(1, 0), allocate()]],
};

/** The same, whoever it reaps was dead from the start: fewer schedules. */
const corpseObjects: Scenario<Address[]> = {
  ...lastWords,
  name: "death in a reap that frees objects, of a worker that died at rest",
  victims: [0, 1],
  startsAfter: { 1: [0] },
  setup: ([a, b]) => {
    const objects = take(a as Actor, 5);
    (a as Actor).free(objects[0] as Address);
    (b as Actor).free(objects[1] as Address);
    return objects;
  },
  programs: [[], [(actor) => actor.reapWithObjects(0)]],
};

/** A free that becomes a stray, as the slab is held by a worker that died: cut short, and then its reaper. */
export const strayReaped: Scenario<Address[]> = {
  ...lastWords,
  name: "death in a free that becomes a stray, and of its reaper",
  geometry: { ...one, chunks: 1, slots: 6, roundLimit: 1 },
  victims: [0, 1, 3],
  startsAfter: { 1: [0], 2: [1] },
  setup: ([a, b, , d]) => {
    const objects = take(b as Actor, 5);
    (a as Actor).free(objects[0] as Address);
    hold(d as Actor, 0);
    return objects;
  },
  programs: [
    [(actor, [, first]) => actor.free(first as Address)],
    [reapBefore(0), (actor, [, , second]) => actor.free(second as Address)],
    [reapBefore(1, 0), allocate()],
    [],
  ],
};

/** One death each, of a worker that meets what a death before has left. */
export const secondDeaths: readonly Scenario<never>[] = [
  ...([strayFree, scatteredDrain, twoHeld, moveStray] as const).map((scenario) => ({
    ...scenario,
    victims: [0, 2],
  })),
  corpseObjects,
  strayReaped,
  { ...reaperReaped, victims: [0, 1, 2] },
].map((scenario) => ({ ...scenario, name: `second death: ${scenario.name}`, mayRunOut: true }) as never);

/** The scenarios without deaths, with worker `victim` to die in them. */
export function withDeath(victim: number): readonly Scenario<never>[] {
  return scenarios
    .filter(
      ({ victims, isIllegal, isDestroyed, isDeathless }) =>
        victims === undefined && isIllegal !== true && isDestroyed !== true && isDeathless !== true,
    )
    .map(({ verify: _verify, ...scenario }) => ({
      ...scenario,
      name: `death of worker ${victim}: ${scenario.name}`,
      victims: [victim],
      mayRunOut: true,
    }));
}

/** The scenarios, as an exception may pass through any worker in them. */
export function withException(): readonly Scenario<never>[] {
  return scenarios
    .filter(
      ({ isIllegal, isDestroyed, isDeathless }) =>
        isIllegal !== true && isDestroyed !== true && isDeathless !== true,
    )
    .map(({ verify: _verify, ...scenario }) => ({
      ...scenario,
      name: `exception: ${scenario.name}`,
      mayRunOut: true,
    }));
}

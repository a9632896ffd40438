// An exception passes through a worker of a pool, and its next call is not a clean-up but what its program goes on with.
// Only calls that end in their slow halves: in the fast ones no exception can pass where these would have one.

import type { Address, WorkerId } from "#src/base/brands.js";
import { journal, writeJournal } from "#src/worker/journal.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { allocate, cleanUp, detach, freeOldest, take, takeWanted } from "./common.ts";
import { beforeReset, resetAll, span } from "./large-deaths.ts";
import { pool, resize, runBytes } from "./runs.ts";

const chunk = 65_536;
const geometry = { ...pool, chunks: 6, roundLimit: 2 } as const;

/** Nothing that is allocated after it goes by what is left of the reset. */
export const resetThrown: Scenario<Address[]> = {
  name: "an exception in a reset, then allocations",
  geometry: { ...pool, chunks: 6, roundLimit: 2 },
  goesOn: "from resetting",
  setup: beforeReset,
  programs: [[resetAll, allocate(64), allocate(runBytes), allocate(64), freeOldest], []],
};

/** The reset was cut short at its first access: all of it is left to the reaper. */
export const resetReapThrown: Scenario<WorkerId> = {
  name: "an exception in a reap that ends a reset",
  geometry: { ...pool, chunks: 6, roundLimit: 2 },
  victims: [0],
  startsAfter: { 1: [0] },
  setup: (actors) => {
    beforeReset(actors);
    const dead = actors[0] as Actor;
    writeJournal(dead.books().heap, dead.place, journal.resetting);
    return dead.slab.workerId;
  },
  programs: [[], [(actor, id) => actor.resetAll((slab) => slab.reap(id))]],
};

const receive: Step<Address[]> = (actor, objects) => {
  actor.mine.push(...objects);
};

const goesOn = { geometry, goesOn: "from anywhere", mayRunOut: true } as const;

/** Each call repairs first what the one before may have left. */
export const largeGoOn: readonly Scenario<Address[]>[] = [
  {
    ...goesOn,
    name: "an exception, then allocations and frees of large objects",
    setup: ([a]) => [...take(a as Actor, 1, runBytes), ...take(a as Actor, 1, span)],
    programs: [
      [receive, freeOldest, allocate(runBytes), freeOldest, allocate(span), freeOldest, freeOldest],
      [],
    ],
  },
  {
    ...goesOn,
    name: "an exception, then resizes of large objects",
    setup: ([a]) => [...take(a as Actor, 1, 2048), ...take(a as Actor, 1, span)],
    programs: [
      [
        receive,
        allocate(runBytes),
        resize(runBytes),
        resize(2048),
        freeOldest,
        resize(3 * chunk),
        resize(span),
        freeOldest,
      ],
      [],
    ],
  },
  {
    ...goesOn,
    name: "an exception, then what is kept is taken and given back",
    setup: ([a]) => [...takeWanted(a as Actor, 1, runBytes), ...takeWanted(a as Actor, 1, span)],
    programs: [
      [receive, freeOldest, freeOldest, allocate(runBytes), allocate(span), freeOldest, freeOldest, cleanUp],
      [],
    ],
  },
  {
    ...goesOn,
    name: "an exception, then a move",
    setup: ([a]) => take(a as Actor, 2, runBytes),
    programs: [[receive, freeOldest, resize(span), allocate(runBytes), resize(span), freeOldest], []],
  },
  {
    ...goesOn,
    name: "an exception, then a reset",
    setup: ([a]) => take(a as Actor, 1, runBytes),
    programs: [[receive, freeOldest, resetAll, allocate(runBytes), freeOldest], []],
  },
  {
    ...goesOn,
    name: "an exception in a reap, then a reset",
    goesOn: "from moving",
    victims: [2],
    startsAfter: { 0: [2] },
    setup: ([, , c]) => take(c as Actor, 1, runBytes),
    programs: [[(actor) => actor.reap(2), resetAll, allocate(runBytes), freeOldest], [], []],
  },
  {
    ...goesOn,
    name: "an exception in a move, then a detach",
    geometry: { ...geometry, classes: [64, 128] },
    setup: ([, b]) => take(b as Actor, 1),
    programs: [[receive, resize(128), detach], []],
  },
  {
    ...goesOn,
    name: "an exception in a move of a large object, then a detach",
    setup: ([, b]) => take(b as Actor, 1, runBytes),
    programs: [[receive, resize(span), detach], []],
  },
];

// Deaths in the middle of large objects' operations: of the worker, of its reaper, and of one that resets.

import type { Address } from "#src/base/brands.js";
import { AllocatorError } from "#src/base/errors.js";
import type { MemoryPool } from "#src/pool/memory-pool.js";
import type { Actor } from "../../support/stepping/actor.ts";
import { Violated } from "../../support/stepping/objects.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { allocate, cleanUp, free, freeOldest, take } from "./common.ts";
import { pool, resize, runBytes, tooLargeBin } from "./runs.ts";

const chunk = 65_536;
export const span = 2 * chunk;

const reapBefore =
  (...workers: number[]): Step<unknown> =>
  (actor) => {
    for (const worker of workers) actor.reap(worker);
  };

const lastDeeds: Record<string, readonly Step<Address[]>[]> = {
  "a page run that builds a span": [allocate(runBytes), allocate(runBytes)],
  "a free of a page run": [free(0)],
  "a page run that is kept and taken": [
    allocate(runBytes),
    allocate(runBytes),
    freeOldest,
    allocate(runBytes),
  ],
  "a page run that is kept and given back": [allocate(runBytes), allocate(runBytes), freeOldest, cleanUp],
  "a resize of a page run": [allocate(2048), resize(runBytes), resize(2048)],
  "a large object": [allocate(span), freeOldest],
  "a span that is kept and taken": [allocate(span), freeOldest, allocate(span), freeOldest, allocate(span)],
  "a span that is kept and given back": [allocate(span), freeOldest, allocate(span), freeOldest, cleanUp],
  "a resize of a large object": [allocate(span), resize(3 * chunk), resize(span)],
};

const chain = {
  geometry: { ...pool, chunks: 5 },
  mayRunOut: true,
  victims: [0, 1],
  startsAfter: { 1: [0], 2: [1] },
  setup: ([a]: readonly Actor[]) => take(a as Actor, 1, runBytes),
} as const;

export const largeReaperDies: readonly Scenario<Address[]>[] = Object.entries(lastDeeds).map(
  ([deed, program]) => ({
    ...chain,
    name: `death in ${deed}, and of its reaper`,
    programs: [program, [reapBefore(0)], [reapBefore(1, 0), allocate(runBytes)]],
  }),
);

export const searchDies: Scenario<Address[]> = {
  ...chain,
  name: "death in a search that meets a span in too large a bin, and of its reaper",
  setup: tooLargeBin.setup,
  programs: [[allocate(runBytes)], [reapBefore(0)], [reapBefore(1, 0), allocate(runBytes)]],
};

export const reapWithLarge: Scenario<Address[]> = {
  ...chain,
  name: "death in a reap that frees large objects",
  setup: ([a]) => [...take(a as Actor, 2, runBytes), ...take(a as Actor, 1, span)],
  programs: [[], [(actor) => actor.reapWithObjects(0)], [reapBefore(1, 0), allocate(runBytes)]],
};

export const resetAll: Step<unknown> = (actor) => actor.resetAll((slab) => (slab as MemoryPool).reset());

/** A page run, a span, slots; and rounds in both magazines. */
export const beforeReset = ([a, b]: readonly Actor[]): Address[] => {
  const objects = [
    ...take(a as Actor, 2),
    ...take(b as Actor, 1),
    ...take(b as Actor, 1, runBytes),
    ...take(b as Actor, 1, span),
  ];
  for (const actor of [a, b] as Actor[]) for (const slot of take(actor, 1)) actor.free(slot);
  return objects;
};

/** Of the objects that there were before a reset which a death cut short, all are live after the reap, or none is. */
const allOrNone: Step<Address[]> = (actor, objects) => {
  const live = objects.filter((address) => {
    try {
      return actor.slab.sizeOf(address) > 0;
    } catch (error) {
      if (error instanceof AllocatorError) return false;
      throw error;
    }
  });
  if (live.length > 0 && live.length < objects.length)
    throw new Violated(`of ${objects.length} objects of before the reset, ${live.length} are live`);
};

/** The others are quiet; whoever reaps the dead one ends its reset. */
export const resetDies: Scenario<Address[]> = {
  ...chain,
  geometry: { ...pool, chunks: 6, roundLimit: 2 },
  name: "death in a reset, and of its reaper",
  setup: beforeReset,
  programs: [[resetAll], [reapBefore(0), allOrNone], [reapBefore(1, 0), allOrNone, allocate(64)]],
};

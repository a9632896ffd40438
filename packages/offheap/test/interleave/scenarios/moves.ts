// reallocate that moves: from slot to slot, to a page run, to a span of its own, and back; of one's own objects and of
// another's. Whoever dies in it leaves the object once.

import type { Address, WorkerId } from "#src/base/brands.js";
import type { MemoryPool } from "#src/pool/memory-pool.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { allocate, cleanUp, free, freeOldest, take } from "./common.ts";
import { hold } from "./held.ts";
import { pool, resize, runBytes } from "./runs.ts";

const geometry = { ...pool, classes: [64, 128], chunks: 5 } as const;
/** Beyond the 4 pages of a page span an object has a span of its own. */
const span = 65_536;

const receive: Step<Address[]> = (actor, [address]) => {
  actor.mine.push(address as Address);
};

export const moveSlot: Scenario<Address[]> = {
  name: "slot moved to another class and back, against allocate",
  geometry,
  mayRunOut: true,
  setup: ([a, b]) => [...take(a as Actor, 1, 64), ...take(b as Actor, 1, 128)],
  programs: [
    [receive, resize(128), allocate(64), resize(64)],
    [allocate(128), freeOldest],
  ],
};

export const moveForeign: Scenario<Address[]> = {
  name: "another's slot moved while its slab is drained into",
  geometry: { ...geometry, slots: 3 },
  mayRunOut: true,
  setup: ([, b]) => take(b as Actor, 4, 64),
  programs: [
    [receive, resize(128), cleanUp],
    [
      (actor, [, address]) => actor.free(address as Address),
      (actor, [, , address]) => actor.free(address as Address),
    ],
  ],
};

/** The slab of what moves is claimed by a dead worker, and the magazine is full: the old slot becomes a stray. */
export const moveStray: Scenario<Address[]> = {
  name: "a move whose old slot becomes a stray, against another's free",
  geometry: { ...geometry, slots: 6, chunks: 2 },
  victims: [2],
  setup: ([a, b, c]) => {
    const objects = take(b as Actor, 4, 64);
    (a as Actor).free(objects.pop() as Address);
    hold(c as Actor, 0);
    return objects;
  },
  programs: [[receive, resize(128), cleanUp], [free(1)], []],
};

interface Corpse {
  readonly id: WorkerId;
  readonly address: Address;
}

/** What moves is a dead worker's, all of which a reap frees: it is gone then, or it was moved; never both. */
export const moveReaped: Scenario<Corpse> = {
  name: "another's slot moved while a reap frees what that one had",
  geometry,
  isIllegal: true,
  victims: [2],
  startsAfter: { 0: [2], 1: [2] },
  setup: ([, , c]) => {
    const [address] = take(c as Actor, 1, 64) as [Address];
    return { id: (c as Actor).slab.workerId, address };
  },
  programs: [
    [
      (actor, { address }) =>
        actor.call((slab) => slab.deallocate((slab as MemoryPool).reallocate(address, 128))),
    ],
    [
      (actor, { id }) => {
        actor.abandon(2);
        actor.call((slab) => slab.reap(id, { live: true }));
      },
    ],
    [],
  ],
};

export const moveKinds: Scenario<Address[]> = {
  name: "object moved from slot to page run to span and back",
  isLarge: true,
  geometry,
  mayRunOut: true,
  setup: ([, b]) => take(b as Actor, 1, 64),
  programs: [[receive, resize(runBytes), resize(span), resize(runBytes), resize(64)], [allocate(runBytes)]],
};

export const moveForeignLarge: Scenario<Address[]> = {
  name: "another's large objects moved",
  geometry,
  mayRunOut: true,
  setup: ([, b]) => [...take(b as Actor, 1, runBytes), ...take(b as Actor, 1, span)],
  programs: [
    [receive, resize(span)],
    [(actor, [, address]) => actor.mine.push(address as Address), resize(runBytes)],
  ],
};

/** Nothing is free: it is cut to one chunk first, and moves into what it has let go, unless another was faster. */
export const shrinkSpan: Scenario<Address[]> = {
  name: "object that fills the heap made small, against allocate",
  geometry: { ...pool, classes: [64], chunks: 2 },
  mayRunOut: true,
  setup: ([a]) => take(a as Actor, 1, 2 * span),
  programs: [
    [receive, resize(64)],
    [allocate(64), freeOldest],
  ],
};

export const shrinkRun: Scenario<Address[]> = {
  name: "page run of a full heap made small, against free and allocate in its span",
  geometry: { ...pool, chunks: 1 },
  mayRunOut: true,
  setup: ([a, b]) => [...take(a as Actor, 1, runBytes), ...take(b as Actor, 1, runBytes)],
  programs: [
    [receive, resize(64)],
    [(actor, [, address]) => actor.free(address as Address), allocate(2048)],
  ],
};

export const shrinkSlot: Scenario<Address[]> = {
  name: "slot of a full heap made small, against free of its neighbour",
  geometry: { ...geometry, slots: 2, chunks: 1 },
  mayRunOut: true,
  setup: ([a, b]) => [...take(a as Actor, 1, 128), ...take(b as Actor, 1, 128)],
  programs: [
    [receive, resize(64)],
    [(actor, [, address]) => actor.free(address as Address), cleanUp],
  ],
};

// Two workers allocate and free on one class: magazines, refills and drains against each other.

import type { Address } from "#src/base/brands.js";
import { gaugeAllocShift } from "#src/layout/gauge.js";
import { gaugesAt } from "#src/layout/offsets.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario } from "../../support/stepping/scenario.ts";
import { allocate, cleanUp, detach, free, freeOldest, inModule, one, take } from "./common.ts";

export const allocateAllocate: Scenario<void> = {
  name: "allocate against allocate on one class",
  geometry: one,
  programs: [
    [allocate(), allocate()],
    [allocate(), allocate()],
  ],
};

export const lastSlots: Scenario<void> = {
  name: "allocate against allocate for the last slots",
  geometry: { ...one, chunks: 1, slots: 2 },
  mayRunOut: true,
  programs: [[allocate()], [allocate(), freeOldest]],
};

/** Each has a slab of its own, into which the other frees; then one leaves, and its slab is nobody's home. */
export const homes: Scenario<Address[]> = {
  name: "allocations from homes against frees into them, and a detach",
  geometry: { ...one, chunks: 12, slots: 2, roundLimit: 1 },
  setup: ([a, b]) => [...take(a as Actor, 1), ...take(b as Actor, 1)],
  programs: [
    [free(1), allocate(), allocate(), detach],
    [allocate(), free(0), allocate(), allocate()],
  ],
};

export const localRemote: Scenario<Address[]> = {
  name: "local free against remote free",
  geometry: { ...one, slots: 6 },
  setup: ([a]) => take(a as Actor, 6),
  programs: [
    [free(0), free(1), free(2)],
    [free(3), free(4), free(5)],
  ],
};

/** Freed by another worker as soon as it exists, whose map and state bytes it has never seen. */
export const handOver: Scenario<void> = {
  name: "allocate and hand over, against receive and free",
  geometry: { ...one, slots: 2, roundLimit: 1 },
  programs: [
    [allocate(), (actor) => actor.send(), allocate(), (actor) => actor.send(), allocate()],
    [(actor) => actor.receive(), freeOldest, (actor) => actor.receive(), freeOldest, allocate()],
  ],
};

/** More slots than one bit of the slab's info words stands for. */
export const twoLines: Scenario<Address[]> = {
  name: "drains into two lines of one slab, and a refill",
  geometry: { ...one, chunks: 1, slots: 70 },
  setup: ([a]) => take(a as Actor, 70),
  programs: [
    [free(0), free(1), free(2), allocate()],
    [free(66), free(67), free(68), allocate()],
  ],
};

/** The calls of a module, which end in the core, and those of JavaScript serve one another's objects. */
export const moduleCalls: Scenario<Address[]> = {
  name: "calls of a module against a remote free and an allocation",
  geometry: { ...one, chunks: 4, slots: 6, isPool: true },
  setup: ([a]) => take(a as Actor, 3),
  programs: [
    [inModule(allocate()), allocate(), inModule(free(0)), inModule(freeOldest)],
    [free(1), inModule(free(2)), inModule(allocate())],
  ],
};

/** The gauge's count of allocations is about to run over. */
function countFrom(actor: Actor, allocs: number): void {
  const { words, layout } = actor.books();
  const at = gaugesAt(layout, actor.place) + 1;
  words[at] = (words[at] as number) | (allocs << gaugeAllocShift);
}

export const gaugeRunsOver: Scenario<Address[]> = {
  name: "a gauge that runs over, against a remote free",
  geometry: { ...one, slots: 6, roundLimit: 4 },
  setup: ([a]) => {
    const objects = take(a as Actor, 2);
    countFrom(a as Actor, 2 ** 14 - 2);
    return objects;
  },
  programs: [[allocate(), freeOldest, free(0), allocate(), freeOldest], [free(1)]],
};

export const refillDrain: Scenario<Address[]> = {
  name: "refill of a slab against drain into it",
  geometry: { ...one, slots: 6 },
  setup: ([, b]) => {
    const objects = take(b as Actor, 5);
    for (const address of objects.slice(0, 2)) (b as Actor).free(address);
    return objects;
  },
  programs: [
    [allocate(), allocate()],
    [free(2), free(3)],
  ],
};

/** A refill that wants more slots than the slab has. */
export const scarceRefill: Scenario<Address[]> = {
  name: "refill from a slab with fewer slots than wanted, against drain into it",
  geometry: { ...one, chunks: 1, slots: 5, roundLimit: 4 },
  mayRunOut: true,
  setup: ([, b]) => take(b as Actor, 4),
  programs: [
    [allocate(), allocate(), freeOldest],
    [free(0), free(1), cleanUp],
  ],
};

export const drainDrain: Scenario<Address[]> = {
  name: "drain against drain",
  geometry: { ...one, slots: 8 },
  setup: ([a, b]) => {
    const objects = take(a as Actor, 8);
    for (const address of objects.slice(0, 2)) (a as Actor).free(address);
    for (const address of objects.slice(2, 4)) (b as Actor).free(address);
    return objects;
  },
  programs: [
    [free(4), free(5)],
    [free(6), free(7)],
  ],
};

export const drainClaimed: Scenario<Address[]> = {
  name: "a drain whose only home slab is claimed",
  geometry: { ...one, chunks: 1, slots: 6, roundLimit: 1 },
  mayRunOut: true,
  setup: ([, b]) => {
    const objects = take(b as Actor, 4);
    (b as Actor).free(objects[0] as Address);
    return objects;
  },
  programs: [[allocate()], [free(1), free(2), allocate()]],
};

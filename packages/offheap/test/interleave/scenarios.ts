// The scenarios: small programs of two or three workers on tiny heaps, near every edge that they can reach.

import type { Address, WorkerId } from "#src/base/brands.js";
import type { Actor } from "../support/stepping/actor.ts";
import type { Geometry, Scenario, Step } from "../support/stepping/scenario.ts";

export const one: Geometry = { classes: [64], chunks: 3, slots: 4, rounds: 2 };

/** Objects that an actor allocates in the setup. */
export function take(actor: Actor, count: number, size = 64): Address[] {
  const first = actor.mine.length;
  for (let i = 0; i < count; i++) actor.allocate(size);
  return actor.mine.splice(first);
}

export const allocate =
  (size = 64): Step<unknown> =>
  (actor) =>
    actor.allocate(size);
export const freeOldest: Step<unknown> = (actor) => actor.freeOldest();
export const cleanUp: Step<unknown> = (actor) => actor.call((slab) => slab.cleanup());
export const detach: Step<unknown> = (actor) => actor.call((slab) => slab.detach());
export const attach: Step<unknown> = (actor) => actor.attach();
const free =
  (index: number): Step<Address[]> =>
  (actor, context) =>
    actor.free(context[index] as Address);

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
  geometry: { ...one, slots: 2, rounds: 1 },
  programs: [
    [allocate(), (actor) => actor.send(), allocate(), (actor) => actor.send(), allocate()],
    [(actor) => actor.receive(), freeOldest, (actor) => actor.receive(), freeOldest, allocate()],
  ],
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
  geometry: { ...one, chunks: 1, slots: 6, rounds: 1 },
  mayRunOut: true,
  setup: ([, b]) => {
    const objects = take(b as Actor, 4);
    (b as Actor).free(objects[0] as Address);
    return objects;
  },
  programs: [[allocate()], [free(1), free(2), allocate()]],
};

export const giveBackFree: Scenario<Address[]> = {
  name: "empty slab given back while another worker frees into that class",
  geometry: { ...one, slots: 2, rounds: 1 },
  setup: ([a, b]) => {
    const objects = take(a as Actor, 4);
    (b as Actor).free(objects[0] as Address);
    (b as Actor).free(objects[1] as Address);
    return objects;
  },
  programs: [
    [cleanUp, allocate()],
    [free(2), cleanUp],
  ],
};

export const spanReuse: Scenario<Address[]> = {
  name: "span given back against span taken for another class",
  geometry: { classes: [64, 128], chunks: 1, slots: 2, rounds: 1 },
  mayRunOut: true,
  setup: ([a]) => take(a as Actor, 1),
  programs: [
    [free(0), cleanUp, allocate(64)],
    [allocate(128), freeOldest, cleanUp],
  ],
};

export const longSpans: Scenario<void> = {
  name: "spans of two chunks against each other",
  geometry: { classes: [32_768], chunks: 7 },
  programs: [
    [allocate(32_768), freeOldest, cleanUp],
    [allocate(32_768), allocate(32_768)],
  ],
};

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

export const cleanUpAllocate: Scenario<Address[]> = {
  name: "clean-up against allocate",
  geometry: { ...one, slots: 2, rounds: 1 },
  setup: ([a]) => {
    const objects = take(a as Actor, 4);
    for (const address of objects) (a as Actor).free(address);
    return objects;
  },
  programs: [[cleanUp], [allocate(), allocate(), allocate()]],
};

export const destroyAttach: Scenario<void> = {
  name: "destroy against attach",
  geometry: one,
  attached: [0],
  isDestroyed: true,
  programs: [
    [(actor) => actor.call((slab) => slab.destroy())],
    [attach, (actor) => actor.results[0] === "attached" && actor.call((slab) => slab.allocate(64))],
  ],
  verify: ([, b]) => {
    const fine = ["attached,done", "attached,ERR_DETACHED", "ERR_DETACHED"];
    const results = b?.results.join() ?? "";
    return fine.includes(results) ? undefined : `the other worker: ${results}`;
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

/** Overlapping frees of one address, and what follows them: see docs/proof.md. */
const freeFirst: Step<Address[]> = (actor, [address]) => actor.freeIllegally(address as Address);
const freedOnce = (actors: readonly Actor[]): string | undefined => {
  const results = actors.map((actor) => actor.results.join()).join(" | ");
  return results.includes("freed") ? undefined : `nobody freed it: ${results}`;
};

/** A free that was late by a whole drain has counted an object that was counted already. */
const countsDrift = /live by the counters/;
/** And one that was late by a whole life of the span has made a hint of the next slab wrong. */
const hintsDrift = /live by the counters|counts \d+ free slots|not in the empty set|not in its class's set/;

export const doubleFree: Scenario<Address[]> = {
  name: "racing double free",
  geometry: { ...one, chunks: 1, slots: 3 },
  isIllegal: true,
  setup: ([a]) => take(a as Actor, 2),
  programs: [[freeFirst], [freeFirst]],
  verify: freedOnce,
};

export const doubleFreeDrain: Scenario<Address[]> = {
  ...doubleFree,
  name: "racing double free, then both clean up",
  tolerates: countsDrift,
  programs: [
    [freeFirst, cleanUp],
    [freeFirst, cleanUp],
  ],
};

export const doubleFreeReuse: Scenario<Address[]> = {
  ...doubleFree,
  name: "racing double free, then both allocate",
  mayRunOut: true,
  programs: [
    [freeFirst, allocate(), allocate()],
    [freeFirst, allocate()],
  ],
};

/** The slot is free in its slab, or the slab gone, when the later free writes its byte. */
export const doubleFreeGone: Scenario<Address[]> = {
  ...doubleFree,
  name: "racing double free while the slab goes",
  tolerates: hintsDrift,
  geometry: { classes: [64, 128], chunks: 1, slots: 2, rounds: 2 },
  mayRunOut: true,
  setup: ([a]) => take(a as Actor, 1),
  programs: [
    [freeFirst, cleanUp, allocate(128)],
    [freeFirst, allocate(64)],
  ],
};

export const scenarios = [
  allocateAllocate,
  lastSlots,
  localRemote,
  handOver,
  refillDrain,
  drainDrain,
  drainClaimed,
  giveBackFree,
  spanReuse,
  longSpans,
  attachAttach,
  attachDetach,
  detachDetach,
  reapAllocate,
  reapFree,
  reapAdopt,
  reapReap,
  cleanUpAllocate,
  destroyAttach,
  leftovers,
  doubleFree,
  doubleFreeDrain,
  doubleFreeReuse,
  doubleFreeGone,
] as unknown as readonly Scenario<never>[];

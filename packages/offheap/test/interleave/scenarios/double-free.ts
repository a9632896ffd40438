// Illegal calls that overlap: what they can and cannot break, see docs/proof.md.

import type { Address } from "#src/base/brands.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { allocate, cleanUp, one, take } from "./common.ts";

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
  geometry: { classes: [64, 128], chunks: 1, slots: 2, roundLimit: 2 },
  mayRunOut: true,
  setup: ([a]) => take(a as Actor, 1),
  programs: [
    [freeFirst, cleanUp, allocate(128)],
    [freeFirst, allocate(64)],
  ],
};

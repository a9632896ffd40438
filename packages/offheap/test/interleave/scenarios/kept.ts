// Page runs and spans that a worker keeps for its next object of their length, while others take them back.

import type { Address } from "#src/base/brands.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { allocate, cleanUp, free, freeOldest, takeWanted } from "./common.ts";
import { pool, runBytes } from "./runs.ts";

const chunk = 65_536;
const keeping = { ...pool, chunks: 1 } as const;
const take = (actor: Actor | undefined, count: number, bytes = runBytes) =>
  takeWanted(actor as Actor, count, bytes);
/** Beyond the 4 pages of a page span an object has a span of its own. */
const span = 2 * chunk;

const freeFirst: Step<Address[]> = (actor, [address]) => actor.freeIllegally(address as Address);
const freedOnce = (actors: readonly Actor[]): string | undefined => {
  const results = actors.map((actor) => actor.results[0]);
  return results.filter((result) => result === "freed").length === 1 ? undefined : results.join(" | ");
};

export const keptWanted: Scenario<Address[]> = {
  name: "a page run kept and taken again, against a search for space",
  geometry: keeping,
  mayRunOut: true,
  setup: ([a]) => take(a, 1),
  programs: [[free(0), allocate(runBytes), freeOldest], [allocate(chunk)]],
};

export const keptCleanUp: Scenario<Address[]> = {
  name: "a page run kept and taken again, against a clean-up",
  geometry: keeping,
  // While the other is giving it back.
  mayRunOut: true,
  setup: ([a]) => take(a, 1),
  programs: [[free(0), allocate(runBytes)], [cleanUp]],
};

/** Each may find in its table what the other keeps by now. */
export const keptByTwo: Scenario<Address[]> = {
  name: "page runs of one length kept by two, against a clean-up by either",
  geometry: keeping,
  mayRunOut: true,
  setup: ([a, b]) => [...take(a, 1), ...take(b, 1)],
  programs: [
    [free(0), cleanUp, allocate(runBytes)],
    [free(1), cleanUp, allocate(runBytes)],
  ],
};

export const doubleFreeKept: Scenario<Address[]> = {
  name: "racing double free of a page run that is kept",
  geometry: keeping,
  isIllegal: true,
  setup: ([a, b]) => [...take(a, 1), ...take(b, 1)],
  programs: [[freeFirst], [freeFirst]],
  verify: freedOnce,
};

export const keptSpanWanted: Scenario<Address[]> = {
  name: "a span kept and taken again, against a search for space",
  geometry: { ...pool, chunks: 2 },
  mayRunOut: true,
  setup: ([a]) => take(a, 1, span),
  programs: [[free(0), allocate(span), freeOldest], [allocate(chunk)]],
};

export const keptSpanCleanUp: Scenario<Address[]> = {
  name: "a span kept and taken again, against a clean-up",
  geometry: { ...pool, chunks: 2 },
  // While the other is giving it back.
  mayRunOut: true,
  setup: ([a]) => take(a, 1, span),
  programs: [[free(0), allocate(span)], [cleanUp]],
};

/** The span that one keeps comes to be the other's, and is kept by that one. */
export const keptSpanHandedOver: Scenario<Address[]> = {
  name: "a span kept by one, then by another, against allocate in its place",
  geometry: { ...pool, chunks: 2 },
  mayRunOut: true,
  setup: ([a, b]) => {
    (b as Actor).free(take(b, 1, span)[0] as Address);
    return take(a, 1, span);
  },
  programs: [
    [free(0), allocate(span)],
    [allocate(span), freeOldest],
  ],
};

/** What stands behind an object that is to become longer. */
export const keptSpanBehind: Scenario<Address[]> = {
  name: "a span kept and taken again, against a resize of the object before it",
  geometry: { ...pool, chunks: 4 },
  mayRunOut: true,
  setup: ([a, b]) => {
    const before = take(b, 1, span);
    return [...take(a, 1, span), ...before];
  },
  programs: [
    [free(0), allocate(span)],
    [
      (actor, [, before]) => {
        actor.mine.push(before as Address);
        actor.resizeOldest(3 * chunk);
      },
      freeOldest,
    ],
  ],
};

export const doubleFreeKeptSpan: Scenario<Address[]> = {
  name: "racing double free of a span that is kept",
  geometry: { ...pool, chunks: 4 },
  isIllegal: true,
  setup: ([a, b]) => [...take(a, 1, span), ...take(b, 1, span)],
  programs: [[freeFirst], [freeFirst]],
  verify: freedOnce,
};

// Page runs that a worker keeps for its next object of their length, while others take them back.

import type { Address } from "#src/base/brands.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { allocate, cleanUp, free, freeOldest, takeWanted } from "./common.ts";
import { pool, runBytes } from "./runs.ts";

const chunk = 65_536;
const keeping = { ...pool, chunks: 1 } as const;
const take = (actor: Actor | undefined, count: number) => takeWanted(actor as Actor, count, runBytes);

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
  programs: [0, 1].map(() => [(actor, [address]) => actor.freeIllegally(address as Address)]) as Step<
    Address[]
  >[][],
  verify: (actors) => {
    const results = actors.map((actor) => actor.results[0]);
    return results.filter((result) => result === "freed").length === 1 ? undefined : results.join(" | ");
  },
};

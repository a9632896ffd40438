// Page runs of a pool: objects that share a span of pages, of which 4 are to be had, in runs of 2.

import type { Address } from "#src/base/brands.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { allocate, cleanUp, free, freeOldest, one, take } from "./common.ts";

export const pool = { ...one, chunks: 2, rounds: 1, slabChunks: 1, isPool: true } as const;
export const runBytes = 4096;

export const resize =
  (size: number): Step<unknown> =>
  (actor) =>
    actor.resizeOldest(size);

const freeFirst: Step<Address[]> = (actor, [address]) => actor.freeIllegally(address as Address);

/** Large objects are freed by an exchange, so of two frees that overlap exactly one succeeds. */
export const freedExactlyOnce = (actors: readonly Actor[]): string | undefined => {
  const results = actors.map((actor) => actor.results[0]);
  const losers = ["ERR_DOUBLE_FREE", "ERR_INVALID_ADDRESS"];
  const frees = results.filter((result) => result === "freed").length;
  return frees === 1 && results.some((result) => losers.includes(result ?? ""))
    ? undefined
    : `frees: ${results.join(" | ")}`;
};

export const allocateRuns: Scenario<Address[]> = {
  name: "page run against page run for the last pages of a span",
  geometry: pool,
  setup: ([a]) => take(a as Actor, 1, runBytes),
  programs: [[allocate(runBytes)], [allocate(runBytes)]],
};

export const freeRuns: Scenario<Address[]> = {
  name: "free of a page run against free of its neighbour",
  geometry: pool,
  setup: ([a]) => take(a as Actor, 2, runBytes),
  programs: [[free(0)], [free(1)]],
};

export const freeAllocateRuns: Scenario<Address[]> = {
  name: "free of a page run against allocate",
  geometry: { ...pool, chunks: 1 },
  mayRunOut: true,
  setup: ([a]) => take(a as Actor, 2, runBytes),
  programs: [[free(0)], [allocate(runBytes), freeOldest]],
};

export const handOverRun: Scenario<void> = {
  name: "page run handed over, against receive and free",
  geometry: pool,
  programs: [
    [allocate(runBytes), (actor) => actor.send(), allocate(runBytes)],
    [(actor) => actor.receive(), freeOldest],
  ],
};

export const giveBackRuns: Scenario<Address[]> = {
  name: "empty span of pages given back against a page run",
  geometry: pool,
  setup: ([a]) => take(a as Actor, 1, runBytes),
  programs: [
    [free(0), cleanUp],
    [allocate(runBytes), freeOldest],
  ],
};

/** Each free of a large object makes a clean-up due, which gives its span back. */
export const cleanUpDueRuns: Scenario<Address[]> = {
  name: "clean-up that frees of page runs make due, against a page run",
  geometry: { ...pool, cleanupInterval: 1 },
  setup: ([a]) => take(a as Actor, 1, runBytes),
  programs: [[free(0)], [allocate(runBytes), freeOldest]],
};

export const secondEmpty: Scenario<Address[]> = {
  name: "two spans of pages become empty at once",
  geometry: pool,
  setup: ([a]) => take(a as Actor, 4, runBytes).slice(1),
  programs: [
    [free(0), (actor) => actor.allocate(runBytes)],
    [free(1), free(2)],
  ],
};

/**
 * A death in the middle of a move leaves the copy as well, which nobody has the address of. A run whose span
 * another holds moves, also to become shorter; where that one has filled it by then and holds the other span, too,
 * there is no room.
 */
export const resizeRun: Scenario<Address[]> = {
  name: "page run made longer and shorter against allocate",
  geometry: pool,
  mayRunOut: true,
  isDeathless: true,
  setup: ([a]) => {
    (a as Actor).allocate(2048);
    return [];
  },
  programs: [
    [allocate(2048), resize(runBytes), resize(2048)],
    [allocate(runBytes), resize(2048)],
  ],
};

export const doubleFreeRun: Scenario<Address[]> = {
  name: "racing double free of a page run",
  geometry: pool,
  isIllegal: true,
  setup: ([a]) => take(a as Actor, 2, runBytes),
  programs: [[freeFirst], [freeFirst]],
  verify: freedExactlyOnce,
};

export const doubleFreeRunAgain: Scenario<Address[]> = {
  ...doubleFreeRun,
  name: "racing double free of a page run, then both allocate and clean up",
  setup: ([a]) => take(a as Actor, 1, runBytes),
  programs: [
    [freeFirst, allocate(runBytes), cleanUp],
    [freeFirst, cleanUp],
  ],
  verify: (actors) => (actors.some((actor) => actor.results[0] === "freed") ? undefined : "nobody freed it"),
};

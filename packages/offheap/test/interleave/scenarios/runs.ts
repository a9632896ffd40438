// Page runs of a pool: objects that share a span of pages, of which 4 are to be had, in runs of 2.

import type { ChunkSet } from "#src/arena/chunk-set.js";
import type { Address, ChunkIndex } from "#src/base/brands.js";
import { PageHints } from "#src/pages/page-hints.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { allocate, cleanUp, free, freeOldest, one, take } from "./common.ts";

export const pool = { ...one, chunks: 2, roundLimit: 1, slabChunks: 1, isPool: true } as const;
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

/** No set changes, so that nothing but the claim word says that the page is free. */
export const freeBesideLonger: Scenario<Address[]> = {
  name: "free of a page beside a longer free run, against allocate",
  geometry: { ...pool, chunks: 1 },
  mayRunOut: true,
  setup: ([a]) => take(a as Actor, 2, 2048),
  programs: [[free(0)], [allocate(2048), allocate(2048)]],
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
 * A run whose span another holds moves, also to become shorter; where that one has filled it by then and holds the
 * other span, too, there is no space.
 */
export const resizeRun: Scenario<Address[]> = {
  name: "page run made longer and shorter against allocate",
  geometry: pool,
  mayRunOut: true,
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

/** A span of 4 pages with one free, in a bin of spans with two: what was freed there has been allocated again in part. */
export const tooLargeBin = {
  geometry: pool,
  setup: ([actor]: readonly Actor[]): Address[] => {
    const a = actor as Actor;
    const [run] = take(a, 1, runBytes);
    for (const page of take(a, 2, 2048)) a.free(page);
    return [run as Address, ...take(a, 1, 2048)];
  },
} as const;

export const leaveBin: Scenario<Address[]> = {
  ...tooLargeBin,
  name: "span in too large a bin, met by a search, against a free in it",
  programs: [[allocate(runBytes)], [free(1), allocate(runBytes)]],
};

export const leaveBinTwice: Scenario<Address[]> = {
  ...tooLargeBin,
  name: "span in too large a bin, met by two searches",
  // The one builds the only other span, and holds it.
  mayRunOut: true,
  programs: [
    [allocate(runBytes), freeOldest],
    [allocate(runBytes), allocate(2048)],
  ],
};

/** The only span of pages has been empty, and is kept: it stays in the set of such when it is filled. */
export const refillEmpty: Scenario<Address[]> = {
  name: "span said to be empty, filled, against the clean-up that gives such back",
  geometry: pool,
  setup: ([a]) => {
    const [run] = take(a as Actor, 1, runBytes);
    (a as Actor).free(run as Address);
    return [];
  },
  programs: [[allocate(runBytes)], [cleanUp, allocate(runBytes)]],
};

/** Members of sets of page spans, each a free chunk where one is about to be built: by whoever met them, or the other. */
const misled = (
  name: string,
  setOf: (hints: PageHints) => ChunkSet,
  programs: Scenario<void>["programs"],
) => ({
  name,
  geometry: pool,
  setup: ([a]: readonly Actor[]) => {
    const { heap } = (a as Actor).books();
    setOf(new PageHints(heap)).add(0 as ChunkIndex);
  },
  programs,
});

export const freeCalledRoomy: Scenario<void> = misled(
  "free chunk that is said to be a span of pages with room, against its becoming one",
  ({ bins }) => bins[1] as ChunkSet,
  [[allocate(runBytes)], [allocate(runBytes)]],
);

export const freeCalledEmptyPages: Scenario<void> = misled(
  "free chunk that is said to be an empty span of pages, against its becoming one",
  ({ empty }) => empty,
  [[cleanUp], [allocate(runBytes), freeOldest]],
);

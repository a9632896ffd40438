/** Does the cost of an operation grow with the number of live objects, or with the addresses? And locality. */

import { Random } from "offheap-tools";
import { StreamBuilder } from "../stream/builder.ts";
import type { Stream } from "../stream/format.ts";
import { buildReplace, mixedSize } from "./loops.ts";
import type { Workload } from "./workload.ts";

const MILLION = 1_000_000;
const LARGE_LIVE = MILLION;
const BALLAST_BYTES = 8192;
const TWO_GIB = 2 ** 31;

const sizes = [1000, 10_000, 100_000, MILLION, 10 * MILLION];

const byLive = sizes.map(
  (live): Workload => ({
    id: `growth/${live}`,
    title: `replace at random, ${live.toLocaleString("en")} live, 64 B`,
    sizes: "64",
    large: live > LARGE_LIVE,
    javascript: ["object"],
    build: () => buildReplace(live, "64", MILLION),
  }),
);

/** The same as growth/100000 with all its objects above 2 GiB. */
const overTwoGib: Workload = {
  id: "growth/over-2GiB",
  title: "replace at random, 100,000 live, 64 B, addresses over 2^31",
  sizes: "64",
  large: true,
  javascript: [],
  ballast: Math.ceil((TWO_GIB * 1.02) / BALLAST_BYTES),
  build: () => buildReplace(100_000, "64", MILLION),
};

export const growth: readonly Workload[] = [...byLive, overTwoGib];

const OTHERS = 100_000;
const STEPS = 4 * MILLION;

/** A million records of 64 B among other objects, replaced for long; then the order of their allocation. */
function buildWalk(): Stream {
  const builder = new StreamBuilder();
  const random = new Random(MILLION);
  const size = (slot: number): number => (slot < MILLION ? 64 : mixedSize(random));
  for (let slot = 0; slot < MILLION + OTHERS; slot++) builder.allocateInto(slot, size(slot));
  builder.begin("head");
  for (let step = 0; step < STEPS; step++) {
    const slot = random.below(MILLION + OTHERS);
    builder.replace(slot, size(slot));
  }
  return builder.finish(builder.live().filter((slot) => slot < MILLION));
}

export const locality: Workload = {
  id: "locality/walk",
  title: "walk 1,000,000 records in the order of their allocation, after 4,000,000 replacements",
  sizes: "mixed",
  build: buildWalk,
};

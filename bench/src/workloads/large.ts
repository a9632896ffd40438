/**
 * Large objects: ones that come and go, and ones replaced for long, which is what external fragmentation comes to. By
 * bands of sizes, for allocators serve those over 64 KiB another way.
 */

import { Random } from "offheap-tools";
import { StreamBuilder } from "../stream/builder.ts";
import type { Stream } from "../stream/format.ts";
import type { Workload } from "./workload.ts";

const KIB = 1024;
const STEPS = 20_000;
const PAIRS = 100_000;

/** Log-uniform: as many between 8 and 16 KiB as in each doubling after. */
interface Band {
  readonly smallestBytes: number;
  readonly doublings: number;
}

function sizesOf({ smallestBytes, doublings }: Band, random: Random): () => number {
  return () => Math.floor(smallestBytes * 2 ** ((doublings * random.below(1_000_000)) / 1_000_000));
}

export function buildLargeReplacements(live: number, band: Band, steps = STEPS): Stream {
  const builder = new StreamBuilder();
  const random = new Random(live);
  const size = sizesOf(band, random);
  for (let slot = 0; slot < live; slot++) builder.allocateInto(slot, size());
  builder.begin("head");
  for (let step = 0; step < steps; step++) builder.replace(random.below(live), size());
  return builder.finish();
}

export function buildLargePairs(size: () => number, count = PAIRS): Stream {
  const builder = new StreamBuilder();
  builder.begin("head");
  for (let i = 0; i < count; i++) builder.free(builder.allocate(size()));
  return builder.finish();
}

export const bands = {
  "64k": { smallestBytes: 8 * KIB, doublings: 3 },
  "1m": { smallestBytes: 64 * KIB, doublings: 4 },
} as const;

const peers = {
  sizes: "large",
  javascript: ["uint8array", "buffer", "dlmalloc", "emmalloc", "assemblyscript"],
  subjects: ["offheap-pool"],
} as const;

export const largeObjects: Workload[] = [
  {
    id: "large/pair",
    title: "free(allocate(20,000))",
    ...peers,
    build: () => buildLargePairs(() => 20_000),
  },
  {
    id: "large/pair/64k",
    title: "free(allocate()) of 8–64 KiB log-uniform",
    ...peers,
    build: () => buildLargePairs(sizesOf(bands["64k"], new Random(1))),
  },
  {
    id: "large/pair/1m",
    title: "free(allocate()) of 64 KiB–1 MiB log-uniform",
    ...peers,
    build: () => buildLargePairs(sizesOf(bands["1m"], new Random(1))),
  },
  {
    id: "large/replace/64k",
    title: "replace at random, 1,000 live, 8–64 KiB log-uniform",
    ...peers,
    build: () => buildLargeReplacements(1000, bands["64k"]),
  },
  {
    id: "large/replace/1m",
    title: "replace at random, 500 live, 64 KiB–1 MiB log-uniform",
    ...peers,
    build: () => buildLargeReplacements(500, bands["1m"]),
  },
  {
    id: "large/replace",
    title: "replace at random, 1,250 live, 8 KiB–1 MiB log-uniform",
    ...peers,
    build: () => buildLargeReplacements(1250, { smallestBytes: 8 * KIB, doublings: 7 }),
  },
];

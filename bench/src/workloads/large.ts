/** Large objects: one that comes and goes, and random sizes replaced for long: what external fragmentation comes to. */
import { StreamBuilder } from "../stream/builder.ts";
import type { Stream } from "../stream/format.ts";
import { Random } from "../stream/random.ts";
import type { Workload } from "./workload.ts";

const SMALLEST_BYTES = 8192;
const STEPS = 20_000;
const PAIRS = 100_000;

/** Log-uniform: as many between 8 and 16 KiB as in each doubling after. */
function buildReplacements(live: number, doublings: number): Stream {
  const builder = new StreamBuilder();
  const random = new Random(live);
  const size = (): number =>
    Math.floor(SMALLEST_BYTES * 2 ** ((doublings * random.below(1_000_000)) / 1_000_000));
  for (let slot = 0; slot < live; slot++) builder.allocateInto(slot, size());
  builder.begin("head");
  for (let step = 0; step < STEPS; step++) builder.replace(random.below(live), size());
  return builder.finish();
}

function buildPair(): Stream {
  const builder = new StreamBuilder();
  builder.begin("head");
  for (let i = 0; i < PAIRS; i++) builder.free(builder.allocate(20_000));
  return builder.finish();
}

const peers = {
  sizes: "large",
  javascript: ["uint8array", "buffer", "dlmalloc", "emmalloc", "assemblyscript"],
  subjects: ["offheap-pool"],
} as const;

export const largeObjects: Workload[] = [
  { id: "large/pair", title: "free(allocate(20,000))", ...peers, build: buildPair },
  {
    id: "large/replace/64k",
    title: "replace at random, 1,000 live, 8–64 KiB log-uniform",
    ...peers,
    build: () => buildReplacements(1000, 3),
  },
  {
    id: "large/replace",
    title: "replace at random, 1,250 live, 8 KiB–1 MiB log-uniform",
    ...peers,
    build: () => buildReplacements(1250, 7),
  },
];

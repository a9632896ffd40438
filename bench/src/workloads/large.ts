/** Large objects of random sizes, replaced for long: what external fragmentation comes to. */
import { StreamBuilder } from "../stream/builder.ts";
import type { Stream } from "../stream/format.ts";
import { Random } from "../stream/random.ts";
import type { Workload } from "./workload.ts";

const SMALLEST_BYTES = 8192;
const DOUBLINGS = 7; // to 1 MiB
const LIVE = 1250; // 250 MiB
const STEPS = 20_000;

/** Log-uniform: as many between 8 and 16 KiB as between 512 KiB and 1 MiB. */
function buildLarge(): Stream {
  const builder = new StreamBuilder();
  const random = new Random(LIVE);
  const size = (): number =>
    Math.floor(SMALLEST_BYTES * 2 ** ((DOUBLINGS * random.below(1_000_000)) / 1_000_000));
  for (let slot = 0; slot < LIVE; slot++) builder.allocateInto(slot, size());
  builder.begin("head");
  for (let step = 0; step < STEPS; step++) builder.replace(random.below(LIVE), size());
  return builder.finish();
}

export const largeReplacements: Workload[] = [
  {
    id: "large/replace",
    title: "replace at random, 1,250 live, 8 KiB–1 MiB log-uniform",
    sizes: "large",
    javascript: ["uint8array", "buffer", "dlmalloc", "emmalloc", "assemblyscript"],
    subjects: ["offheap-pool"],
    build: buildLarge,
  },
];

/** The loops that allocator papers have used since Zorn and Grunwald: pairs, batches, random replacement. */

import { Random } from "offheap-tools";
import { StreamBuilder } from "../stream/builder.ts";
import type { Stream } from "../stream/format.ts";
import type { SizeKind, Workload } from "./workload.ts";

const MILLION = 1_000_000;

/** 8–1,007 bytes, every size as likely as the next. */
export function mixedSize(random: Random): number {
  return 8 + random.below(1000);
}

function buildPair(size: number): Stream {
  const builder = new StreamBuilder();
  builder.begin("head");
  for (let i = 0; i < MILLION; i++) builder.free(builder.allocate(size));
  return builder.finish();
}

export const pairs: Workload[] = [
  ["pair/64", "free(allocate(64))", 64, "64"] as const,
  ["pair/1k", "free(allocate(1024))", 1024, "1k"] as const,
].map(([id, title, size, sizes]) => ({ id, title, sizes, build: () => buildPair(size) }));

const orders = ["forward", "reverse", "shuffled"] as const;

function buildBatch(count: number, order: (typeof orders)[number]): Stream {
  const builder = new StreamBuilder();
  const random = new Random(count);
  builder.begin("head");
  for (let done = 0; done < MILLION; done += count) {
    for (let slot = 0; slot < count; slot++) builder.allocateInto(slot, 64);
    const slots = Int32Array.from({ length: count }, (_, i) => i);
    if (order === "reverse") slots.reverse();
    if (order === "shuffled") random.shuffle(slots);
    for (const slot of slots) builder.freeInPlace(slot);
  }
  return builder.finish();
}

export const batches: Workload[] = [1000, 65_536, MILLION].flatMap((count) =>
  orders.map((order) => ({
    id: `batch/${count}/${order}`,
    title: `allocate ${count.toLocaleString("en")} × 64 B, then free all, ${order}`,
    sizes: "64" as const,
    large: count === MILLION,
    build: () => buildBatch(count, order),
  })),
);

/** `live` objects; each step frees one at random and allocates in its place. */
export function buildReplace(live: number, sizes: SizeKind, steps: number, seed = live): Stream {
  const builder = new StreamBuilder();
  const random = new Random(seed);
  const size = (): number => (sizes === "mixed" ? mixedSize(random) : 64);
  for (let slot = 0; slot < live; slot++) builder.allocateInto(slot, size());
  builder.begin("head");
  for (let step = 0; step < steps; step++) builder.replace(random.below(live), size());
  return builder.finish();
}

export const replacements: Workload[] = [256, 4096, 65_536, MILLION].flatMap((live) =>
  (["64", "mixed"] as const).map((sizes) => ({
    id: `replace/${live}/${sizes}`,
    title: `replace at random, ${live.toLocaleString("en")} live, ${sizes === "mixed" ? "8–1,007 B" : "64 B"}`,
    sizes,
    large: live === MILLION,
    build: () => buildReplace(live, sizes, MILLION),
  })),
);

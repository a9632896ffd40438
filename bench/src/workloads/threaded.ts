/** The multi-threaded workloads: which streams their threads are given, and what counts as an operation. */

import { Random } from "offheap-tools";
import { StreamBuilder } from "../stream/builder.ts";
import type { Stream } from "../stream/format.ts";
import { TRANSFER } from "../threads/control.ts";
import type { Kind } from "../threads/kinds.ts";
import { buildReplace, mixedSize } from "./loops.ts";
import type { Workload } from "./workload.ts";

export interface ThreadedWorkload {
  readonly id: string;
  readonly title: string;
  readonly kind: Kind;
  readonly streams: readonly Workload[]; // one for each thread
  /** Objects (or writes) of one pass of one thread. */
  readonly opsPerPass: (stream: Stream) => number;
}

const OBJECTS = 2 ** 18;
const THREADS = 2;
/** The sizes that xmalloc-test draws from, up to 1 KiB. */
const XMALLOC_SIZES = [8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024];
const CHURN_SLOTS = 2000;
const CHURN_STEPS = 240_000;

const withExtra = (extra: Int32Array, slots = 1): Stream => {
  const stream = new StreamBuilder().finish(extra);
  return { ...stream, slotCount: slots };
};

const sizesStream = (sizes: readonly number[]): Stream => {
  const random = new Random(sizes.length);
  return withExtra(Int32Array.from({ length: OBJECTS }, () => sizes[random.below(sizes.length)]));
};

/** Three quarters of the steps allocate into a slot, the others exchange it or free it. */
function churnStream(seed: number): Stream {
  const random = new Random(seed + 1);
  const words: number[] = [];
  for (let step = 0; step < CHURN_STEPS; step++) {
    const slot = random.below(CHURN_SLOTS);
    const choice = random.below(16);
    if (choice < 12) words.push(slot, mixedSize(random));
    else if (choice < 14) words.push(slot, ~random.below(TRANSFER));
    else words.push(~slot);
  }
  return withExtra(Int32Array.from(words), CHURN_SLOTS);
}

function churnedObjects({ extra }: Stream): number {
  let objects = 0;
  for (let i = 0; i < extra.length; ) {
    const slot = extra[i++];
    if (slot >= 0 && extra[i++] > 0) objects++;
  }
  return objects;
}

interface Recipe extends Pick<ThreadedWorkload, "kind" | "title" | "opsPerPass"> {
  readonly name: string;
  readonly build: (thread: number) => Stream;
  readonly threads?: number;
}

function workload({ name, kind, title, opsPerPass, build, threads = THREADS }: Recipe): ThreadedWorkload {
  const id = `threads/${name}`;
  const streams = Array.from({ length: threads }, (_, thread) => ({
    ...{ id: `${id}/${thread}`, title, sizes: "mixed" as const },
    build: () => build(thread),
  }));
  return { id, title, kind, streams, opsPerPass };
}

const extraLength = (stream: Stream): number => stream.extra.length;
const headAllocs = (stream: Stream): number => stream.head.allocs;
const writes = (stream: Stream): number => stream.extra[0] * stream.extra[1];

const only64 = (): Stream => sizesStream([64]);
const larson = (thread: number): Stream => buildReplace(5000, "mixed", 2 ** 17, 11 + thread);
const alone = (thread: number): Stream => buildReplace(65_536, "mixed", 2 ** 18, 21 + thread);
const thrashing = (): Stream => withExtra(Int32Array.of(2000, 1000, 8));

const recipes: readonly Recipe[] = [
  {
    ...{ name: "ring", kind: "ring", build: only64, opsPerPass: extraLength },
    title: "the ring alone, batches of 64: floor of xmalloc",
  },
  {
    ...{ name: "xmalloc/64", kind: "xmalloc", build: only64, opsPerPass: extraLength },
    title: "one allocates 64 B, the other frees",
  },
  {
    ...{
      name: "xmalloc/mixed",
      kind: "xmalloc",
      build: () => sizesStream(XMALLOC_SIZES),
      opsPerPass: extraLength,
    },
    title: "one allocates 8 B to 1 KiB, the other frees",
  },
  {
    ...{ name: "larson", kind: "larson", build: larson, opsPerPass: headAllocs },
    title: "replace among 5,000 each, objects handed over in rounds",
  },
  {
    ...{ name: "churn", kind: "churn", build: churnStream, opsPerPass: churnedObjects },
    title: "churn and exchange, workers ending (mstress)",
  },
  {
    ...{ name: "thrash/1", kind: "thrash", build: thrashing, opsPerPass: writes, threads: 1 },
    title: "cache-thrash, ns a write, one thread",
  },
  {
    ...{ name: "thrash/2", kind: "thrash", build: thrashing, opsPerPass: writes },
    title: "cache-thrash, ns a write, two threads",
  },
  {
    ...{ name: "scratch/2", kind: "scratch", build: thrashing, opsPerPass: writes },
    title: "cache-scratch, ns a write, two threads",
  },
  {
    ...{ name: "replace/1", kind: "independent", build: alone, opsPerPass: headAllocs, threads: 1 },
    title: "replace among 65,536, one thread",
  },
  {
    ...{ name: "replace/2", kind: "independent", build: alone, opsPerPass: headAllocs },
    title: "replace among 65,536 each, two threads",
  },
];

export const threadedWorkloads: readonly ThreadedWorkload[] = recipes.map(workload);

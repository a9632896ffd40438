// The model test: random lives of tiny heaps, compared with a plain Map after every step. Geometries are so
// small that slabs fill up, spans change class and the heap runs out all the time.

import { it } from "node:test";
import type { HeapOptions } from "offheap";
import type { TinyGeometry } from "#src/format/options.js";
import { makeHeap } from "./support/heaps.ts";
import { Model } from "./support/model.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertZeroResidue } from "./support/residue.ts";

const runs = 250;
const steps = 150;

function tinyOptions(random: Random): [HeapOptions, TinyGeometry] {
  const sizeClasses = random.pick([[64], [64, 8192], [40, 1000, 24_000], [8, 64, 65_536]]);
  const chunks = 1 + random.below(7);
  const bookChunks = sizeClasses[0] === 8 ? 2 : 1;
  return [
    {
      capacity: (bookChunks + chunks) * 65_536,
      sizeClasses,
      maxWorkers: 1 + random.below(4),
      cleanupInterval: random.pick([0, 1, 3, 100]),
    },
    {
      slotsPerSlab: 1 + random.below(6),
      slabChunks: random.pick([1, 2, 3]),
      roundLimit: 1 + random.below(4),
    },
  ];
}

function live(seed: number): void {
  const random = new Random(seed);
  const [options, tiny] = tinyOptions(random);
  const model = new Model(makeHeap(options, tiny), random);
  try {
    for (let step = 0; step < steps; step++) {
      model.step();
      model.verify();
    }
    assertZeroResidue(model.finish(), model.heap.layout.objectBytes);
  } catch (error) {
    const setting = JSON.stringify([options, tiny]);
    const last = model.history.slice(-25).join("\n  ");
    throw new Error(`OFFHEAP_SEED=${seed} repeats this: ${setting}\n  ${last}\n${error}`, { cause: error });
  }
}

it("random lives of tiny heaps agree with a plain Map at every step", (t) => {
  const seed = runSeed();
  t.diagnostic(`OFFHEAP_SEED=${seed}, ${runs} runs from it on`);
  for (let run = 0; run < runs; run++) live(seed + run);
});

it("lives that once failed stay whole", () => {
  for (const seed of [1, 2, 3, 7, 42]) live(seed);
});

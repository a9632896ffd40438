// The asserts at the entries of the core: they hold in the test builds, and production has none.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as asserting from "#core/built/asserting.js";
import * as production from "#core/built/instance.js";
import type { Core } from "#src/memory/core.js";
import { placeCore } from "#src/memory/core.js";
import { makeHeap } from "./support/heaps.ts";
import { steppedInstance } from "./support/stepping/stepped.ts";

const capacity = 2 << 20;

function placed(maker: typeof production.instanceOver): Core {
  const { layout } = makeHeap({ capacity, maxWorkers: 2 });
  const verbs = production.verbsOver(new ArrayBuffer(capacity));
  const core = { ...maker(verbs), engine: "js", bindMemory() {}, bindSlow() {} } as Core;
  placeCore(core, 0, layout);
  core.freeAll();
  return core;
}

/** Calls that none of the shell makes, whatever a user passes. */
const wrong: [name: string, call: (core: Core, chunks: number) => unknown][] = [
  ["a class that is none", (core) => core.holdsSlot(0, 0)],
  ["a class behind the last", (core) => core.holdsSlot(12, 0)],
  ["a worker that is none", (core) => core.settle(0, 1, 0)],
  ["a worker behind the last", (core) => core.settle(127, 1, 0)],
  ["a chunk behind the last", (core, chunks) => core.setHas(0, chunks)],
  ["a chunk before the first", (core) => core.setHas(0, -1)],
  ["a run that ends behind the heap", (core, chunks) => core.addClean(1, chunks)],
];

describe("the asserts of the core", () => {
  const chunks = makeHeap({ capacity, maxWorkers: 2 }).layout.chunkCount;
  for (const [name, call] of wrong) {
    it(`stop ${name}, in both test builds`, () => {
      assert.throws(() => call(placed(asserting.instanceOver), chunks), RangeError);
      assert.throws(() => call(placed(steppedInstance), chunks), /unreachable/);
    });

    it(`are not in production: ${name}`, () => {
      assert.doesNotThrow(() => call(placed(production.instanceOver), chunks));
    });
  }
});

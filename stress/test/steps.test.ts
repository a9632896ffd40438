// Single steps, in a short form: each state that a call leaves between two instructions is a whole heap; and one that is not is found.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadOs } from "offheap/os";
import { closeHeap } from "offheap/process";
import { Random } from "offheap-tools";
import { stepCases } from "#src/steps/cases.js";
import { compileTracer } from "#src/steps/tracer.js";
import { judge, makeHeap } from "#src/steps/verdict.js";
import { walk } from "#src/steps/walk.js";

const { available, reason } = loadOs().processes;
const folder = mkdtempSync(join(tmpdir(), "offheap-steps-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const tracer = join(folder, "step");
const skip = (available ? compileTracer(tracer) : reason) ?? false;

describe("a process stepped through its calls", { skip, timeout: 300_000 }, () => {
  for (const engine of ["wasm", "js"] as const)
    it(`leaves a whole heap behind each instruction, and when it is killed there: ${engine}`, async () => {
      const options = {
        name: "records",
        engine,
        folder,
        tracer,
        random: new Random(1),
        kills: 1,
        warmUp: 1000,
      };
      const { violations, calls, states, kills } = await walk(options);
      assert.deepEqual(violations, []);
      assert.equal(calls.length, 8);
      assert.equal(kills, 1);
      assert.ok(states > 20, `${states} states`);
    });
});

describe("the verdict on a heap", { skip: available ? false : reason }, () => {
  it("finds what is missing, and what is too much", () => {
    const slab = stepCases["slab"] as (typeof stepCases)[string];
    const found: string[] = [];
    const violate = (what: string) => found.push(what);
    const judged = makeHeap(join(folder, "other.heap"), slab, "wasm");
    const worth = judge(judged, slab, "wasm", undefined, violate);
    assert.deepEqual(found, []);
    judge(judged, slab, "wasm", { live: worth.live + 1, usable: worth.usable + 1 }, violate);
    assert.equal(found.length, 2);
    closeHeap(judged.memory);
  });
});

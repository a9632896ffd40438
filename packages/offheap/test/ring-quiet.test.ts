// A receiver that may neither wait nor make garbage, as an audio worklet: a million messages received and freed, with what
// that made on the heap, and how often the thread was to wait.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import binaryen from "binaryen";
import { sharedModule } from "#core/built/module.js";

interface Quiet {
  readonly received: number;
  readonly inOrder: boolean;
  /** Calls of `Atomics.wait` and `waitAsync`: while it received; and in one call of `wait`, which shows that they are counted. */
  readonly waits: number;
  readonly waitsOfWait: number;
  readonly heapBytes: number;
  readonly collections: number;
  readonly violations: number;
  readonly engine: string;
}

function measure(how: string): Quiet {
  const flags = ["--expose-gc", "--min-semi-space-size=64", "--max-semi-space-size=64"];
  const script = fileURLToPath(new URL("./support/quiet-ring.js", import.meta.url));
  const child = spawnSync(process.execPath, [...flags, script, how], { encoding: "utf8" });
  assert.equal(child.status, 0, child.stderr);
  return JSON.parse(child.stdout) as Quiet;
}

for (const how of ["receive", "receiveMany"])
  describe(`a million messages by ${how}`, () => {
    const quiet = measure(how);

    it("come in order", () => {
      assert.deepEqual([quiet.received, quiet.inOrder, quiet.violations], [1_000_000, true, 0]);
    });

    it("never make the thread wait", () => {
      assert.ok(quiet.waitsOfWait > 0, "a wait is not counted: the test does not work");
      assert.equal(quiet.waits, 0);
    });

    it("make no JavaScript object; without WebAssembly one bigint for each exchange of a cell", () => {
      const mostBytes = quiet.engine === "wasm" ? 512 << 10 : 32 << 20;
      // One object a message would be 12 MB or more.
      assert.ok(quiet.heapBytes < mostBytes, `${quiet.heapBytes} bytes`);
      assert.equal(quiet.engine === "wasm" ? quiet.collections : 0, 0);
    });
  });

it("the module has no instruction that waits", () => {
  const module = binaryen.readBinary(Buffer.from(sharedModule, "hex"));
  const text = module.emitText();
  module.dispose();
  assert.match(text, /memory\.atomic\.notify/);
  assert.doesNotMatch(text, /memory\.atomic\.wait/);
});

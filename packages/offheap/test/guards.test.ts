// Guards on what the engine makes of the code: once warm, ten million operations cause no deoptimization and
// make no JavaScript object on the common path. No time is asserted.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

/** Bytes of bytecode of each function of the name that a program of both allocators has compiled. */
function bytecodeLengths(name: string): number[] {
  const script = fileURLToPath(new URL("./support/slow-calls.js", import.meta.url));
  const flags = ["--print-bytecode", `--print-bytecode-filter=${name}`];
  // Coverage puts its counters into the bytecode, and is passed on unless it is said to be off.
  const env = { ...process.env, NODE_V8_COVERAGE: "" };
  const child = spawnSync(process.execPath, [...flags, script], {
    encoding: "utf8",
    env,
    maxBuffer: 2 ** 28,
  });
  assert.equal(child.status, 0, child.stderr);
  return [...child.stdout.matchAll(/^Bytecode length: (\d+)$/gm)].map(([, length]) => Number(length));
}

interface Measured {
  readonly results: Readonly<Record<string, { readonly heapBytes: number }>>;
  readonly collections: number;
  /** Bytes of the trace before and after the measured loops. */
  readonly traced: readonly [number, number];
  readonly violations: number;
}

/** Runs the loops; what they measured, and what V8 traced once they were warm. */
function measure(): Measured & { readonly trace: string; readonly warmUp: string } {
  const folder = mkdtempSync(join(tmpdir(), "offheap-guards-"));
  const traceFile = join(folder, "trace.txt");
  try {
    const flags = ["--expose-gc", "--min-semi-space-size=64", "--max-semi-space-size=64"];
    const tracing = ["--trace-deopt", "--redirect-code-traces", `--redirect-code-traces-to=${traceFile}`];
    const script = fileURLToPath(new URL("./support/guarded-loops.js", import.meta.url));
    const child = spawnSync(process.execPath, [...flags, ...tracing, script, traceFile], {
      encoding: "utf8",
    });
    assert.equal(child.status, 0, child.stderr);
    const measured = JSON.parse(child.stdout.trim().split("\n").at(-1) as string) as Measured;
    const trace = readFileSync(traceFile);
    const [from, to] = measured.traced;
    return { ...measured, warmUp: trace.toString("utf8", 0, from), trace: trace.toString("utf8", from, to) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("ten million operations, warm", () => {
  const { results, collections, trace, warmUp, violations } = measure();

  it("cause no deoptimization", () => {
    assert.match(warmUp, /deoptimizing/, "the trace shows nothing at all: the guard does not work");
    // From Node 22 on, Maglev reports its moves to the next tier as deoptimizations; nothing was guessed wrong.
    const tierChange = /reason: (prepare for on stack replacement|exit from OSR'd inner loop)/;
    const deoptimized = trace
      .split("\n")
      .filter((line) => line.includes("deoptimizing") && !tierChange.test(line));
    assert.deepEqual(deoptimized, []);
  });

  it("allocate no JavaScript object", () => {
    assert.deepEqual(Object.keys(results), ["pairs", "bursts", "churn", "copies"]);
    assert.equal(collections, 0);
    for (const [name, { heapBytes }] of Object.entries(results)) {
      // A single object an operation would be 120 MB or more. Bursts go through the slow halves 40,000 times,
      // which may make an object or two each; so does churn, now and then, in a tier of Node 22 that boxes.
      const limit = name === "pairs" || name === "copies" ? 512 << 10 : 8 << 20;
      assert.ok(heapBytes < limit, `${name}: ${heapBytes} bytes`);
    }
  });

  it("leave the heap whole", () => assert.equal(violations, 0));
});

describe("what V8 may inline", () => {
  // It inlines up to 920 bytes of bytecode into one function, each next candidate counted 1.2 times, and that function
  // into another by what it has inlined itself.
  it("both calls, and a loop of 120 bytes around them, into the caller of that loop", () => {
    const [allocate, deallocate] = ["allocate", "deallocate"].map((name) =>
      Math.max(...bytecodeLengths(name)),
    );
    assert.ok(
      (allocate as number) > 200 && (deallocate as number) > 300,
      `${allocate} and ${deallocate} bytes`,
    );
    const inlined = (allocate as number) + (deallocate as number);
    assert.ok((inlined + 120) * 1.2 <= 920, `together ${inlined} bytes`);
  });

  it("no slow half beside both calls", () => {
    for (const name of ["allocateSlow", "deallocateSlow"]) {
      const lengths = bytecodeLengths(name);
      assert.equal(lengths.length, 2, `of slabs and of pools: ${lengths}`);
      for (const length of lengths) assert.ok(length * 1.2 + 620 > 920, `${name} has ${length} bytes`);
    }
  });
});

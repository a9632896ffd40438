// Whole runs, as short as can be: the numbers are not looked at, only that there are sane ones.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { CaseRequest, HeapsAnswer, TimeAnswer } from "#src/case/protocol.js";
import type { Results } from "#src/measure/plan.js";
import { compile } from "#src/native/compile.js";
import { compileModule, type ModuleId, modulePeers } from "#src/native/modules.js";
import type { Goal } from "#src/report/goals.js";
import { writeStream } from "#src/stream/format.js";
import { buildReplace } from "#src/workloads/loops.js";
import { buildTrace } from "#src/workloads/traces.js";

const folder = mkdtempSync(join(tmpdir(), "offheap-bench-run-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const built = (path: string): string => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));
const hasCompiler = spawnSync("cc", ["--version"]).status === 0;

function bench(...args: string[]): string {
  return execFileSync(process.execPath, [built("main.js"), ...args], { encoding: "utf8" });
}

describe("a case", () => {
  const path = join(folder, "small.bin");
  const stream = buildReplace(500, "64", 5000);
  const order = Int32Array.from({ length: 500 }, (_, slot) => slot);
  writeStream(path, { ...stream, extra: order });
  const request: Omit<CaseRequest, "mode" | "peer"> = {
    ...{
      stream: path,
      minPasses: 3,
      maxPasses: 3,
      budgetMs: 1,
      deadlineMs: 10_000,
      ballast: 0,
      clock: "wall",
    },
  };
  const run = (mode: CaseRequest["mode"], peer: string): Record<string, unknown> => {
    const args = ["--expose-gc", built("case/main.js"), JSON.stringify({ ...request, mode, peer })];
    return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Record<string, unknown>;
  };
  const sum = 3 * order.reduce((total, slot) => total + slot, 0);

  for (const peer of ["offheap", "offheap-fine", "bare", "object", "thi.ng"]) {
    it(`of ${peer} reads what it wrote`, () => assert.equal(run("walk", peer)["sum"], sum));
  }

  it("times every pass, and gives up at its deadline", () => {
    const { passes } = run("time", "offheap") as { passes: [number, number][] };
    assert.equal(passes.length, 3);
    for (const [head] of passes) assert.ok(head > 0);
  });

  for (const peer of ["offheap-fine", "offheap-pool", "bare"]) {
    it(`times three heaps in turn: ${peer}`, () => {
      const { heaps } = run("heaps", peer) as unknown as HeapsAnswer;
      assert.deepEqual(
        heaps.map(({ passes }) => passes.length),
        [3, 3, 3],
      );
      for (const { setupNs, passes } of heaps) assert.ok(setupNs > 0 && passes.every(([head]) => head > 0));
    });
  }

  it("measures memory and single operations", () => {
    const space = run("space", "offheap") as Record<string, number>;
    assert.ok(space["highestBytes"] >= stream.peakLiveBytes, JSON.stringify(space));
    assert.equal(space["cleanedSpanBytes"], 0);
    const pause = run("pause", "offheap") as Record<string, number>;
    assert.ok(pause["p50"] > 0 && pause["p50"] <= pause["p99"] && pause["p99"] <= pause["max"]);
  });

  it("runs a trace in a module, each request of it", {
    skip: compileModule("as-offheap").missing ?? false,
  }, () => {
    const trace = {
      objects: Int32Array.of(0, 1, 0, 2, 1, 3),
      sizes: Int32Array.of(16, 8000, -32, 5, 0, 100),
    };
    const file = join(folder, "trace.bin");
    writeStream(file, buildTrace(trace, 8192));
    const args = [
      built("case/main.js"),
      JSON.stringify({ ...request, stream: file, mode: "time", peer: "as-offheap" }),
    ];
    const { passes } = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as TimeAnswer;
    assert.equal(passes.length, 3);
    for (const [head, tail] of passes) assert.ok(head > 0 && tail > 0);
  });

  it("says why when it cannot", () => {
    assert.match(String(run("time", "nobody")["refused"]), /failed/);
  });

  for (const peer of Object.keys(modulePeers) as ModuleId[]) {
    const { missing } = compileModule(peer);
    it(`runs the same stream in a module: ${peer}`, { skip: missing ?? false }, () => {
      assert.equal((run("time", peer) as { passes: unknown[] }).passes.length, 3);
      assert.match(String(run("walk", peer)["refused"]), /timed only/);
    });
  }

  it("runs a program in a module", { skip: compileModule("c-offheap").missing ?? false }, () => {
    writeStream(join(folder, "program.bin"), { ...stream, extra: Int32Array.of(1, 500) });
    const program = { ...request, stream: join(folder, "program.bin") };
    const args = [built("case/main.js"), JSON.stringify({ ...program, mode: "program", peer: "c-offheap" })];
    const answer = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as TimeAnswer;
    assert.ok(answer.passes.length > 0 && answer.passes[0][0] > 0);
  });

  it("runs the same stream in C", { skip: !hasCompiler }, () => {
    const { path: driver = "" } = compile("driver");
    const output = execFileSync(driver, ["walk", path, "3"], { encoding: "utf8" });
    assert.equal((JSON.parse(output) as { sum: number }).sum, sum);
    const timed = execFileSync(driver, ["time", path, "3", "3", "1", "0"], { encoding: "utf8" });
    assert.equal((JSON.parse(timed) as { passes: unknown[] }).passes.length, 3);
  });
});

describe("npm run bench", () => {
  it("lists its parts and peers", () => {
    const text = bench("--list");
    for (const name of [
      "pair/64",
      "replay/lua",
      "threads/larson",
      "space/",
      "gc/",
      "mimalloc",
      "thi.ng",
      "wasm/churn",
      "wasm/replay/jq",
      "heaps/replay/lua",
      "large/pair/1m",
      "bare",
    ]) {
      assert.ok(text.includes(name), name);
    }
  });

  it("writes one JSON file and its plots", () => {
    const only = "replay/sqlite,threads/xmalloc/64,space/replay/sqlite";
    const quick = ["--quick", "--rounds", "1", "--budget", "1", "--out", folder, "--name", "test"];
    const text = bench("--only", only, "--peers", "offheap,glibc", ...quick);
    assert.match(text, /replay\/sqlite/);
    const file = JSON.parse(readFileSync(join(folder, "test.json"), "utf8")) as Results & { version: number };
    assert.equal(file.version, 2);
    for (const workload of ["replay/sqlite", "threads/xmalloc/64"]) {
      const row = file.time.find((each) => each.workload === workload && each.peer === "offheap");
      const { median = 0, min = 0, max = 0 } = row?.steady ?? {};
      assert.ok(median > 0 && min <= median && median <= max, `${workload}: ${JSON.stringify(row)}`);
    }
    const [space] = file.space;
    assert.ok((space.highestBytes ?? 0) > (space.peakRequestedBytes ?? 0));
    assert.match(readFileSync(join(folder, "test-replay.svg"), "utf8"), /^<svg/);
    const native = file.time.find(({ peer }) => peer === "glibc");
    assert.ok(hasCompiler ? native?.steady : native?.refused);
  });

  it("says so when a native library was not loaded", { skip: !hasCompiler }, () => {
    const text = join(folder, "libtext.so");
    writeFileSync(text, "no library");
    const quick = ["--quick", "--rounds", "1", "--budget", "1", "--out", folder, "--name", "native"];
    const named = ["--native", `text=${text}`, "--native", `absent=${join(folder, "libabsent.so")}`];
    const output = bench("--only", "replace/256/64", "--peers", "bare", ...named, ...quick);
    assert.match(output, /^– text: not loaded: .*libtext\.so/m);
    assert.match(output, /^– absent: .*not found/m);
    const file = JSON.parse(readFileSync(join(folder, "native.json"), "utf8")) as Results;
    const steady = file.time.filter((row) => row.steady).map(({ peer }) => peer);
    assert.deepEqual(steady, ["floor", "bare", "floor-native"]);
  });

  it("has the goals of what it measured, and a loop's heaps", () => {
    const quick = ["--quick", "--rounds", "1", "--budget", "1", "--out", folder, "--name", "goals"];
    const parts = ["--only", "replay/sqlite,heaps/replay/sqlite", "--peers", "offheap-fine,bare"];
    const output = bench(...parts, ...quick);
    assert.match(output, /traces, steady +offheap-fine .* bare .* ≤ 1\.30× /);
    assert.match(output, /a loop's third heap, traces .* its first heap /);
    assert.match(output, /^heaps\/replay\/sqlite +bare/m);
    const file = JSON.parse(readFileSync(join(folder, "goals.json"), "utf8")) as Results & { goals: Goal[] };
    assert.deepEqual(
      file.heaps.map(({ peer, heaps }) => [peer, heaps?.length]),
      [
        ["offheap-fine", 3],
        ["bare", 3],
      ],
    );
    for (const { ours, theirs, ratio } of file.goals) assert.equal(ratio, ours / theirs);
  });

  it("refuses a filter that takes nothing", () => {
    const result = spawnSync(process.execPath, [built("main.js"), "--only", "nothing"], { encoding: "utf8" });
    assert.equal(result.status, 1);
    assert.match(result.stderr, /nothing matches/);
  });
});

// What the report makes of measurements.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TimeAnswer } from "#src/case/protocol.js";
import { type HeapsRow, heapsRow } from "#src/measure/heaps.js";
import { allParts, noResults, type Results } from "#src/measure/plan.js";
import { spread } from "#src/measure/summary.js";
import { type TimeRow, timeRow } from "#src/measure/time.js";
import { libraryNamed } from "#src/native/libraries.js";
import { parseOptions, peerSelected, selected } from "#src/options.js";
import { claims } from "#src/report/claims.js";
import { type Goal, goals } from "#src/report/goals.js";
import { heapsTable } from "#src/report/other-tables.js";
import { passesTable } from "#src/report/passes.js";
import { plots } from "#src/report/plots.js";
import { ratioLines } from "#src/report/ratios.js";
import { asMarkdown, asText } from "#src/report/table.js";
import { timeTables } from "#src/report/time-table.js";
import { partsNamed } from "#src/short-names.js";
import { buildReplace } from "#src/workloads/loops.js";

const row = (workload: string, peer: string, ns: number): TimeRow => ({
  ...{ workload, peer, passes: 4 },
  steady: spread([ns, ns * 1.1, ns * 0.9]),
  first: spread([ns * 2]),
  second: spread([ns * 1.5]),
});

const heaps = (workload: string, peer: string, ...ns: readonly number[]): HeapsRow => ({
  ...{ workload, peer },
  heaps: ns.map((each) => spread([each])),
});

const results: Results = {
  time: [
    ...[row("replay/a", "offheap", 4), row("replay/a", "mimalloc", 8), row("replay/a", "glibc", 16)],
    ...[row("replay/b", "offheap", 9), row("replay/b", "mimalloc", 9), row("replay/b", "glibc", 36)],
    ...[row("pair/64", "offheap", 3), row("pair/64", "uint8array", 30), row("pair/64", "floor", 1)],
    ...[row("growth/10000", "offheap", 5), row("growth/10000000", "offheap", 10)],
  ],
  space: [
    { workload: "space/replay/a", peer: "offheap", peakRequestedBytes: 100, highestBytes: 120 },
    { workload: "space/replay/a", peer: "mimalloc", peakRequestedBytes: 100, highestBytes: 125 },
  ],
  pause: [
    { workload: "pause/replay/a", peer: "offheap", p50: 30, p99: 40, p999: 900, max: 5000, worst: 6000 },
  ],
  gc: [],
  heaps: [],
  records: [],
  messages: [],
  processes: [],
  hitRates: [],
  stores: [],
};

const near = (actual: number | undefined, expected: number): void =>
  assert.ok(actual !== undefined && Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);

describe("rows", () => {
  const stream = buildReplace(10, "64", 50); // 100 operations a pass
  const answer = {
    setupNs: 1000,
    passes: [
      [900, 0],
      [300, 0],
      [200, 0],
      [100, 0],
    ] as const,
  };

  it("keep the first pass, the second and the steady ones apart", () => {
    const got = timeRow("w", stream, { peer: "p", answers: [answer, { ...answer, setupNs: 3000 }] });
    const { first, second, steady, passes } = got;
    assert.deepEqual([first?.median, second?.median, steady?.median, passes], [9, 3, 1.5, 4]);
    assert.deepEqual(got.setup, { median: 200, min: 100, max: 300 });
  });

  it("of a loop's heaps are apart, each the median of its rounds", () => {
    const heap = (...ns: readonly number[]): TimeAnswer => ({
      setupNs: 0,
      passes: ns.map((each) => [each, 0]),
    });
    const rounds = [10, 30].map((ns) => ({ heaps: [heap(9, 9, ns, ns), heap(9, 9, 2 * ns, 2 * ns)] }));
    const { heaps: got } = heapsRow("w", "p", rounds, 10);
    assert.deepEqual(got, [spread([1, 3]), spread([2, 6])]);
  });

  it("give a lower bound for a peer that was stopped, and a reason for one that refused", () => {
    const tooSlow = { ns: 3000, words: 30 };
    const stopped = timeRow("w", stream, { peer: "p", answers: [{ setupNs: 0, passes: [], tooSlow }] });
    assert.deepEqual([stopped.stopped, stopped.steady?.median, stopped.first], [true, 150, undefined]);
    assert.equal(timeRow("w", stream, { peer: "p", answers: [], refused: "why" }).refused, "why");
  });
});

/** One row of each kind that a goal is computed from. */
const wanted: Results = {
  ...noResults(),
  time: [
    ...[row("replay/jq", "offheap-fine", 8), row("replay/jq", "mimalloc", 4), row("replay/jq", "bare", 5)],
    ...[row("replay/lua", "offheap-fine", 2), row("replay/lua", "mimalloc", 4), row("replay/lua", "bare", 5)],
    ...[row("replay/own", "offheap-fine", 6), row("replay/own", "mimalloc", 4)],
    ...[row("pair/64", "offheap-fine", 3), row("pair/64", "mimalloc", 4), row("pair/64", "offheap", 1)],
    ...[row("replace/256/64", "offheap-fine", 5), row("replace/256/64", "mimalloc", 4)],
    ...[row("batch/1000/reverse", "offheap-fine", 6), row("batch/1000/reverse", "mimalloc", 4)],
    ...[row("batch/65536/shuffled", "offheap-fine", 10), row("batch/65536/shuffled", "mimalloc", 4)],
    ...[row("threads/larson", "offheap", 6), row("threads/larson", "glibc", 12)],
    ...[row("threads/larson", "jemalloc", 8), row("threads/thrash/1", "offheap", 1)],
    ...[row("large/pair/64k", "offheap-pool", 30), row("large/pair/64k", "glibc", 20)],
    ...[row("large/replace/1m", "offheap-pool", 10), row("large/replace/1m", "glibc", 20)],
    ...[row("wasm/replace/4096/64", "c-offheap", 6), row("wasm/replace/4096/64", "mimalloc", 4)],
    ...[row("wasm/replay/jq", "c-offheap", 5), row("wasm/replay/jq", "mimalloc", 4)],
    ...[row("wasm/pair/64", "c-offheap", 2), row("wasm/pair/64", "c-dlmalloc", 4)],
    ...[row("wasm/replay/jq", "as-offheap", 1), row("wasm/pair/64", "as-offheap", 1)],
  ],
  space: [
    { workload: "space/replay/jq", peer: "offheap-fine", peakRequestedBytes: 2 ** 20, highestBytes: 2 ** 22 },
    { workload: "space/replay/jq", peer: "mimalloc", peakRequestedBytes: 2 ** 20, highestBytes: 2 ** 21 },
  ],
  heaps: [
    heaps("heaps/replay/jq", "offheap-fine", 10, 14, 12),
    heaps("heaps/replay/jq", "bare", 1, 1, 9),
    heaps("heaps/pair/64", "offheap-fine", 1, 1, 9),
  ],
};

describe("goals", () => {
  const found = goals(wanted);

  it("are those of the table, in its order, with the limits that it sets", () => {
    const limits = found.map(({ what, against, limit }) => [what, against, limit]);
    assert.deepEqual(limits, [
      ["bundled traces, steady", "mimalloc", 1.8],
      ["other traces (--trace), steady", "mimalloc", 1.45],
      ["worst trace, steady", "mimalloc", 2.2],
      ["traces, steady", "bare", 1.3],
      ["traces, first pass", "mimalloc", 2.7],
      ["traces, second pass", "mimalloc", 2.2],
      ["a loop's third heap, traces", "its first heap", 1.3],
      ["loops: pair", "mimalloc", 1.3],
      ["loops: replace", "mimalloc", 1.3],
      ["loops: other batches", "mimalloc", 1.3],
      ["loops: batch of 65,536, shuffled", "mimalloc", 2],
      ["hand-over between two workers", "the fastest native", 0.9],
      ["objects of 8 KiB to 1 MiB", "glibc", 1],
      ["asMalloc: replace", "mimalloc", 1.4],
      ["asMalloc: traces", "mimalloc", 1.4],
      ["asMalloc: pair", "dlmalloc in WebAssembly", 1],
      ["footprint, worst trace", "mimalloc", 1.11],
    ]);
  });

  it("have both medians, their ratio and the verdict", () => {
    const figures: Record<string, [number, number, boolean]> = {
      "bundled traces, steady": [4, 4, true], // jq 8 and lua 2
      "other traces (--trace), steady": [6, 4, false],
      "worst trace, steady": [8, 4, true],
      "traces, steady": [4, 5, true],
      "a loop's third heap, traces": [12, 10, true],
      "loops: pair": [3, 4, true],
      "loops: replace": [5, 4, true],
      "loops: other batches": [6, 4, false],
      "loops: batch of 65,536, shuffled": [10, 4, false],
      "hand-over between two workers": [6, 8, true],
      "objects of 8 KiB to 1 MiB": [30, 20, false],
      "asMalloc: replace": [6, 4, false],
      "asMalloc: traces": [5, 4, true],
      "asMalloc: pair": [2, 4, true],
      "footprint, worst trace": [4, 2, false],
    };
    for (const [name, [ours, theirs, met]] of Object.entries(figures)) {
      const goal = found.find(({ what }) => what === name);
      near(goal?.ours, ours);
      near(goal?.theirs, theirs);
      near(goal?.ratio, ours / theirs);
      assert.equal(goal?.met, met, name);
    }
  });

  it("take early passes against early passes", () => {
    const slowStart = wanted.time.map((each) =>
      each.peer === "mimalloc" ? { ...each, first: spread([2]), second: spread([4]) } : each,
    );
    const of = (name: string): Goal | undefined =>
      goals({ ...wanted, time: slowStart }).find(({ what }) => what === name);
    near(of("traces, first pass")?.theirs, 2);
    near(of("traces, second pass")?.theirs, 4);
    near(of("traces, first pass")?.ours, 2 * Math.cbrt(8 * 2 * 6));
  });

  it("name the worst workload of a mean", () => {
    const [bundled] = found;
    assert.deepEqual([bundled?.worst, bundled?.worstRatio, bundled?.workloads], ["replay/jq", 2, 2]);
  });

  it("take the client in AssemblyScript where there is none in C", () => {
    const time = wanted.time.filter(({ peer }) => peer !== "c-offheap");
    const subjects = goals({ ...wanted, time }).filter(({ what }) => what.startsWith("asMalloc"));
    assert.deepEqual(
      subjects.map(({ what, subject }) => [what, subject]),
      [
        ["asMalloc: traces", "as-offheap"],
        ["asMalloc: pair", "as-offheap"],
      ],
    );
  });

  it("are silent on what was not measured", () => {
    assert.deepEqual(goals(noResults()), []);
    const lone = goals({ ...noResults(), time: [row("threads/larson", "offheap", 1)] });
    assert.deepEqual(lone, []);
  });
});

describe("claims", () => {
  it("name what a program does today", () => {
    const [claim] = claims(results);
    assert.deepEqual([claim?.today, claim?.before, claim?.after, claim?.factor], ["uint8array", 30, 3, 10]);
  });
});

describe("output", () => {
  it("lines up", () =>
    assert.equal(asText({ head: ["a", "b"], body: [["long", "1"]] }), "a     b\n───────\nlong  1"));

  it("is Markdown, too", () =>
    assert.equal(asMarkdown({ head: ["a", "b"], body: [["x", "1"]] }), "| a | b |\n|---|---:|\n| x | 1 |"));

  it("has each pass of a trace beside mimalloc's of its kind, and their means", () => {
    const { body } = passesTable(wanted.time);
    const fine = body
      .filter(([, subject]) => subject === "offheap-fine")
      .map(([name, , ...cells]) => [name, ...cells]);
    assert.deepEqual(fine, [
      ["replay/jq", "16.0", "2.00×", "12.0", "2.00×", "8.0", "2.00×", "1.60×"],
      ["replay/lua", "4.0", "0.50×", "3.0", "0.50×", "2.0", "0.50×", "0.40×"],
      ["replay/own", "12.0", "1.50×", "9.0", "1.50×", "6.0", "1.50×", "–"],
      ["mean of replay", "9.2", "1.14×", "6.9", "1.14×", "4.6", "1.14×", "0.80×"],
    ]);
    assert.ok(body.some(([name, subject]) => name === "wasm/replay/jq" && subject === "as-offheap"));
  });

  it("has the second pass of loops where they were run, and the third heap over the first", () => {
    assert.match(
      timeTables(results.time).map(asText).join(),
      /first, second pass.*\n.*\nreplay\/a +4\.0 ±10% \(8\.0, 6\.0\)/,
    );
    const many = Array.from({ length: 9 }, (_, index) => row("pair/64", `p${index}`, 2));
    assert.deepEqual(
      timeTables(many).map(({ head, body }) => [head[0], body[0][1]]),
      [
        ["ns/op, steady passes", "2.0"],
        ["ns/op, first pass", "4.0"],
        ["ns/op, second pass", "3.0"],
      ],
    );
    assert.deepEqual(heapsTable(wanted.heaps).body[0], [
      ...["heaps/replay/jq", "offheap-fine", "10.0", "14.0", "12.0", "1.20×"],
    ]);
  });

  it("has a column for each peer and a mean for each group", () => {
    const table = timeTables(results.time).map(asText).join();
    assert.match(table, /^ns\/op.*offheap +mimalloc +glibc +uint8array +floor\n/);
    assert.match(
      ratioLines(results.time, "offheap").join("\n"),
      /mean of replay .* 0\.71× mimalloc, 0\.25× glibc/,
    );
  });

  it("draws", async () => {
    const drawn = await plots(results);
    assert.deepEqual(Object.keys(drawn), ["loops", "javascript", "replay", "growth", "space", "pauses"]);
    for (const svg of Object.values(drawn)) assert.match(svg, /^<svg [\s\S]*offheap[\s\S]*<\/svg>\n$/);
  });
});

describe("options", () => {
  it("filter by prefix and by peer", () => {
    const options = parseOptions(["--only", "replay/lua,pair", "--peers", "offheap,glibc", "--quick"]);
    assert.deepEqual([options.quick, options.rounds], [true, 2]);
    assert.deepEqual(
      ["replay/lua", "pair/64", "replay/lua2"].map((id) => selected(options, id)),
      [true, true, false],
    );
    assert.deepEqual(
      ["glibc", "mimalloc"].map((id) => peerSelected(options, id)),
      [true, false],
    );
  });

  it("know names for several parts, with the peers they need", () => {
    const named = parseOptions(["--only", "goals", "--native", "mi3=a/libx.so.3"]);
    assert.ok(partsNamed(named.only).includes("wasm/replay"));
    assert.deepEqual(
      ["bare", "offheap-fine", "c-dlmalloc", "mi3", "uint8array"].map((id) => peerSelected(named, id)),
      [true, true, true, true, false],
    );
    assert.deepEqual(parseOptions(["--only", "goals,gc"]).peers, [], "gc takes all");
    assert.deepEqual(parseOptions(["--only", "goals", "--peers", "bare"]).peers, ["bare"]);
    assert.deepEqual(parseOptions([]).peers, []);
  });

  it("name parts that there are", () => {
    const ids = allParts(parseOptions(["--peers", "none"]), []).map(({ id }) => id);
    for (const part of [...partsNamed(["goals"]), ...partsNamed(["claims"])]) {
      assert.ok(
        ids.some((id) => selected({ only: [part] }, id)),
        part,
      );
    }
  });

  it("take a native library by its path, with a name of its own where two are called alike", () => {
    assert.deepEqual(libraryNamed("/usr/lib/libsnmallocshim.so"), {
      ...{ id: "libsnmallocshim", path: "/usr/lib/libsnmallocshim.so" },
    });
    assert.deepEqual(libraryNamed("mi3=/usr/lib/libmimalloc.so.3.4"), {
      ...{ id: "mi3", path: "/usr/lib/libmimalloc.so.3.4" },
    });
    const twice = ["--native", "/a/libx.so", "--native", "/b/libx.so.2"];
    assert.throws(() => parseOptions(twice), /two native libraries are called libx/);
    assert.throws(() => parseOptions(["--native", "mimalloc=/a/libx.so"]), /called mimalloc/);
  });

  it("refuse what they do not know", () => {
    assert.throws(() => parseOptions(["--fast"]), /fast/);
  });
});

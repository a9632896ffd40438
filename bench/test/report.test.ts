// What the report makes of measurements.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Results } from "#src/measure/plan.js";
import { spread } from "#src/measure/summary.js";
import { type TimeRow, timeRow } from "#src/measure/time.js";
import { parseOptions, peerSelected, selected } from "#src/options.js";
import { claims } from "#src/report/claims.js";
import { goals } from "#src/report/goals.js";
import { plots } from "#src/report/plots.js";
import { ratioLines } from "#src/report/ratios.js";
import { asMarkdown, asText } from "#src/report/table.js";
import { timeTables } from "#src/report/time-table.js";
import { buildReplace } from "#src/workloads/loops.js";

const row = (workload: string, peer: string, ns: number): TimeRow => ({
  ...{ workload, peer, passes: 4 },
  steady: spread([ns, ns * 1.1, ns * 0.9]),
  first: spread([ns * 2]),
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

  it("keep the first pass and the steady ones apart", () => {
    const got = timeRow("w", stream, { peer: "p", answers: [answer, { ...answer, setupNs: 3000 }] });
    assert.deepEqual([got.first?.median, got.steady?.median, got.passes], [9, 1.5, 4]);
    assert.deepEqual(got.setup, { median: 200, min: 100, max: 300 });
  });

  it("give a lower bound for a peer that was stopped, and a reason for one that refused", () => {
    const tooSlow = { ns: 3000, words: 30 };
    const stopped = timeRow("w", stream, { peer: "p", answers: [{ setupNs: 0, passes: [], tooSlow }] });
    assert.deepEqual([stopped.stopped, stopped.steady?.median, stopped.first], [true, 150, undefined]);
    assert.equal(timeRow("w", stream, { peer: "p", answers: [], refused: "why" }).refused, "why");
  });
});

describe("goals and claims", () => {
  const find = (part: string): number | undefined =>
    goals(results).find(({ what, subject }) => subject === "offheap" && what.includes(part))?.value;

  it("are ratios of medians", () => {
    near(find("mean against mimalloc"), Math.sqrt(0.5));
    near(find("worst against mimalloc"), 1);
    near(find("mean against glibc"), 0.25);
    near(find("first pass"), 2);
    near(find("footprint"), 0.96);
    near(find("10^7"), 2);
  });

  it("are silent on what was not measured", () => {
    assert.deepEqual(goals({ time: [], space: [], pause: [], gc: [] }), []);
    assert.equal(find("two workers"), undefined);
  });

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

  it("refuse what they do not know", () => {
    assert.throws(() => parseOptions(["--fast"]), /fast/);
  });
});

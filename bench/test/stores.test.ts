// Maps and caches measured, as short as can be: what is counted is looked at, of times only that there are sane ones.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { noResults } from "#src/measure/plan.js";
import { type StoreRow, storePeersOf, storeWorkloads } from "#src/measure/stores.js";
import { parseOptions } from "#src/options.js";
import { goals } from "#src/report/goals.js";
import { storeTables } from "#src/report/store-tables.js";
import { CallClock } from "#src/stores/call-clock.js";
import { without } from "#src/stores/collections.js";
import { drawn, firstAbsent, keyBytes, keyText, valueText } from "#src/stores/content.js";
import type { SplitRequest, StoreFigures, StoreRequest, StoresRequest } from "#src/stores/protocol.js";
import { storePeers } from "#src/stores/protocol.js";

const caseMain = fileURLToPath(new URL("../dist/case/main.js", import.meta.url));

const tiny: Omit<StoreRequest, "what" | "peer"> = {
  mode: "stores",
  count: 300,
  valueBytes: 100,
  steps: 600,
  budgetMs: 0,
  clock: "wall",
  windowMs: 5,
};

function run(request: StoresRequest): StoreFigures & { refused?: string } {
  const args = ["--expose-gc", caseMain, JSON.stringify(request)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as StoreFigures;
}

/** lmdb is built for some machines only. */
const lacks = ({ refused }: { refused?: string }): boolean => refused?.includes("cannot be opened") ?? false;

/** Each figure is a number, and no time is below none. */
function mustHave(answer: StoreFigures & { refused?: string }, ...keys: (keyof StoreFigures)[]): void {
  assert.equal(answer.refused, undefined);
  for (const key of keys) assert.ok((answer[key] ?? -1) >= 0, `${key}: ${answer[key]}`);
}

describe("a store", () => {
  for (const peer of storePeers) {
    it(`of ${peer} finds what it was filled with, and each kind of call is timed`, (test) => {
      const answer = run({ ...tiny, what: "calls", peer });
      if (peer === "lmdb" && lacks(answer)) return test.skip(answer.refused);
      mustHave(answer, "hitNs", "freshNs", "sliceNs", "missNs", "hasNs");
      if (peer !== "frozen-map") mustHave(answer, "replaceNs", "newNs");
      const inPlace = ["readNs", "intoNs"].filter((key) => key in answer);
      assert.deepEqual(inPlace, peer.endsWith("-map") ? ["readNs", "intoNs"] : []);
    });

    it(`of ${peer} is watched while it lives`, (test) => {
      const answer = run({ ...tiny, what: "live", peer, count: 40_000 });
      if (peer === "lmdb" && lacks(answer)) return test.skip(answer.refused);
      mustHave(
        answer,
        "fillLongestMs",
        "fillOwnMs",
        "fillCallMs",
        "fillGcMs",
        "longestMs",
        "ownMs",
        "callMs",
        "gcMs",
        "fullGcMs",
      );
      const { entryBytes = 0, p50Ns = 0, p999Ns = 0, ownMs = 0, longestMs = 0 } = answer;
      assert.ok(p50Ns <= p999Ns && p999Ns <= ownMs * 1e6 + 1, JSON.stringify(answer));
      assert.ok(ownMs <= longestMs + 1e-3);
      // A key and a value at least, and no more than a few times that.
      if (process.platform === "linux") assert.ok(entryBytes > 100 && entryBytes < 2000, `${entryBytes}`);
    });
  }

  for (const [what, peer] of [
    ...([["workers", "map"]] as const),
    ...(["lmdb", "shared-map", "shared-cache"] as const).flatMap((each) => [
      ["workers", each] as const,
      ["processes", each] as const,
    ]),
  ])
    it(`of ${peer} serves two ${what}, who find every key`, (test) => {
      const answer = run({ ...tiny, what, peer });
      if (peer === "lmdb" && lacks(answer)) return test.skip(answer.refused);
      mustHave(answer, "oneNs", "twoNs", "hotOneNs", "hotTwoNs", "besideNs", "writerNs");
    });

  it("says why when it cannot be opened", () => {
    const answer = run({ ...tiny, what: "calls", peer: "nobody" as "map" });
    assert.match(answer.refused ?? "", /cannot be opened/);
  });
});

describe("a cache for two workers", () => {
  const asked: Omit<SplitRequest, "peer"> = {
    mode: "stores",
    what: "split",
    exponent: 1,
    count: 60_000,
    valueBytes: 100,
    requests: 400_000,
    totalBytes: 2 ** 22,
  };
  const [both, half, each] = (["shared-cache", "lru-half", "lru-whole"] as const).map((peer) =>
    run({ ...asked, peer }),
  );

  it("is counted: a private one has the same hits in each run", () => {
    assert.deepEqual(run({ ...asked, peer: "lru-half" }), half);
  });

  it("has more hits than half the bytes in each, and than all of them in each, by what entries take", () => {
    const hits = [half, each, both].map(({ hitsResident = 0 }) => hitsResident);
    const [fewest = 0, more = 0, most = 0] = hits;
    assert.ok(fewest < more && more < most && most < 100, hits.join());
    assert.ok(fewest < (half.hits ?? 0) && more < (each.hits ?? 0));
    assert.equal(both.hits, both.hitsResident);
  });
});

describe("keys and values", () => {
  it("have their bytes, no two keys are alike, and both are the same each time", () => {
    const numbers = [...Array(5000).keys(), firstAbsent, firstAbsent + 1, firstAbsent * 2];
    const keys = numbers.map(keyText);
    assert.ok(keys.every((key) => key.length === keyBytes));
    assert.equal(new Set(keys).size, numbers.length);
    assert.deepEqual(keys.slice(0, 100), numbers.slice(0, 100).map(keyText));
    assert.equal(valueText(7, 100).length, 100);
    assert.equal(valueText(123_456, 1024), valueText(123_456, 1024));
    assert.notEqual(valueText(1, 16), valueText(2, 16));
    assert.ok(drawn(1000, 10, 1).every((number) => number >= 0 && number < 10));
  });
});

describe("a clock of calls", () => {
  it("keeps the longest, and calls in order of length", () => {
    const clock = new CallClock(100);
    for (let i = 100; i > 0; i--) clock.add(0, i / 1e6);
    assert.deepEqual(
      clock.at([0, 0.5, 1]).map((ms) => Math.round(ms * 1e6)),
      [1, 51, 100],
    );
    assert.ok(Math.abs(clock.longestMs - 1e-4) < 1e-9);
    assert.equal(clock.longestBut([]), 0.1);
  });

  it("tells a collection from the call that it fell into", () => {
    const call = { began: 10, ms: 5 };
    assert.equal(without(call, []), 5);
    assert.equal(
      without(call, [
        { began: 9, ms: 2 },
        { began: 12, ms: 1 },
        { began: 20, ms: 1 },
      ]),
      3,
    );
  });
});

const row = (workload: string, peer: string, what: StoreRow["what"], figures: StoreFigures): StoreRow => ({
  workload,
  peer,
  what,
  figures,
});

const rows: StoreRow[] = [
  row("map/calls/10000/100", "lru-cache", "calls", { hitNs: 50, freshNs: 120, missNs: 20 }),
  row("map/calls/10000/100", "shared-map", "calls", { hitNs: 75, freshNs: 60, missNs: 90, readNs: 70 }),
  row("map/live/5000000", "lru-cache", "live", { entryBytes: 300, callMs: 40, fillCallMs: 900 }),
  row("map/live/5000000", "shared-map", "live", { entryBytes: 150, callMs: 0.5, fillCallMs: 0.25 }),
  row("map/workers/1000", "shared-map", "workers", { oneNs: 100, twoNs: 50 }),
  row("cache/equal-bytes/1.0", "shared-cache", "split", { hits: 80, hitsResident: 80 }),
  row("cache/equal-bytes/1.0", "lru-whole", "split", { hits: 75, hitsResident: 60 }),
];

describe("the report", () => {
  it("has a table of each kind, without columns that are empty", () => {
    const [calls, live, two, split] = storeTables(rows);
    assert.deepEqual(calls, {
      head: ["ns a call", "peer", "get, known key", "get, fresh key", "get, miss", "read"],
      body: [
        ["map/calls/10000/100", "lru-cache", "50", "120", "20", "–"],
        ["map/calls/10000/100", "shared-map", "75", "60", "90", "70"],
      ],
    });
    assert.deepEqual(live?.body[1], ["map/live/5000000", "shared-map", "150", "0.25", "0.50"]);
    assert.equal(two?.body[0]?.[4], "2.00×");
    assert.deepEqual(split?.body[0]?.slice(1), ["shared-cache", "80.0", "80.0"]);
  });

  it("has the goals of what was measured", () => {
    const found = goals({ ...noResults(), stores: rows }).map(
      ({ what, subject, ratio, met }) => [what, subject, Number(ratio.toFixed(3)), met] as const,
    );
    assert.deepEqual(found, [
      ["get, 10,000 entries, known key", "shared-map", 1.5, true],
      ["get, 10,000 entries, fresh key", "shared-map", 0.5, true],
      ["a miss", "shared-map", 1.2, false],
      ["memory an entry", "shared-map", 0.5, false],
      ["longest set while it grows", "shared-map", 0.25, true],
      ["longest call while all live", "shared-map", 0.5, true],
      ["get by two workers", "shared-map", 0.5, true],
      ["one cache for two workers, bytes taken", "shared-cache", 0.5, true],
      ["one cache for two workers, bytes of keys and values", "shared-cache", 0.8, true],
    ]);
  });
});

describe("the plan", () => {
  const ids = (...args: string[]): string[] => storeWorkloads(parseOptions(args)).map(({ id }) => id);

  it("leaves the largest sets to runs that are not quick", () => {
    assert.ok(ids().includes("map/ceiling") && ids().includes("cache/calls/10000000/100"));
    assert.ok(!ids("--quick").includes("map/ceiling"));
    assert.ok(ids("--quick").includes("map/live/500000"));
    assert.equal(new Set(ids()).size, ids().length);
  });

  it("asks only the peers that are named", () => {
    const options = parseOptions(["--peers", "lmdb,shared-map"]);
    const peers = storeWorkloads(options).map((workload) => storePeersOf(options, workload));
    assert.deepEqual([...new Set(peers.flat())], ["lmdb", "shared-map"]);
  });
});

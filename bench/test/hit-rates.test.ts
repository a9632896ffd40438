// Policies of caches against each other, against npm's, and against a search of all that a cache could have done.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Random, runSeed } from "offheap-tools";
import { policies, policyNames } from "#src/hit-rates/policies.js";
import { countHits } from "#src/hit-rates/policy.js";
import { arcTrace, bundledStreams, numbered, zipf } from "#src/hit-rates/streams.js";
import type { HitRatesRow } from "#src/measure/hit-rates.js";
import { hitRatesTable } from "#src/report/hit-rates-table.js";

const seed = runSeed();

/** Requests in which some keys are wanted more, and the wanted ones change. */
function mixed(random: Random, keyCount: number, count: number): Int32Array {
  const draw = zipf(keyCount, 0.5 + random.below(10) / 10, random);
  const drift = 1 + random.below(50);
  return Int32Array.from({ length: count }, (_, at) => (draw() + Math.floor(at / drift)) % keyCount);
}

/** The most hits that any choices could have given: all of them are tried. */
function mostHits(requests: readonly number[], capacity: number, kept: readonly number[] = []): number {
  const [key, ...rest] = requests;
  if (key === undefined) return 0;
  if (kept.includes(key)) return 1 + mostHits(rest, capacity, kept);
  const choices = [kept, ...kept.map((_, out) => [...kept.filter((__, at) => at !== out), key])];
  if (kept.length < capacity) choices.push([...kept, key]);
  return Math.max(...choices.map((next) => mostHits(rest, capacity, next)));
}

describe(`policies of caches, seed ${seed}`, () => {
  const same = [
    ["sieve", "sieve-rows"],
    ["sieve", "sieve-cache"],
    ["lru", "lru-cache"],
  ] as const;
  for (const [left, right] of same)
    it(`${left} and ${right} answer every request alike`, () => {
      const random = new Random(seed);
      for (let round = 0; round < 60; round++) {
        const keyCount = 2 + random.below(60);
        const capacity = 2 + random.below(40);
        const requests = mixed(random, keyCount, 3000);
        const [a, b] = [left, right].map((name) => policies[name](capacity, keyCount, requests));
        for (const key of requests) {
          assert.equal(a.request(key), b.request(key), `capacity ${capacity}, keys ${keyCount}`);
          assert.equal(a.size, b.size);
        }
      }
    });

  it("the optimum is the best of all choices", () => {
    const random = new Random(seed);
    for (let round = 0; round < 150; round++) {
      const [keyCount, capacity] = [3 + random.below(3), 1 + random.below(3)];
      const requests = Int32Array.from({ length: 11 }, () => random.below(keyCount));
      const hits = countHits(policies.optimum(capacity, keyCount, requests), requests);
      assert.equal(hits, mostHits([...requests], capacity), `${capacity}: ${requests.join()}`);
    }
  });

  for (const name of policyNames)
    it(`${name} never has more than its capacity, and no more hits than the optimum`, () => {
      const random = new Random(seed);
      for (let round = 0; round < 20; round++) {
        const [keyCount, capacity] = [2 + random.below(400), 1 + random.below(100)];
        const requests = mixed(random, keyCount, 2000);
        const best = countHits(policies.optimum(capacity, keyCount, requests), requests);
        const policy = policies[name](capacity, keyCount, requests);
        const most = name === "transitory" ? capacity + Math.max(Math.floor(capacity / 100), 5) : capacity;
        let hits = 0;
        for (const key of requests) {
          if (policy.request(key)) hits++;
          assert.ok(policy.size <= most, `${policy.size} of ${capacity}`);
        }
        if (name !== "transitory") assert.ok(hits <= best, `${hits} over ${best}`);
        else assert.ok(hits <= countHits(policies.optimum(most, keyCount, requests), requests));
      }
    });

  for (const name of ["s3-fifo", "s3-fifo-hashed", "s3-fifo-bit"] as const)
    it(`${name}: a ghost that comes back outlives a scan, a new key does not`, () => {
      const [capacity, keyCount] = [100, 10_000];
      const policy = policies[name](capacity, keyCount, new Int32Array());
      let fresh = 10;
      const scan = (count: number): void => {
        for (let i = 0; i < count; i++) policy.request(fresh++);
      };
      policy.request(1);
      scan(150); // key 1 has left the small row
      assert.equal(policy.request(1), false);
      policy.request(2);
      scan(1000);
      assert.equal(policy.request(1), true);
      assert.equal(policy.request(2), false);
    });
});

describe(`streams of requests, seed ${seed}`, () => {
  for (const stream of bundledStreams)
    it(`${stream.id} is the same each time, and its keys are in its range`, () => {
      const [first, second] = [stream.build(20_000, 500), stream.build(20_000, 500)];
      assert.deepEqual(first, second);
      assert.ok(first.keys.length > 0 && first.keys.every((key) => key >= 0 && key < first.keyCount));
    });

  it("Zipf's ranks come as often as the law says", () => {
    const [keyCount, count, exponent] = [1000, 400_000, 1];
    const draw = zipf(keyCount, exponent, new Random(seed));
    const seen = new Float64Array(keyCount);
    for (let i = 0; i < count; i++) seen[draw()]++;
    let sum = 0;
    for (let rank = 1; rank <= keyCount; rank++) sum += 1 / rank;
    for (const rank of [1, 2, 5, 10, 50]) {
      const wanted = count / rank / sum;
      assert.ok(Math.abs(seen[rank - 1] - wanted) < 8 * Math.sqrt(wanted), `rank ${rank}: ${seen[rank - 1]}`);
    }
  });

  it("a trace of ARC's authors is read block by block", () => {
    const folder = mkdtempSync(join(tmpdir(), "offheap-arc-"));
    const path = join(folder, "tiny.lis");
    writeFileSync(path, "7 2 0 0\n100 1 0 1\n8 1 0 2\n");
    const stream = arcTrace(path);
    assert.equal(stream.id, "tiny");
    assert.deepEqual(stream.build(0, 0), { keys: Int32Array.of(0, 1, 2, 1), keyCount: 3 });
    rmSync(folder, { recursive: true });
  });

  it("names are numbered by their first occurrence", () => {
    assert.deepEqual(numbered(["b", "a", "b", "c"]), { keys: Int32Array.of(0, 1, 0, 2), keyCount: 3 });
  });
});

it("the table has a row for each size and a column for each policy", () => {
  const row = (peer: HitRatesRow["peer"], share: number, hitRate: number): HitRatesRow => ({
    ...{ workload: "hit-rates/a", peer, share, capacity: share * 1000, hitRate },
  });
  const rows = [row("lru", 0.01, 0.5), row("lru", 0.1, 0.75), row("sieve", 0.01, 0.625)];
  assert.deepEqual(hitRatesTable(rows), {
    head: ["hits, %", "of the keys", "entries", "lru", "sieve"],
    body: [
      ["hit-rates/a", "1 %", "10", "50.0", "62.5"],
      ["hit-rates/a", "10 %", "100", "75.0", "–"],
    ],
  });
});

// Histories of real threads that call one map, or one cache, on few keys at once: each key's is linearizable. And histories that
// are not are told.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { MemoryPool } from "offheap";
import { SharedCache } from "offheap/cache";
import { SharedMap } from "offheap/map";
import { isLinearizable, type KeyCall, type Stamped } from "./support/linear.ts";
import { historiesOf, makeLog } from "./support/linear-log.ts";
import type { LinearOrders } from "./support/linear-worker.ts";
import { Random, runSeed } from "./support/random.ts";
import { ended } from "./support/threads.ts";

const seed = runSeed();
const url = new URL("./support/linear-worker.js", import.meta.url);
const threads = 3;
const rounds = 150;
const calls = 100;
const keysPerRound = 2;

/** Calls with their begins and ends, from a picture: two letters of each, in the order in which they came. */
function history(picture: string, its: Readonly<Record<string, KeyCall>>): Stamped[] {
  return Object.entries(its).map(([letter, call]) => ({
    ...call,
    begin: picture.indexOf(letter),
    end: picture.lastIndexOf(letter),
  }));
}

const set = (value: number): KeyCall => ({ name: "set", value });
const get = (got?: number): KeyCall => ({ name: "get", got });
const insert = (value: number, isIn: boolean): KeyCall => ({ name: "insert", value, isIn });
const add = (by: number, sum: number): KeyCall => ({ name: "increment", by, sum });
const remove = (wasThere: boolean): KeyCall => ({ name: "delete", wasThere });

describe("the checker of histories", () => {
  it("finds an order where there is one", () => {
    const good: [string, Record<string, KeyCall>][] = [
      ["", {}],
      ["aabb", { a: set(1), b: get(1) }],
      // A read beside a write sees the one or the other.
      ["abab", { a: set(1), b: get() }],
      ["abab", { a: set(1), b: get(1) }],
      ["aabcbc", { a: set(1), b: set(2), c: get(1) }],
      ["abcabc", { a: insert(1, true), b: insert(2, false), c: get(1) }],
      ["abab", { a: insert(1, false), b: set(2) }],
      ["abcabc", { a: add(1, 2), b: add(1, 1), c: add(5, 7) }],
      ["aabccb", { a: set(1), b: remove(true), c: get() }],
      ["aabb", { a: set(1), b: { name: "replace", expected: 1, value: 2, isIn: true } }],
      // The first in order of begins is the last to take effect: it is gone back on.
      ["abbccddeea", { a: set(9), b: get(), c: set(1), d: get(1), e: set(2) }],
    ];
    for (const [picture, its] of good) assert.ok(isLinearizable(history(picture, its)), picture);
  });

  it("finds none where there is none", () => {
    const bad: [why: string, string, Record<string, KeyCall>][] = [
      ["a stale read", "aabbcc", { a: set(1), b: set(2), c: get(1) }],
      ["a read that goes back", "abbcca", { a: set(1), b: get(1), c: get() }],
      ["a lost insert", "aabb", { a: insert(1, true), b: insert(2, true) }],
      ["an insert that was refused by nobody", "aabb", { a: insert(1, false), b: get() }],
      ["a lost increment", "abab", { a: add(1, 1), b: add(1, 1) }],
      ["a delete of what was taken out", "aabcbc", { a: set(1), b: remove(true), c: remove(true) }],
      ["a value of nobody", "aabb", { a: set(1), b: get(3) }],
      [
        "a replace of another's",
        "aabb",
        { a: set(1), b: { name: "replace", expected: 3, value: 2, isIn: true } },
      ],
      [
        "two readers in two orders",
        "abcdcdefefab",
        {
          a: set(1),
          b: set(2),
          c: get(1),
          d: get(2),
          e: get(2),
          f: get(1),
        },
      ],
    ];
    for (const [why, picture, its] of bad) assert.ok(!isLinearizable(history(picture, its)), why);
  });

  it(`tells a change of one result in a long history (seed ${seed})`, () => {
    const random = new Random(seed);
    for (let round = 0; round < 50; round++) {
      // One after another, and then moved into each other: there is an order, the first.
      const made = Array.from({ length: 60 }, (_, i) => ({
        ...(i % 3 === 0 ? set(i + 1) : get(i - (i % 3) + 1)),
        begin: i - random.part() * 3,
        end: i + random.part() * 3,
      }));
      assert.ok(isLinearizable(made));
      const at = 3 * random.below(20) + 1;
      // Of a set that had not begun when it ended.
      const broken = made.map((call, i) => (i === at ? { ...call, ...get(made.length + i) } : call));
      assert.ok(!isLinearizable(broken));
    }
  });
});

async function runThreads(orders: Pick<LinearOrders, "map" | "cache">): Promise<number> {
  const log = makeLog(threads, rounds * calls);
  const failures: unknown[] = [];
  const all = Array.from({ length: threads }, (_, thread) => {
    const workerData: LinearOrders = { ...orders, log, thread, threads, seed, rounds, calls, keysPerRound };
    const worker = new Worker(url, { workerData });
    worker.on("error", (error) => failures.push(error));
    return ended(worker);
  });
  await Promise.all(all);
  assert.deepEqual(failures, []);
  let overlaps = 0;
  for (const [key, its] of historiesOf(log, rounds * calls)) {
    assert.ok(isLinearizable(its), `key ${key}: ${JSON.stringify(its.sort((a, b) => a.begin - b.begin))}`);
    overlaps += its.filter(({ begin, end }) =>
      its.some((other) => other.begin > begin && other.begin < end),
    ).length;
  }
  return overlaps;
}

describe(`histories of ${threads} threads, OFFHEAP_SEED=${seed}`, () => {
  it("on one map are linearizable for each key", async (test) => {
    const pool = new MemoryPool({ capacity: 8 << 20, maxWorkers: threads + 1 });
    const map = new SharedMap<"integer", "f64">(pool, { keys: "integer", values: "f64" });
    const overlaps = await runThreads({ map: { heap: pool.handle, handle: map.handle } });
    test.diagnostic(`${rounds * keysPerRound} histories; ${overlaps} calls met another on their key`);
    assert.ok(overlaps > 0, "no call met another");
    pool.roots.set("map", map.handle);
    assert.deepEqual(pool.check(), []);
    map.destroy();
    pool.roots.delete("map");
    pool.cleanup();
    assert.equal(pool.stats().liveObjects, 0);
  });

  it("on one cache that evicts nothing, too", async (test) => {
    const cache = new SharedCache<"integer", "f64">({
      ...{ maxBytes: 4 << 20, keys: "integer", values: "f64", maxWorkers: threads + 1 },
    });
    const overlaps = await runThreads({ cache: cache.handle });
    const { unused, old, otherSize } = cache.stats().evictions;
    assert.equal(unused + old + otherSize, 0);
    test.diagnostic(`${rounds * keysPerRound} histories; ${overlaps} calls met another on their key`);
    assert.ok(overlaps > 0, "no call met another");
    assert.deepEqual(cache.pool.check(), []);
    cache.destroy();
  });
});

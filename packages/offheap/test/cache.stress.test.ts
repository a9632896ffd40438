// Real workers on one shared cache, terminated at any instruction: no text is torn, or older than one that was seen before; the cap
// is never passed; nobody waits for a claim of the dead; in the end nothing has leaked.
//
//   OFFHEAP_KILLS=5000     so many kills, in place of 40

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SharedCache } from "offheap/cache";
import { type CacheWorkerOrders, lengthOf, told } from "./support/cache-worker.ts";
import { emptied, end } from "./support/caches.ts";
import { mostLives, runKilled } from "./support/killed-workers.ts";
import { Random, runSeed } from "./support/random.ts";
import { sharedWords } from "./support/structure-threads.ts";
import { Reader } from "./support/told-text.ts";

const seed = (runSeed() % 1000) + 1;
const kills = Number(process.env["OFFHEAP_KILLS"] ?? 40);
const seats = 4;
const maxBytes = 4 * 2 ** 20;
const sampleMs = 2;
/** Of one piece of a map's heads: so it has no more of them at the end. */
const keyCount = 400;

describe(`a shared cache whose workers are killed, OFFHEAP_SEED=${seed}`, () => {
  it(`${kills} of them`, { timeout: 120_000 + 500 * kills }, async (test) => {
    const cache = new SharedCache({ maxBytes, maxWorkers: seats + 1 });
    const own = emptied(cache);
    const control = sharedWords(told.words);
    let [samples, highest] = [0, 0];
    const look = () => {
      samples++;
      highest = Math.max(highest, cache.bytes);
    };
    const timer = setInterval(look, sampleMs);
    const ordersOf = (life: number): CacheWorkerOrders => ({
      ...{ handle: cache.handle, seed: seed + life, life, keyCount, control },
    });
    const url = new URL("./support/cache-worker.js", import.meta.url);
    const lives = await runKilled({
      ...{ url, seats, kills, mostMs: 60, random: new Random(seed), ordersOf },
      reap: (workerId) => cache.pool.reap(workerId, { live: true }),
      stop: () => Atomics.store(control, told.stop, 1),
    });
    clearInterval(timer);
    assert.ok(lives <= mostLives({ seats, kills }));
    assert.ok(highest <= maxBytes, `${highest} bytes of ${maxBytes}`);
    assert.deepEqual(cache.pool.check(), []);
    const reader = new Reader(lengthOf);
    const all = [...cache];
    for (const [key, text] of all) reader.see(key, text);
    assert.equal(new Set(all.map(([key]) => key)).size, all.length);
    assert.ok(cache.size >= all.length);
    const [, sets = 0, refused, made, hits] = control;
    const { unused, old, otherSize } = cache.stats().evictions;
    test.diagnostic(`${sets} changes, ${refused} refused; ${hits} hits; ${made} made by claims`);
    test.diagnostic(
      `${unused} + ${old} + ${otherSize} evicted; ${highest} bytes at most in ${samples} looks`,
    );
    assert.ok(unused + old + otherSize > 0, "it was never full");
    end(cache, own);
  });
});

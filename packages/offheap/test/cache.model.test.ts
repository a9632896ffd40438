// A shared cache against a Map in which any entry may be gone: seeded calls of several workers, some of which leave or die, on caches
// that are filled several times over by values whose sizes change.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SharedCache } from "offheap/cache";
import type { CacheKind } from "./support/cache-kinds.ts";
import { CacheModel, type ModelCache } from "./support/cache-model.ts";
import { emptied } from "./support/caches.ts";
import { Random, runSeed } from "./support/random.ts";

const seed = runSeed();
const maxBytes = 4 * 2 ** 20;
const ttl = 15_000;
const steps = 5000;
const phaseSteps = 400;
const keyCount = 2500;
/** Bytes of the largest value of a phase. */
const phases = [16, 200, 3000, 40_000, 200_000];
const kinds: readonly (CacheKind & { readonly engine: "wasm" | "js" })[] = [
  { keys: "text", values: "text", keyPad: 24, engine: "wasm" },
  { keys: "integer", values: "bytes", keyPad: 0, engine: "wasm" },
  { keys: "bytes", values: "json", keyPad: 300, engine: "js" },
  { keys: "text", values: "f64", keyPad: 12_000, engine: "js" },
  { keys: "integer", values: "json", keyPad: 0, engine: "wasm" },
  { keys: "bytes", values: "bytes", keyPad: 3000, engine: "js" },
];

/** How large a value may be just now: of one size in some phases, of all in others. */
function largest(random: Random, phase: number): number {
  return phase < phases.length ? (phases[phase] as number) : random.pick(phases);
}

/** The number of a key: some come often. */
function oftenSmall(random: Random): number {
  return random.below(1 + random.below(keyCount));
}

/** The second worker leaves, or dies, and another comes. */
function replaced(cache: ModelCache, other: ModelCache, random: Random): ModelCache {
  if (random.chance(50)) other[Symbol.dispose]();
  else cache.pool.reap(other.pool.workerId, { live: true });
  return SharedCache.attach(cache.handle) as ModelCache;
}

for (const kind of kinds)
  describe(`a cache of ${kind.keys} to ${kind.values}, ${kind.engine}, OFFHEAP_SEED=${seed}`, () => {
    it("returns what was set last, or nothing, within its cap", (test) => {
      const random = new Random(seed);
      const model = new CacheModel(kind, random, ttl);
      test.mock.method(Date, "now", () => model.clock.now);
      // The seed of the hashes, by whose order entries go: so a run can be repeated.
      test.mock.method(crypto, "getRandomValues", (words: Int32Array) => words.map(random.word));
      const { keys, values, engine } = kind;
      const cache = new SharedCache({ maxBytes, ttl, keys, values, engine } as never) as ModelCache;
      const own = emptied(cache);
      let other = SharedCache.attach(cache.handle) as ModelCache;
      let phase = 0;
      for (let step = 0; step < steps; step++) {
        if (step % phaseSteps === 0) phase = random.below(phases.length + 3);
        const its = random.chance(50) ? cache : other;
        model.call(its, oftenSmall(random), largest(random, phase));
        if (its.bytes > maxBytes) assert.fail(`${its.bytes} bytes at step ${step}`);
        const dice = random.below(2000);
        if (dice < 8) other = replaced(cache, other, random);
        else if (dice < 16) model.iterate(its);
        else if (dice === 16) model.clear(its);
        else if (dice < 25) its.pool.cleanup();
        else if (dice < 30) assert.deepEqual(its.pool.check(), []);
      }
      model.iterate(cache);
      const { hits, misses, sets, evictions } = cache.stats();
      const { lost, refused, ...counts } = model.counts;
      assert.deepEqual({ hits, misses, sets }, counts);
      const evicted = evictions.unused + evictions.old + evictions.expired + evictions.otherSize;
      test.diagnostic(
        `${hits} hits, ${misses} misses, ${evicted} evicted of which ${lost} were missed; ${refused} refused`,
      );
      assert.ok(refused * 50 < sets, `${refused} were refused, and ${sets} set`);
      // Keys of 3,000 bytes and values of up to 200 KB leave few entries: 50 to 124 hits by the seed.
      assert.ok(evicted > 30 && lost > 0 && hits > 10, "it was not filled, or had nothing");
      if (kind.values !== "f64") assert.ok(model.written > 3 * maxBytes, `${model.written} bytes were set`);
      other[Symbol.dispose]();
      // Heads of buckets stay, a piece of them for each 512.
      const most = own + Math.ceil(keyCount / 512) + 1;
      const left = emptied(cache);
      assert.ok(left <= most, `${left} objects are left, ${own} at first`);
      cache.destroy();
    });
  });

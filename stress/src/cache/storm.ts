// The storm of caches: each round on another cache in a file.

import { join } from "node:path";
import { SharedCache } from "offheap/cache";
import { closeHeap, removeHeap } from "offheap/process";
import { Random } from "offheap-tools";
import { waitForReaping } from "../processes/accounts.ts";
import {
  type ProcessStormOptions,
  type Progress,
  type RoundOptions,
  runRounds,
} from "../processes/rounds.ts";
import { pause } from "../scene.ts";
import { CacheCrew, type CacheRound } from "./crew.ts";
import { makeValue, Reader, serialOf } from "./entries.ts";
import { type CacheCountName, CacheNotes, cacheCount } from "./notes.ts";
import {
  type Cache,
  type CacheShape,
  chooseCache,
  keyCount,
  madeCount,
  madeFrom,
  openCache,
} from "./shape.ts";
import { type CacheStormResult, type CacheTally, emptyCacheTally } from "./tally.ts";

/** A claim of the dead is taken over at once: who waits so long waits for ever. */
const longestWait = 30_000;

/** Runs until the time is over, or to the end of the first round with a violation. */
export function runCacheStorm(
  options: ProcessStormOptions,
  progress: Progress = () => {},
): Promise<CacheStormResult> {
  const tally = emptyCacheTally();
  return runRounds(options, tally, (round, folder) => runRound(round, folder, tally), progress);
}

async function runRound(
  { seed, workers, engine, seconds }: RoundOptions,
  folder: string,
  tally: CacheTally,
): Promise<string[]> {
  const random = new Random(seed);
  const notesPath = join(folder, `${seed}.notes`);
  const path = join(folder, `${seed}.cache`);
  const shape = chooseCache(random, engine, { path, maxWorkers: 2 * workers + 4 });
  const violations: string[] = [];
  try {
    const cache = openCache(shape);
    const own = emptied(cache);
    fillUp(cache, shape, random);
    const notes = new CacheNotes(notesPath);
    const round: CacheRound = { cache, shape, notes, notesPath, random, tally, violations };
    const crew = new CacheCrew(round, workers, random.pick([50, 300, 1500]));
    await crew.run(seconds * 1000);
    await crew.end();
    if (violations.length === 0) await settle(round, own);
    for (const name of Object.keys(cacheCount) as CacheCountName[]) tally.counts[name] += notes.total(name);
    closeHeap(notes.memory);
  } catch (error) {
    violations.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  tally.rounds++;
  if (violations.length === 0) {
    SharedCache.remove(path);
    removeHeap(notesPath);
  }
  return violations.map((violation) => `${violation}\n    in ${JSON.stringify(shape)}`);
}

/** As full as it gets: from their first call on the processes evict. */
function fillUp(cache: Cache, { most }: CacheShape, random: Random): void {
  for (let key = 0; key < keyCount; key++)
    cache.set(key, makeValue(key, serialOf(0, key), random.between(most / 2, most)));
}

/** Objects that live when a cache has no entries. */
function emptied(cache: Cache): number {
  cache.clear();
  cache.pool.cleanup({ all: true });
  return cache.pool.stats().liveObjects;
}

/** Half of the caches are closed by all, and opened again as after a restart, before their accounts. */
async function settle(round: CacheRound, own: number): Promise<void> {
  const { shape, random, tally, violations } = round;
  let { cache } = round;
  if (random.chance(50)) {
    closeHeap(cache.pool);
    cache = openCache(shape);
    tally.restarts++;
  }
  await waitForReaping({ heap: cache.pool, violations });
  checkWhole(cache, "when all had ended", violations);
  const reader = new Reader();
  const seen = new Set<number>();
  for (const [key, value] of cache) {
    const offence = seen.has(key) ? `key ${key} came twice` : reader.offence(key, value);
    if (offence !== undefined) violations.push(`at the end: ${offence}`);
    seen.add(key);
    tally.verifiedAtEnd++;
  }
  await takeClaims(cache, violations);
  const { unused, old, expired, otherSize } = cache.stats().evictions;
  tally.evicted += unused + old + expired + otherSize;
  const left = emptied(cache);
  if (left !== own) violations.push(`${left} objects are left of an empty cache, and ${own} were at first`);
  for (const [key] of cache) violations.push(`an empty cache has key ${key}`);
  checkWhole(cache, "when it was empty", violations);
  closeHeap(cache.pool);
}

/** Of each value that is made by claims the dead may have had one. */
async function takeClaims(cache: Cache, violations: string[]): Promise<void> {
  for (let key = madeFrom; key < madeFrom + madeCount; key++) {
    cache.delete(key);
    const options = { timeout: Number.POSITIVE_INFINITY };
    const made = cache.getOrSet(key, () => makeValue(key, serialOf(0, 1), 100), options);
    const isMade = await Promise.race([made.then(() => true), pause(longestWait).then(() => false)]);
    if (!isMade) violations.push(`the claim of key ${key} is held by nobody, and cannot be had`);
  }
}

function checkWhole({ pool }: Cache, when: string, violations: string[]): void {
  for (const { invariant, message } of pool.check())
    violations.push(`check ${when}: ${invariant}: ${message}`);
}

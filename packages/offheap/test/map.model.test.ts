// A shared map against a Map: seeded calls of several workers, some of which leave or die, in a heap that fills up.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AllocatorError, type SlabAllocator } from "offheap";
import { SharedMap } from "offheap/map";
import { variants } from "./support/kits.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertZeroResidue } from "./support/residue.ts";

const seed = runSeed();
const steps = 6000;
const keyCount = 3000;
const mostPerWorker = 3;

interface Worker {
  slab: SlabAllocator;
  map: SharedMap;
}

/** Texts of one, two, three and four bytes a character, of all lengths that end anywhere in a word; halves of pairs, too. */
function textOf(random: Random, most: number): string {
  const letters = ["a", "Z", "0", "é", "€", "𝄞", "\ud800", "\udc00"];
  return Array.from({ length: random.below(most) }, () => random.pick(letters)).join("");
}

/** Calls a change; where the heap is full it is to have changed nothing. */
function isDone(change: () => void): boolean {
  try {
    change();
    return true;
  } catch (error) {
    if (error instanceof AllocatorError && error.code === "ERR_OUT_OF_MEMORY") return false;
    throw error;
  }
}

function expectSame(map: SharedMap, model: Map<string, string>): void {
  assert.equal(map.size, model.size);
  const all = [...map];
  assert.equal(all.length, model.size, "an entry was seen twice, or not at all");
  assert.deepEqual(new Map(all), model);
}

function change(map: SharedMap, model: Map<string, string>, random: Random, key: string): void {
  const value = textOf(random, random.chance(5) ? 700 : 40);
  const old = model.get(key);
  const dice = random.below(100);
  if (dice < 50) {
    if (isDone(() => map.set(key, value))) model.set(key, value);
  } else if (dice < 65) {
    let isIn = false;
    if (isDone(() => (isIn = map.insert(key, value)))) assert.equal(isIn, old === undefined);
    if (isIn) model.set(key, value);
  } else if (dice < 80) {
    const expected = random.chance(70) && old !== undefined ? old : "another";
    let isIn = false;
    if (isDone(() => (isIn = map.replace(key, expected, value)))) assert.equal(isIn, old === expected);
    if (isIn) model.set(key, value);
  } else {
    const next = random.chance(30) ? undefined : `${(old ?? "").slice(0, 20)}+`;
    const seen: (string | undefined)[] = [];
    const update = () => map.update(key, (was) => [next, seen.push(was)][0] as string | undefined);
    const isIn = isDone(() => assert.equal(update(), next));
    assert.deepEqual(seen, [old]);
    if (!isIn) return;
    if (next === undefined) model.delete(key);
    else model.set(key, next);
  }
}

for (const { name, make, join } of variants)
  describe(`a shared map against a Map: ${name}, OFFHEAP_SEED=${seed}`, () => {
    it("is the same after every call", () => {
      const random = new Random(seed);
      const keys = Array.from({ length: keyCount }, (_, i) => `${i}${textOf(random, 12)}`);
      const slab = make({ maxWorkers: 4 });
      const first: Worker = { slab, map: new SharedMap(slab) };
      // With a name, so that check() looks into it.
      slab.roots.set("map", first.map.handle);
      const joined = (): Worker => {
        const other = join(slab);
        return { slab: other, map: SharedMap.attach(other, first.map.handle) };
      };
      const workers = Array.from({ length: mostPerWorker }, (_, i) => (i === 0 ? first : joined()));
      const model = new Map<string, string>();
      for (let step = 0; step < steps; step++) {
        const at = random.below(workers.length);
        const { slab: own, map } = workers[at] as Worker;
        const key = random.pick(keys);
        const dice = random.below(1000);
        if (dice < 550) change(map, model, random, key);
        else if (dice < 700) assert.equal(map.get(key), model.get(key));
        else if (dice < 760) assert.equal(map.has(key), model.has(key));
        else if (dice < 900) assert.equal(map.delete(key), model.delete(key));
        else if (dice < 960)
          assert.equal(
            map.read(
              key,
              (view, address, length) => Buffer.from(view.subarray(address, address + length)).length,
            ),
            model.has(key) ? bytesOf(map, key) : undefined,
          );
        else if (dice < 975) own.cleanup();
        else if (dice < 985 && at > 0) {
          if (random.chance(50)) own.detach();
          else slab.reap(own.workerId, { live: true });
          workers[at] = joined();
        } else if (dice < 992) expectSame(map, model);
        else if (dice < 993) {
          map.clear();
          model.clear();
        } else if (dice === 999) assert.deepEqual(own.check(), []);
      }
      expectSame(first.map, model);
      for (const worker of workers.slice(1)) worker.slab.detach();
      assert.deepEqual(slab.check(), []);
      first.map.destroy();
      slab.roots.delete("map");
      assertZeroResidue(slab);
    });
  });

/** By another way: copied. */
function bytesOf(map: SharedMap, key: string): number | undefined {
  return map.getInto(key, new Uint8Array(4096));
}

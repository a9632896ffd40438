// The names of a heap against a Map: seeded calls of several workers, some of which leave or die, with more names than there is
// space for.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AllocatorError, type SlabAllocator } from "offheap";
import { variants } from "./support/kits.ts";
import { Random, runSeed } from "./support/random.ts";
import { assertZeroResidue } from "./support/residue.ts";

const mostNames = 64;
const seed = runSeed();

interface Named {
  readonly kind: string;
  readonly address: number;
}

/** Names of all lengths; some hash to the same cell, for there are more than cells. */
function namesOf(random: Random): string[] {
  const letters = ["a", "Z", "0", "é", "λ", "€", "𝄞"];
  const made = Array.from({ length: 90 }, (_, i) => {
    const text = Array.from({ length: random.below(14) }, () => random.pick(letters)).join("");
    return `${i}${text}`;
  });
  return made.filter((name) => Buffer.byteLength(name) <= 64);
}

class Model {
  readonly named = new Map<string, Named>();

  set(slab: SlabAllocator, name: string, next: Named): void {
    const isFull = this.named.size === mostNames && !this.named.has(name);
    try {
      slab.roots.set(name, next);
      assert.equal(isFull, false, `${name} is one too many`);
      this.named.set(name, next);
    } catch (error) {
      if (!(error instanceof AllocatorError) || error.code !== "ERR_OUT_OF_MEMORY") throw error;
      assert.ok(isFull, `${name}: ${error.message}`);
    }
  }

  expectSame(slab: SlabAllocator): void {
    const list = slab.roots.list();
    assert.deepEqual(new Map(list.map(({ name, kind, address }) => [name, { kind, address }])), this.named);
    assert.equal(list.length, this.named.size);
  }
}

for (const { name: variant, make, join } of variants)
  describe(`names against a Map: ${variant}, OFFHEAP_SEED=${seed}`, () => {
    it("are the same after every call", () => {
      const random = new Random(seed);
      const names = namesOf(random);
      const first = make({ maxWorkers: 4 });
      const targets = Array.from({ length: 20 }, () => first.allocate(64));
      for (const address of targets) first.disown(address);
      const workers = [first, join(first), join(first)];
      const model = new Model();
      for (let step = 0; step < 6000; step++) {
        const at = random.below(workers.length);
        const slab = workers[at] as SlabAllocator;
        const name = random.pick(names);
        const dice = random.below(100);
        if (dice < 50)
          model.set(slab, name, { kind: random.pick(["a", "ring", "ééé"]), address: random.pick(targets) });
        else if (dice < 75) assert.deepEqual(slab.roots.get(name), model.named.get(name));
        else if (dice < 90) assert.equal(slab.roots.delete(name), model.named.delete(name));
        else if (dice < 93) model.expectSame(slab);
        else if (dice < 95) slab.cleanup();
        else if (dice < 97 && at > 0) {
          if (random.chance(50)) slab.detach();
          else first.reap(slab.workerId, { live: true });
          workers[at] = join(first);
        } else if (dice === 99) assert.deepEqual(slab.check(), []);
      }
      model.expectSame(first);
      for (const name of names) first.roots.delete(name);
      for (const worker of workers.slice(1)) worker.detach();
      for (const address of targets) first.deallocate(address);
      assertZeroResidue(first);
    });
  });

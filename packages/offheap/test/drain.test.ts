// Which rounds a drain sends home: every order of a magazine's rounds over three slabs, with each of them held by
// another worker or not. What stays keeps its order and its addresses; a round that an illegal free took away is
// taken back, wherever it stands.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SlabAllocator } from "offheap";
import { claimClaimed, claimUnclaimed, classOf, lengthOf } from "#src/arena/claim.js";
import type { ClassIndex, WorkerPlace } from "#src/base/brands.js";
import type { SizeClass } from "#src/layout/class-table.js";
import { slabInfo } from "#src/layout/layout.js";
import { infoAt } from "#src/layout/offsets.js";
import type { Heap } from "#src/memory/heap.js";
import type { Magazines } from "#src/slab/magazines.js";
import { attachTo, makeHeap } from "./support/heaps.ts";
import { kitOf } from "./support/kits.ts";
import { assertZeroResidue } from "./support/residue.ts";

const size = 64;
const slabs = 3;
const roundLimit = 5;
const slots = 8;

/** Numbers of `digits` digits to the base of the slabs. */
function* orders(digits: number): Generator<number[]> {
  for (let number = 0; number < slabs ** digits; number++)
    yield Array.from({ length: digits }, (_, digit) => Math.floor(number / slabs ** digit) % slabs);
}

class Drained {
  readonly heap: Heap;
  readonly owner: SlabAllocator;
  readonly freer: SlabAllocator;
  private readonly holder: WorkerPlace;

  constructor() {
    const tiny = { slotsPerSlab: slots, slabChunks: 1, roundLimit };
    this.heap = makeHeap({ capacity: 2 << 20, maxWorkers: 3, sizeClasses: [size], cleanupInterval: 0 }, tiny);
    this.owner = attachTo(this.heap);
    this.freer = attachTo(this.heap);
    this.holder = attachTo(this.heap)["slow"].place;
    for (let i = 0; i < slabs * slots; i++) this.owner.allocate(size);
  }

  address(slab: number, index: number): number {
    return this.heap.dataAt + slab * 65_536 + index * size;
  }

  stateAt(slab: number, index: number): number {
    return (slab << this.heap.layout.stateShift) + index;
  }

  /** Frees an object of each slab of the list, in its order; returns their addresses. */
  fill(order: readonly number[]): number[] {
    const next = Array.from({ length: slabs }, () => 0);
    return order.map((slab) => {
      const index = next[slab] as number;
      next[slab] = index + 1;
      this.freer.deallocate(this.address(slab, index));
      return this.address(slab, index);
    });
  }

  setHeld(held: number, isHeld: boolean): void {
    const { words, layout } = this.heap;
    for (let slab = 0; slab < slabs; slab++) {
      if ((held & (1 << slab)) === 0) continue;
      const claim = words[layout.claimsAt + slab] as number;
      words[layout.claimsAt + slab] = isHeld
        ? claimClaimed(classOf(claim), lengthOf(claim), this.holder)
        : claimUnclaimed(classOf(claim), lengthOf(claim));
    }
  }

  freeSlots(): number[] {
    const { words, layout } = this.heap;
    return Array.from(
      { length: slabs },
      (_, slab) => words[infoAt(layout, slab) + slabInfo.freeCount] as number,
    );
  }

  /** Every slot is an object of the owner's again. */
  refill(): void {
    this.freer.cleanup();
    this.owner.cleanup();
    const missing = this.freeSlots().reduce((sum, free) => sum + free, 0);
    for (let i = 0; i < missing; i++) this.owner.allocate(size);
    assert.deepEqual(this.freeSlots(), [0, 0, 0]);
  }
}

function end(made: Drained): void {
  for (let slab = 0; slab < slabs; slab++)
    for (let i = 0; i < slots; i++) made.owner.deallocate(made.address(slab, i));
  made.freer.cleanup();
  assertZeroResidue(made.owner);
}

describe("a drain", () => {
  it("of the whole magazine keeps what is held, in its order", () => {
    const made = new Drained();
    for (const order of orders(roundLimit)) {
      for (let held = 0; held < 2 ** slabs; held++) {
        const addresses = made.fill(order);
        made.setHeld(held, true);
        made.freer.cleanup();
        made.setHeld(held, false);
        assert.deepEqual(made.freer.check(), [], `${order} with ${held}`);
        const isKept = (_: unknown, i: number) => (held & (1 << (order[i] as number))) !== 0;
        for (const address of addresses.filter(isKept).reverse()) {
          const got = made.freer.allocate(size);
          assert.equal(got, address, `${order} with ${held}`);
          made.freer.deallocate(got);
          made.owner.deallocate(made.freer.allocate(size));
        }
        made.refill();
      }
    }
    end(made);
  });

  it("whose first slab is held sends the rounds of all others home in one pass", () => {
    const made = new Drained();
    const { core } = kitOf(made.freer);
    for (const order of orders(roundLimit)) {
      if (order[0] !== 0) continue;
      made.fill(order);
      made.setHeld(1, true);
      assert.equal(core.sendHome(1, roundLimit), order.filter((slab) => slab !== 0).length, `${order}`);
      made.setHeld(1, false);
      assert.deepEqual(made.freer.check(), [], `${order}`);
      made.refill();
    }
    end(made);
  });

  it("of the older half leaves the younger, and keeps what is held of the older", () => {
    const made = new Drained();
    for (const order of orders(roundLimit + 1)) {
      for (const held of [0, 1, 2, 5]) {
        made.setHeld(held, true);
        const last = made.fill(order).at(-1);
        made.setHeld(held, false);
        assert.deepEqual(made.freer.check(), [], `${order} with ${held}`);
        // Where none could go home, the last is a stray.
        const isRound = order.slice(0, roundLimit).some((slab) => (held & (1 << slab)) === 0);
        if (isRound) assert.equal(made.freer.allocate(size), last, `${order} with ${held}`);
        made.refill();
      }
    }
    end(made);
  });

  it("takes back the free of a round that another worker took away, wherever it stands", () => {
    const made = new Drained();
    for (const order of orders(roundLimit)) {
      for (let foreign = 0; foreign < roundLimit; foreign++) {
        const addresses = made.fill(order);
        const slot = (address: number) =>
          made.stateAt((address - made.heap.dataAt) >> 16, ((address - made.heap.dataAt) & 65_535) / size);
        const at = slot(addresses[foreign] as number);
        const live = 128 + made.owner["slow"].place;
        // Both had read the byte before either wrote it; the owner's free was the later one.
        made.heap.states[at] = live;
        made.owner.deallocate(addresses[foreign] as number);
        const held = order[0] as number;
        made.setHeld(1 << held, foreign % 2 === 1);
        made.freer.cleanup();
        made.setHeld(1 << held, false);
        made.freer.cleanup();
        assert.deepEqual(made.freer.check(), [], `${order} without ${foreign}`);
        made.refill();
      }
    }
    end(made);
  });

  it("of rounds of a hundred slabs, of two chunks each, keeps those of more than it may hold at a time", () => {
    const [slotCount, slabCount, most] = [1040, 100, 64];
    const tiny = { slotsPerSlab: slotCount, slabChunks: 2, roundLimit: slabCount };
    const heap = makeHeap(
      { capacity: 32 << 20, maxWorkers: 2, sizeClasses: [size], cleanupInterval: 0 },
      tiny,
    );
    const owner = attachTo(heap);
    const freer = attachTo(heap);
    const objects = Array.from({ length: slabCount * slotCount }, () => owner.allocate(size));
    // In turn from the first and the second chunk of a slab, seven slabs on each time.
    const scattered = Array.from(
      { length: slabCount },
      (_, i) => ((i * 7) % slabCount) * slotCount + (i % 2) * 1030,
    );
    for (const i of scattered) freer.deallocate(objects[i] as number);
    assert.equal(freer.stats().workers.at(-1)?.cached, slabCount);
    freer.deallocate(objects[1] as number);
    assert.equal(freer.stats().workers.at(-1)?.cached, slabCount - most + 1);
    assert.deepEqual(freer.check(), []);
    const freed = new Set([1, ...scattered]);
    for (const [i, address] of objects.entries()) if (!freed.has(i)) owner.deallocate(address);
    freer.cleanup();
    assertZeroResidue(owner);
  });

  it("lets go of a slab that has become one of another class by the time it is held", () => {
    const tiny = { slotsPerSlab: slots, slabChunks: 1, roundLimit };
    const heap = makeHeap(
      { capacity: 2 << 20, maxWorkers: 3, sizeClasses: [size, 128], cleanupInterval: 0 },
      tiny,
    );
    const owner = attachTo(heap);
    const freer = attachTo(heap);
    const objects = Array.from({ length: 2 * slots }, () => owner.allocate(size)).sort((a, b) => a - b);
    for (const i of [0, 8, 9, 10, 11]) freer.deallocate(objects[i] as number);
    const at = heap.layout.claimsAt;
    const [first, second] = [heap.words[at] as number, heap.words[at + 1] as number];
    // Not to be had, so that the drain goes on to whatever slab comes.
    heap.words[at] = claimClaimed(classOf(first), lengthOf(first), attachTo(heap)["slow"].place);
    const other = claimUnclaimed(2 as ClassIndex, lengthOf(second));
    heap.words[at + 1] = other;
    freer.deallocate(objects[1] as number);
    assert.equal(heap.words[at + 1], other);
  });
});

/** A slab of three lines and a short one, all its slots live, and a magazine that has space for them all. */
class Lined {
  readonly slots = 3 * 64 + 6;
  readonly heap: Heap;
  readonly owner: SlabAllocator;
  readonly other: SlabAllocator;
  readonly objects: readonly number[];

  constructor() {
    const tiny = { slotsPerSlab: this.slots, slabChunks: 1, roundLimit: 256 };
    this.heap = makeHeap({ capacity: 2 << 20, maxWorkers: 2, sizeClasses: [size], cleanupInterval: 0 }, tiny);
    this.owner = attachTo(this.heap);
    this.other = attachTo(this.heap);
    this.objects = Array.from({ length: this.slots }, () => this.owner.allocate(size)).sort((a, b) => a - b);
  }

  /** Frees the objects of a list of slots, sends them home, and looks whether just these are free, and all is true. */
  drain(list: readonly number[]): void {
    for (const slot of list) this.owner.deallocate(this.objects[slot] as number);
    this.owner.cleanup();
    const free = Array.from(this.heap.states.subarray(0, this.slots)).flatMap((state, slot) =>
      state === 0 ? [slot] : [],
    );
    assert.deepEqual(
      free,
      [...list].sort((a, b) => a - b),
    );
    assert.deepEqual(this.owner.check(), []);
  }
}

describe("rounds of one line in a row", () => {
  const all = Array.from({ length: 198 }, (_, slot) => slot);
  const orders: Record<string, readonly number[]> = {
    "one line": all.slice(64, 128),
    "that line backwards": all.slice(64, 128).reverse(),
    "two lines and the short one": [...all.slice(0, 128), ...all.slice(192)],
    "all but the first of each four": all.filter((slot) => slot % 4 !== 0),
    "all but the last of each four, backwards": all.filter((slot) => slot % 4 !== 3).reverse(),
    "a third of a line": all.slice(70, 92),
    "less than that": all.slice(70, 91),
    "the short line, but one": all.slice(193),
    "lines in turn": all.filter((slot) => slot < 64).flatMap((slot) => [slot, slot + 64]),
    "one line in two rows": [...all.slice(64, 96), 5, ...all.slice(96, 128)],
  };
  for (const [name, list] of Object.entries(orders))
    it(`go home together: ${name}`, () => {
      const lined = new Lined();
      lined.drain(list);
      const rest = all.filter((slot) => !list.includes(slot));
      for (const slot of rest) lined.owner.deallocate(lined.objects[slot] as number);
      lined.owner.cleanup();
      assertZeroResidue(lined.owner);
    });

  it("but not with one that another worker took away, which is taken back", () => {
    for (const stolen of [64, 90, 127]) {
      const { heap, owner, other, objects } = new Lined();
      const list = all.slice(64, 128);
      for (const slot of list) owner.deallocate(objects[slot] as number);
      // Both had read the byte before either wrote it; the other's free was the later one.
      heap.states[stolen] = 128 + owner["slow"].place;
      other.deallocate(objects[stolen] as number);
      owner.cleanup();
      other.cleanup();
      assert.deepEqual(owner.check(), [], `without ${stolen}`);
      assert.equal(owner.stats().liveObjects, 198 - 64);
    }
  });

  it("but not with a stray, which is found by itself", () => {
    for (const stray of [64, 90, 127]) {
      const { heap, owner, objects } = new Lined();
      const { magazines, classes } = owner["slow"] as unknown as {
        magazines: Magazines;
        classes: SizeClass[];
      };
      const list = all.slice(64, 128).filter((slot) => slot !== stray);
      for (const slot of [...list, stray]) owner.deallocate(objects[slot] as number);
      magazines.turnIntoStray(classes[1] as SizeClass);
      assert.deepEqual(owner.check(), []);
      // So many rounds as bytes, but one of these is the stray's.
      heap.states[list[3] as number] = 128 + owner["slow"].place;
      magazines.drain(classes[1] as SizeClass, 63);
      assert.equal(heap.states[stray], owner["slow"].place);
    }
  });
});

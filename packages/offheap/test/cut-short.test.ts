// A call cut short before any one of its stores, by a kill or by an exception: the gauge and its two totals, the
// rounds with their addresses, a stray's free. The explorer does so in every scenario (interleave/) and asks for
// live objects; here both counts are asked for to the last one, at once and after a reap.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SlabAllocator } from "offheap";
import { claimClaimed, claimUnclaimed, classOf, lengthOf } from "#src/arena/claim.js";
import type { WorkerSlot } from "#src/base/brands.js";
import type { Heap } from "#src/memory/heap.js";
import { recordAt } from "#src/memory/layout.js";
import { roundsIn } from "#src/slab/counters.js";
import { journal } from "#src/slab/journal.js";
import { slotLive } from "#src/slab/slot-state.js";
import { CountingAccess } from "./support/counting.ts";
import { attachTo, makeHeap } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";

const size = 64;
const tiny = { slotsPerSlab: 12, slabChunks: 1, rounds: 3 };

class Cut extends Error {}

interface Fixture {
  readonly heap: Heap;
  readonly victim: SlabAllocator;
  readonly heir: SlabAllocator;
  /** Objects of the heir, in the first slab, by address. */
  readonly objects: number[];
  /** Runs a call of the victim up to its store `n`; whether it came so far. */
  cut(n: number, call: () => void): boolean;
  hold(): void;
  letGo(): void;
}

/** The victim's magazine is full, with three rounds of the first slab. */
function fixture(): Fixture {
  const heap = makeHeap({ capacity: 2 << 20, maxWorkers: 4, sizeClasses: [size, 128] }, tiny);
  let left = Number.POSITIVE_INFINITY;
  const access = new CountingAccess(() => {
    if (--left < 0) throw new Cut();
  });
  const heir = attachTo(heap);
  const victim = attachTo(heap, access);
  const holder = attachTo(heap)["slow"].slot;
  const objects = Array.from({ length: 12 }, () => heir.allocate(size)).sort((a, b) => a - b);
  for (const address of objects.splice(0, 3)) victim.deallocate(address);
  const { words, layout } = heap;
  const claim = words[layout.claimsAt] as number;
  return {
    heap,
    victim,
    heir,
    objects,
    cut(n, call) {
      left = n;
      try {
        call();
        return false;
      } catch (error) {
        if (!(error instanceof Cut)) throw error;
        return true;
      } finally {
        left = Number.POSITIVE_INFINITY;
      }
    },
    hold: () => {
      words[layout.claimsAt] = claimClaimed(classOf(claim), lengthOf(claim), holder as WorkerSlot);
    },
    letGo: () => {
      words[layout.claimsAt] = claimUnclaimed(classOf(claim), lengthOf(claim));
    },
  };
}

/** Each store of a call in turn, on a heap of its own; returns how many there are. */
function atEachStore(call: (made: Fixture) => void, verify: (made: Fixture, n: number) => void): number {
  for (let n = 0; ; n++) {
    const made = fixture();
    const isCut = made.cut(n, () => call(made));
    verify(made, n);
    if (!isCut) return n;
  }
}

const counts = ({ heir }: Fixture): [number, number] => [heir.stats().allocs, heir.stats().deallocs];

/** With every object freed and every cache home. */
function end({ victim, heir, heap }: Fixture, isDead: boolean): void {
  if (!isDead) victim.cleanup();
  const { chunkCount, stateShift } = heap.layout;
  for (let chunk = 0; chunk < chunkCount; chunk++) {
    for (let i = 0; i < tiny.slotsPerSlab; i++) {
      const isObject = (heap.states[(chunk << stateShift) + i] as number) >= slotLive;
      if (isObject) heir.deallocate(heap.dataAt + chunk * 65_536 + i * size);
    }
  }
  heir.cleanup();
  assert.deepEqual(heir.check(), []);
  assert.equal(heir.stats().liveObjects, 0);
  assertZeroResidue(heir);
}

function slotOf(heap: Heap, address: number): number {
  return (address - heap.dataAt) / size;
}

function isLive(heap: Heap, address: number): boolean {
  return (heap.states[slotOf(heap, address)] as number) >= slotLive;
}

describe("counts of a call that is cut short before any of its stores", () => {
  const calls: Record<string, (made: Fixture) => void> = {
    "a drain": ({ victim }) => victim.cleanup(),
    "an allocation that refills": ({ victim }) => {
      for (let i = 0; i < 4; i++) victim.allocate(size);
    },
    "a free that drains": ({ victim, objects }) => victim.deallocate(objects[0] as number),
  };
  for (const [name, call] of Object.entries(calls)) {
    it(`change by the object alone, at one store: ${name}`, () => {
      let last: [number, number] = [12, 3];
      let changes = 0;
      const stores = atEachStore(call, (made) => {
        const now = counts(made);
        const step = now[0] - last[0] + (now[1] - last[1]);
        assert.ok(step === 0 || step === 1, `from ${last} to ${now}`);
        changes += step;
        last = now;
        made.heir.reap(made.victim.workerId);
        assert.deepEqual(made.heir.check(), []);
        end(made, true);
      });
      assert.ok(stores > 8, `${stores} stores`);
      assert.equal(changes, name === "a drain" ? 0 : name === "a free that drains" ? 1 : 4);
    });
  }
});

describe("the free of a stray, cut short before any of its stores", () => {
  const free = (made: Fixture): void => {
    made.hold();
    made.victim.deallocate(made.objects[0] as number);
  };

  for (const isDead of [true, false]) {
    it(`counts if the object is free: ${isDead ? "settled by its reaper" : "mended by itself"}`, () => {
      const freed: boolean[] = [];
      atEachStore(free, (made) => {
        const { heap, heir, victim, objects } = made;
        const isFree = !isLive(heap, objects[0] as number);
        freed.push(isFree);
        if (isDead) heir.reap(victim.workerId);
        else victim.cleanup();
        assert.deepEqual(counts(made), [12, isFree ? 4 : 3]);
        made.letGo();
        if (!isDead) victim.cleanup();
        heir.cleanup();
        assert.deepEqual(heir.check(), []);
        end(made, isDead);
      });
      // Not free up to some store, free from the next one on.
      assert.deepEqual(freed, [...freed].sort());
      assert.ok(freed.indexOf(true) > 3 && freed.length - freed.indexOf(true) > 5, freed.join());
    });
  }
});

// No exception can pass there, for no call stands between those stores. The next slow call settles it all the same.
describe("a free cut short between its byte and the gauge, by a worker that lives on", () => {
  it("is counted by the next refill, which has the object then, by its address", () => {
    let settled = 0;
    const free = (made: Fixture): void => {
      for (let i = 0; i < 3; i++) made.victim.allocate(size);
      made.victim.deallocate(made.objects[0] as number);
    };
    atEachStore(free, (made, n) => {
      const { heap, victim, objects } = made;
      // The three allocations, of two stores each, are whole.
      if (n < 6) return;
      const isFree = !isLive(heap, objects[0] as number);
      assert.equal(victim.allocate(size) === objects[0], isFree);
      if (isFree) settled++;
      assert.deepEqual(victim.check(), []);
      end(made, false);
    });
    assert.equal(settled, 2);
  });

  it("is counted by the next clean-up", () => {
    atEachStore(
      ({ victim, objects }) => victim.deallocate(objects[0] as number),
      (made) => {
        const isFree = !isLive(made.heap, made.objects[0] as number);
        made.victim.cleanup();
        assert.deepEqual(counts(made), [12, isFree ? 4 : 3]);
        end(made, false);
      },
    );
  });
});

describe("a magazine that was never used", () => {
  const meetings: Record<string, (fresh: SlabAllocator, made: Fixture) => void> = {
    "a reap of its worker": (fresh, { heir }) => assert.ok(heir.reap(fresh.workerId).reaped),
    "one that frees objects": (fresh, { heir }) =>
      assert.ok(heir.reap(fresh.workerId, { live: true }).reaped),
    "a detach": (fresh) => fresh.detach(),
    "clean-ups": (fresh) => {
      fresh.cleanup();
      fresh.cleanup({ all: true });
    },
    "a reap by its worker": (fresh, { victim }) => assert.ok(fresh.reap(victim.workerId).reaped),
    "an exception before": (fresh, { heap }) => {
      heap.words[recordAt(heap.layout, fresh["slow"].slot)] = journal.moving;
      fresh.cleanup();
    },
  };
  for (const [name, meet] of Object.entries(meetings)) {
    it(`stays so, and its memory untouched: ${name}`, () => {
      const made = fixture();
      const { heap, heir } = made;
      const fresh = attachTo(heap);
      const { slot, classes } = fresh["slow"];
      const at = recordAt(heap.layout, slot);
      meet(fresh, made);
      const words = heap.words.subarray(at, at + heap.layout.recordWords);
      assert.deepEqual(
        [...words.keys()].filter((i) => words[i] !== 0),
        [],
      );
      assert.deepEqual(
        classes.slice(1, 3).map((own) => roundsIn(heap, own)),
        [0, 0],
      );
      assert.deepEqual(heir.check(), []);
      assert.deepEqual(counts(made), [12, 3]);
      end(made, name === "a reap by its worker");
    });
  }

  it("takes what its worker frees, counts it, and gives it out again", () => {
    const made = fixture();
    const fresh = attachTo(made.heap);
    for (let i = 0; i < 5; i++) {
      fresh.deallocate(made.objects[i] as number);
      assert.deepEqual(counts(made), [12, 4 + i]);
      assert.deepEqual(fresh.check(), []);
    }
    assert.equal(fresh.allocate(size), made.objects[4]);
    fresh.deallocate(made.objects[4] as number);
    fresh.detach();
    end(made, false);
  });

  it("takes it also when its worker's free is cut short before any of its stores", () => {
    for (let n = 0, isCut = true; isCut; n++) {
      const made = fixture();
      const fresh = attachTo(made.heap, made.victim["heap"].access);
      isCut = made.cut(n, () => fresh.deallocate(made.objects[0] as number));
      const isFree = !isLive(made.heap, made.objects[0] as number);
      made.heir.reap(fresh.workerId);
      assert.deepEqual(counts(made), [12, isFree ? 4 : 3]);
      assert.deepEqual(made.heir.check(), []);
      end(made, false);
    }
  });
});

describe("a round that an illegal free left in the list", () => {
  it("is blank as soon as its slot becomes a stray, and its free is taken back", () => {
    const made = fixture();
    const { heap, victim, heir, objects } = made;
    const address = objects[0] as number;
    const live = heap.states[slotOf(heap, address)] as number;
    victim.deallocate(victim.allocate(size));
    victim.allocate(size);
    victim.deallocate(address);
    // The other free came later; whoever had it has allocated the object anew.
    heap.states[slotOf(heap, address)] = live;
    made.hold();
    victim.deallocate(address);
    made.letGo();
    victim.cleanup();
    assert.deepEqual(heir.check(), []);
    assert.deepEqual(counts(made), [14, 5]);
    end(made, false);
  });
});

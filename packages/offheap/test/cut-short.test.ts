// A call cut short before any one of its stores, by a kill or by an exception: the gauge and its two totals, the
// rounds with their addresses, a stray's free. The explorer does so in every scenario (interleave/) and asks for
// live objects; here both counts are asked for to the last one, at once and after a reap.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SizeClass } from "#src/layout/class-table.js";
import { roundCountIn } from "#src/slab/counters.js";
import { addressOfRound, slotOfRound } from "#src/slab/rounds.js";
import { settle } from "#src/slab/settle.js";
import { readJournal } from "#src/worker/journal.js";
import {
  atEachStore,
  counts,
  end,
  type Fixture,
  fixture,
  isLive,
  size,
  slotOf,
} from "./support/cut-short.ts";
import { fillUp } from "./support/residue.ts";

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
        // An allocation that did not return is none, rather than one that was freed.
        const isFree = !isLive(made.heap, made.objects[0] as number);
        assert.equal(made.heir.stats().deallocs, isFree ? 4 : 3);
        end(made, true);
      });
      assert.ok(stores > 8, `${stores} stores`);
      assert.equal(changes, name === "a drain" ? 0 : name === "a free that drains" ? 1 : 4);
    });
  }
});

function free(made: Fixture): void {
  made.hold();
  made.victim.deallocate(made.objects[0] as number);
}

describe("the free of a stray, cut short before any of its stores", () => {
  for (const isDead of [true, false]) {
    it(`counts if the object is free: ${isDead ? "settled by its reaper" : "repaired by itself"}`, () => {
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

describe("what settle.ts makes of a stray's free", () => {
  it("is a round with the address of its slot, where only the count was missing", () => {
    let settled = 0;
    atEachStore(free, ({ heap, victim, objects }) => {
      const sizeClass = victim["slow"].classes[1] as SizeClass;
      const entry = readJournal(heap, victim["slow"].place);
      if (settle(heap, victim["slow"].place, sizeClass, entry) !== "deallocate") return;
      settled++;
      const top = roundCountIn(heap, sizeClass) - 1;
      assert.equal(addressOfRound(heap, sizeClass, top), objects[0]);
      assert.equal(slotOfRound(heap, sizeClass, top), slotOf(heap, objects[0] as number));
    });
    assert.equal(settled, 1);
  });
});

// No exception can pass there, for no call stands between those stores. The next slow call settles it all the same.
describe("a free cut short between its byte and the gauge, by a worker that lives on", () => {
  it("is counted by the next refill, which has the object then, by its address", () => {
    let settled = 0;
    const freeWithNone = (made: Fixture): void => {
      for (let i = 0; i < 3; i++) made.victim.allocate(size);
      made.victim.deallocate(made.objects[0] as number);
    };
    atEachStore(freeWithNone, (made, n) => {
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

// Two faults, of which the first cannot be (see above): settled where the second call comes to its own search.
describe("a free cut short in one class, then a search for memory in another", () => {
  function search(n: number): { made: Fixture; isCut: boolean; isSettled: boolean } {
    const made = fixture();
    const { heap, heir, victim } = made;
    const { gaugeAt } = victim["slow"].classes[2] as SizeClass;
    const other = victim.allocate(128);
    for (let i = 0; i < 3; i++) victim.allocate(size);
    fillUp(heir, size);
    // All but the store of the gauge.
    assert.ok(made.cut(3, () => victim.deallocate(other)));
    const gauge = heap.words[gaugeAt];
    // The slab of the other class is empty but for the caller's own rounds, and is what it gets in the end.
    const isCut = made.cut(n, () => victim.allocate(size));
    return { made, isCut, isSettled: heap.words[gaugeAt] !== gauge };
  }

  function countOf({ heir }: Fixture): number | undefined {
    return heir.stats().sizeClasses.find(({ objectSize }) => objectSize === 128)?.deallocs;
  }

  it("is counted by the search", () => {
    const { made, isCut, isSettled } = search(Number.POSITIVE_INFINITY);
    assert.deepEqual([isCut, isSettled, countOf(made)], [false, true, 1]);
    assert.deepEqual(made.heir.check(), []);
  });

  it("is counted before its magazine, which pins slabs, is emptied for another's", () => {
    const made = fixture();
    const { victim } = made;
    // Of two slabs all are freed, and two of them are rounds still.
    const objects = Array.from({ length: 26 }, () => victim.allocate(128)).sort((a, b) => a - b);
    for (const address of objects.slice(0, 24)) victim.deallocate(address);
    for (let i = 0; i < 3; i++) victim.allocate(size);
    assert.ok(made.cut(3, () => victim.deallocate(objects[24] as number)));
    victim.allocate(size);
    assert.equal(countOf(made), 25);
    assert.deepEqual(made.heir.check(), []);
    const entry = made.heir.stats().sizeClasses.find(({ objectSize }) => objectSize === 128);
    assert.deepEqual([entry?.allocated, entry?.cached], [1, 0]);
  });

  it("is counted by a reaper, where the search dies before it has begun, or before it has counted it", () => {
    const byReaper: number[] = [];
    for (let n = 0; ; n++) {
      const { made, isCut, isSettled } = search(n);
      made.heir.reap(made.victim.workerId);
      if (isSettled) assert.deepEqual([countOf(made), made.heir.check()], [1, []]);
      else if (countOf(made) === 1) byReaper.push(n);
      if (!isCut) break;
    }
    // In between, where the journal says that rounds move, nobody looks for a free that was cut short.
    assert.ok(byReaper[0] === 0 && (byReaper.at(-1) as number) >= byReaper.length, byReaper.join());
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

// What another worker does in the middle of a slow half, before any one of its stores: the call looks again before
// it ends. (Every schedule of two such calls: interleave/.)

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MemoryPool, SlabAllocator } from "offheap";
import { AllocatorError } from "#src/base/errors.js";
import { CountingAccess } from "./support/counting.ts";
import { end, fixture, size } from "./support/cut-short.ts";
import { attachPoolTo, attachTo, expectCode, makeHeap, makePoolHeap } from "./support/heaps.ts";
import { assertZeroResidue, fillUp } from "./support/residue.ts";

interface Pair<A = SlabAllocator> {
  readonly worker: A;
  readonly other: A;
  /** Calls the worker; before its store `n` `meanwhile` happens. Whether it came so far, and the error's code. */
  during(n: number, meanwhile: () => void, call: () => void): { came: boolean; code: string | undefined };
}

const tiny = { slotsPerSlab: 12, slabChunks: 1, roundLimit: 3 };

function pairOf<A>(attach: (access?: CountingAccess) => A): Pair<A> {
  let left = Number.POSITIVE_INFINITY;
  let then = () => {};
  const access = new CountingAccess(() => {
    if (left-- === 0) then();
  });
  const other = attach();
  return {
    worker: attach(access),
    other,
    during(n, meanwhile, call) {
      [left, then] = [n, meanwhile];
      try {
        call();
      } catch (error) {
        assert.ok(error instanceof AllocatorError, String(error));
        return { came: left < 0, code: error.code };
      } finally {
        then = () => {};
      }
      return { came: left < 0, code: undefined };
    },
  };
}

function pair(): Pair {
  const heap = makeHeap({ capacity: 2 << 20, maxWorkers: 2, sizeClasses: [size] }, tiny);
  return pairOf((access) => attachTo(heap, access));
}

function poolPair(): Pair<MemoryPool> {
  const heap = makePoolHeap({ capacity: 2 << 20, maxWorkers: 3, sizeClasses: [size, 2 * size] }, tiny);
  return pairOf((access) => attachPoolTo(heap, access));
}

/** The code of the call for each store at which it happens. */
function codes(act: (n: number) => { came: boolean; code: string | undefined }): (string | undefined)[] {
  const list: (string | undefined)[] = [];
  for (let n = 0; ; n++) {
    const { came, code } = act(n);
    if (!came) return list;
    list.push(code);
  }
}

describe("in the middle of a slow half", () => {
  it("another's free of the same object makes it a double free, until its own stores begin", () => {
    const list = codes((n) => {
      const { worker, other, during } = pair();
      const objects = Array.from({ length: 8 }, () => other.allocate(size));
      for (const address of objects.splice(0, 3)) worker.deallocate(address);
      const [address] = objects as [number];
      let others: string | undefined;
      const free = () => {
        try {
          other.deallocate(address);
        } catch (error) {
          others = (error as AllocatorError).code;
        }
      };
      const done = during(n, free, () => worker.deallocate(address));
      // Of the two, at least one succeeds, and one fails where the byte had been written before the other read it.
      assert.ok(done.code === undefined || others === undefined);
      for (const slab of [worker, other]) slab.cleanup();
      assert.deepEqual(other.check(), []);
      assert.equal(other.stats().deallocs, 4);
      for (const left of objects.slice(1)) other.deallocate(left);
      worker.cleanup();
      assertZeroResidue(other);
      return done;
    });
    const own = list.indexOf(undefined);
    // Two words of a round, the byte, the gauge.
    assert.deepEqual(list.slice(own), [undefined, undefined, undefined, undefined]);
    assert.deepEqual(new Set(list.slice(0, own)), new Set(["ERR_DOUBLE_FREE"]));
    assert.ok(own > 6, list.join());
  });

  it("another's free of an object that is moved makes the move one of none, until its own stores begin", () => {
    const list = codes((n) => {
      const { worker, other, during } = poolPair();
      const address = worker.allocate(size);
      let others: string | undefined;
      const free = () => {
        try {
          other.deallocate(address);
        } catch (error) {
          others = (error as AllocatorError).code;
        }
      };
      let moved = 0;
      const done = during(n, free, () => {
        moved = worker.reallocate(address, 2 * size);
      });
      assert.ok(done.code === undefined || others === undefined, `before store ${n}`);
      if (moved !== 0) worker.deallocate(moved);
      for (const each of [worker, other]) each.cleanup();
      assert.deepEqual(other.check(), [], `before store ${n}`);
      assert.equal(other.stats().liveObjects, 0, `before store ${n}`);
      return done;
    });
    const own = list.indexOf(undefined);
    // Those of the slab that the new slot is taken of come before.
    assert.ok(own > 20 && list.length - own < 12, `${own} of ${list.length} stores`);
    for (const [n, code] of list.entries())
      assert.equal(code, n < own ? "ERR_DOUBLE_FREE" : undefined, `before store ${n}`);
  });

  it("a destroy makes an allocation that refills one from a destroyed heap, until its own stores begin", () => {
    const list = codes((n) => {
      const { worker, other, during } = pair();
      other.allocate(size);
      return during(
        n,
        () => other.destroy(),
        () => worker.allocate(size),
      );
    });
    const own = list.lastIndexOf("ERR_DETACHED") + 1;
    assert.ok(own > 8 && list.length - own === 2, list.join());
    assert.deepEqual(new Set(list.slice(0, own)), new Set(["ERR_DETACHED"]));
  });

  it("a destroy leaves no slab behind whose slots the fast calls would serve: the next are told", () => {
    codes((n) => {
      const { worker, other, during } = pair();
      let address = 0;
      const done = during(
        n,
        () => other.destroy(),
        () => {
          address = worker.allocate(size);
        },
      );
      if (!done.came) return done;
      expectCode("ERR_DETACHED", () => worker.allocate(size));
      if (address !== 0) expectCode("ERR_DETACHED", () => worker.deallocate(address));
      return done;
    });
  });
});

describe("a search for the last slots", () => {
  it("passes a slab by that another worker holds just now", () => {
    const made = fixture();
    const { heap, victim, heir } = made;
    victim.cleanup();
    made.hold();
    const { chunkCount } = heap.layout;
    const objects = fillUp(heir, size);
    assert.equal(objects.length, 12 * (chunkCount - 1));
    made.letGo();
    assert.deepEqual(heir.check(), []);
    assert.equal(fillUp(heir, size).length, 3);
    end(made, false);
  });
});

// A call of the kit that a death cuts short before any of its stores and atomics. When the worker has been reaped, each object is in its
// structure, or has ended: none is lost, and none that a structure has ends. The explorer does so across other workers' calls.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Address, MemoryPool } from "offheap";
import { intentAt } from "#src/layout/index.js";
import { intent } from "#src/layout/structures.js";
import { type CutPool, cutPool } from "./support/cut-short.ts";
import { attachPoolTo } from "./support/heaps.ts";
import { kitOf } from "./support/kits.ts";
import { assertZeroResidue } from "./support/residue.ts";

/** Of a slot, of a page run, of a span of its own. */
const kinds = [64, 20_000, 600_000] as const;
const tiny = { slotsPerSlab: 12, slabChunks: 1, roundLimit: 3 };
const nobody = 128;

interface Fixture extends CutPool {
  readonly cell: Address;
}

function fixture(): Fixture {
  const made = cutPool({ capacity: 2 << 20, maxWorkers: 4, sizeClasses: [64] }, tiny);
  const cell = made.pool.allocate(64);
  made.pool.u32.fill(0, cell / 4, cell / 4 + 2);
  return { ...made, cell };
}

function ownerOf(pool: MemoryPool, address: number): number {
  const { core } = kitOf(pool);
  return core.ownerIn(core.ownerAt(address));
}

const valueIn = (pool: MemoryPool, cell: number) => kitOf(pool).core.seeCell(cell) >>> 0;

function exchange(pool: MemoryPool, cell: number, next: number): boolean {
  const kit = kitOf(pool);
  const seen = kit.core.seeCell(cell);
  return kit.exchange(cell, seen, kit.core.stampSeen(), next, seen);
}

/** A fresh object of a worker's stands in the cell, nobody's. */
function put(pool: MemoryPool, cell: number, bytes: number): number {
  const fresh = kitOf(pool).allocate(bytes);
  assert.ok(exchange(pool, cell, fresh));
  kitOf(pool).retire();
  return fresh;
}

function take(pool: MemoryPool, cell: number): void {
  assert.ok(exchange(pool, cell, 0));
  kitOf(pool).retire();
}

/** Cuts a call of the victim before each of its stores in turn, reaps it and looks; how many stores there are. */
function atEachStore<C>(
  prepare: (made: Fixture) => C,
  call: (made: Fixture, context: C) => void,
  verify: (made: Fixture, context: C) => void,
): void {
  for (let n = 0; ; n++) {
    const made = fixture();
    const context = prepare(made);
    const isCut = made.cut(n, () => call(made, context));
    made.pool.reap(made.victim.workerId);
    // Or who has the place next would settle it, with what other objects there are by then.
    assert.equal(made.heap.words[intentAt(made.heap.layout, kitOf(made.victim).place) + intent.kind], 0);
    made.pool.cleanup();
    assert.deepEqual(made.pool.check(), [], `before store ${n}`);
    verify(made, context);
    if (valueIn(made.pool, made.cell) !== 0) take(made.pool, made.cell);
    made.pool.deallocate(made.cell);
    made.pool.cleanup();
    assert.equal(made.pool.stats().liveObjects, 0, `before store ${n}`);
    if (isCut) continue;
    assert.ok(n > 2, `${n} stores`);
    assertZeroResidue(made.pool);
    return;
  }
}

for (const bytes of kinds)
  describe(`a worker that dies in a call of the kit: objects of ${bytes} bytes`, () => {
    it("one that is ended", () => {
      let [before, stayed, all] = [0, 0, 0];
      atEachStore(
        ({ victim }) => {
          const object = kitOf(victim).allocate(bytes);
          kitOf(victim).keep();
          return object;
        },
        ({ victim, pool }, object) => {
          try {
            kitOf(victim).end(object);
          } finally {
            before = ownerOf(pool, object);
          }
        },
        ({ pool }, object) => {
          const owner = ownerOf(pool, object);
          assert.ok(owner === nobody || owner === 0, `the object is that of ${owner}`);
          if (owner === 0) return;
          all++;
          if (before !== nobody) stayed++;
          kitOf(pool).end(object);
        },
      );
      // Where it is the caller's, and not yet noted as the one to end: a look at its class, and the note.
      assert.ok(stayed <= 2, `it stays ${stayed} times`);
      // And where it is yet to be the caller's: looks, and the exchange.
      assert.ok(all <= 5, `it stays ${all} times`);
    });

    it("one that is allocated, and is fresh at the end", () => {
      atEachStore(
        ({ victim, pool, cell }) => {
          // What its exchange before this took out has ended, and the place is another's.
          const old = put(victim, cell, bytes);
          take(victim, cell);
          kitOf(victim).sweep();
          victim.cleanup();
          const theirs = pool.allocate(bytes);
          // Slots go by magazines.
          assert.equal(theirs === old, bytes > kinds[0]);
          return theirs;
        },
        ({ victim }) => kitOf(victim).allocate(bytes),
        ({ pool }, theirs) => {
          assert.equal(ownerOf(pool, theirs), nobody | kitOf(pool).place);
          assert.equal(pool.stats().liveObjects, 2, "there is more than that and the cell");
          pool.deallocate(theirs);
        },
      );
    });

    it("a fresh one that is abandoned", () => {
      atEachStore(
        ({ victim }) => kitOf(victim).allocate(bytes),
        ({ victim }) => kitOf(victim).abandon(),
        ({ pool }, fresh) => assert.equal(ownerOf(pool, fresh), 0),
      );
    });

    it("a fresh one that is kept, where an exchange was in vain", () => {
      let owner = 0;
      atEachStore(
        ({ victim, pool, cell }) => {
          const fresh = kitOf(victim).allocate(bytes);
          const { core } = kitOf(pool);
          const stamp = core.seeCell(cell) + core.stampSeen();
          take(pool, cell);
          assert.equal(kitOf(victim).exchange(cell, 0, stamp, fresh), false);
          return fresh;
        },
        ({ victim, pool }, fresh) => {
          try {
            kitOf(victim).keep();
          } finally {
            owner = ownerOf(pool, fresh);
          }
        },
        ({ pool }, fresh) => {
          assert.equal(ownerOf(pool, fresh), owner === nobody ? nobody : 0);
          if (owner === nobody) kitOf(pool).end(fresh);
        },
      );
    });

    it("one that takes another's place in a cell", () => {
      atEachStore(
        ({ victim, pool, cell }) => ({ old: put(pool, cell, bytes), fresh: kitOf(victim).allocate(bytes) }),
        ({ victim, cell }, { fresh }) => {
          assert.ok(exchange(victim, cell, fresh));
          kitOf(victim).retire();
        },
        ({ pool, cell }, { old, fresh }) => {
          const isIn = valueIn(pool, cell) === fresh;
          assert.equal(ownerOf(pool, fresh), isIn ? nobody : 0);
          assert.equal(ownerOf(pool, old), isIn ? 0 : nobody);
        },
      );
    });

    it("one that is taken out, and ends", () => {
      atEachStore(
        // By the victim, too: the stamp of its exchange before this one stands in the cell.
        ({ victim, cell }) => put(victim, cell, bytes),
        ({ victim, cell }) => {
          take(victim, cell);
          kitOf(victim).sweep();
        },
        ({ pool, cell }, old) => assert.equal(ownerOf(pool, old), valueIn(pool, cell) === 0 ? 0 : nobody),
      );
    });

    it("one that is inherited of who has left", () => {
      atEachStore(
        ({ heap, pool, cell }) => {
          const other = attachPoolTo(heap);
          const old = put(other, cell, bytes);
          kitOf(pool).core.protect(0, cell);
          take(other, cell);
          other.detach();
          kitOf(pool).core.unprotect(0);
          return { old, left: kitOf(other).place };
        },
        ({ victim }, { left }) => {
          kitOf(victim).core.inheritRetired(left);
          kitOf(victim).sweep();
        },
        ({ pool }, { old }) => assert.equal(ownerOf(pool, old), 0),
      );
    });
  });

// What structures are built with: fresh objects of every kind, that end or stay; exchanges; what is retired, and who holds it
// back; and what check() says of each word that is not as it must be.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Address, MemoryPool, SlabAllocator } from "offheap";
import { intentCount } from "#core/layout/index.js";
import { intent, mostRetiredOf } from "#src/layout/structures.js";
import { expectCode, heapOf } from "./support/heaps.ts";
import { kitOf, type Variant, variants } from "./support/kits.ts";
import { assertEmpty, assertZeroResidue } from "./support/residue.ts";
import { SharedStack } from "./support/stack.ts";

/** Bytes of a fresh object of each kind: slots, slots over 8 KiB, a page run, a span of its own. */
function kindsOf({ isPool }: Variant): number[] {
  return isPool ? [1, 64, 8192, 20_000, 100_000, 600_000] : [1, 64, 1024, 8192];
}

function ownerOf(slab: SlabAllocator, address: number): number {
  const { core } = kitOf(slab);
  return core.ownerIn(core.ownerAt(address));
}

function makeCell(slab: SlabAllocator): Address {
  const cell = slab.allocate(64);
  slab.u32.fill(0, cell / 4, cell / 4 + 2);
  return cell;
}

/** Exchanges a cell as it is now. */
function exchangeNow(slab: SlabAllocator, cell: number, next: number): boolean {
  const kit = kitOf(slab);
  const seen = kit.core.seeCell(cell);
  return kit.exchange(cell, seen, kit.core.stampSeen(), next, seen);
}

/** A fresh object goes into a cell, what was there goes out. */
function replace(slab: SlabAllocator, cell: number, bytes: number): number {
  const fresh = kitOf(slab).allocate(bytes);
  assert.ok(exchangeNow(slab, cell, fresh));
  kitOf(slab).retire();
  return fresh;
}

function empty(slab: SlabAllocator, cell: number): void {
  assert.ok(exchangeNow(slab, cell, 0));
  kitOf(slab).retire();
  slab.cleanup();
}

function testFresh(variant: Variant): void {
  const { make, join } = variant;
  for (const bytes of kindsOf(variant)) {
    it(`a fresh object of ${bytes} bytes is the caller's, and ends if it is abandoned, or its worker dies`, () => {
      const slab = make();
      const kit = kitOf(slab);
      const fresh = kit.allocate(bytes);
      assert.ok(slab.sizeOf(fresh) >= bytes);
      kit.abandon();
      assert.equal(ownerOf(slab, fresh), 0);
      assert.equal(slab.stats().liveObjects, 0);
      for (const live of [false, true]) {
        const dead = join(slab);
        const lost = kitOf(dead).allocate(bytes);
        assert.equal(ownerOf(slab, lost), 130);
        assert.equal(slab.reap(dead.workerId, { live }).freedObjects, 1);
        assert.equal(slab.stats().liveObjects, 0);
      }
      assertZeroResidue(slab);
    });

    it(`a fresh object of ${bytes} bytes stays when it is kept, or exchanged into a cell`, () => {
      const slab = make({ capacity: 4 << 20 });
      const cell = makeCell(slab);
      const dead = join(slab);
      const kept = kitOf(dead).allocate(bytes);
      kitOf(dead).keep();
      assert.equal(ownerOf(slab, kept), 128);
      const first = replace(dead, cell, bytes);
      assert.equal(ownerOf(slab, first), 128);
      const second = replace(dead, cell, bytes);
      // Retired, and its worker's until it ends.
      assert.equal(ownerOf(slab, first), 130);
      const third = kitOf(dead).allocate(bytes);
      assert.ok(exchangeNow(dead, cell, third));
      // It dies before it says that the exchange took place: the cell does.
      assert.equal(slab.reap(dead.workerId, { live: true }).reaped, true);
      assert.deepEqual(
        [kept, first, second, third].map((each) => ownerOf(slab, each)),
        [128, 0, 0, 128],
      );
      assert.deepEqual(slab.check(), []);
      empty(slab, cell);
      slab.deallocate(kept);
      slab.deallocate(cell);
      assertZeroResidue(slab);
    });
  }

  it("a size that is none is refused, and nothing is under way then", () => {
    const slab = make();
    const kit = kitOf(slab);
    const beyond = variant.isPool ? 2 ** 31 : 8193;
    for (const bytes of [0, -1, 0.5, NaN, beyond, 2 ** 53, Infinity])
      expectCode("ERR_INVALID_SIZE", () => kit.allocate(bytes));
    assert.deepEqual(slab.check(), []);
    assertZeroResidue(slab);
  });

  it("what is fresh ends with its worker, whatever is noted of exchanges before it", () => {
    const slab = make();
    const dead = join(slab);
    const cell = makeCell(slab);
    replace(dead, cell, 64);
    replace(slab, cell, 64);
    const fresh = kitOf(dead).allocate(64);
    slab.reap(dead.workerId, { live: true });
    assert.equal(ownerOf(slab, fresh), 0);
    empty(slab, cell);
    slab.deallocate(cell);
    assertZeroResidue(slab);
  });

  it("where nothing is fresh nothing is abandoned", () => {
    const slab = make();
    const kit = kitOf(slab);
    const kept = kit.allocate(64);
    kit.keep();
    kit.abandon();
    assert.equal(ownerOf(slab, kept), 128);
    slab.deallocate(kept);
    assertZeroResidue(slab);
  });

  it("a fresh object that was freed, illegally, does not end once more", () => {
    const slab = make();
    const other = join(slab);
    const fresh = kitOf(slab).allocate(64);
    other.deallocate(fresh);
    kitOf(slab).abandon();
    assert.equal(ownerOf(slab, fresh), 0);
    other.detach();
    slab.cleanup();
    assert.equal(slab.stats().liveObjects, 0);
    assert.deepEqual(slab.check(), []);
    assertZeroResidue(slab);
  });

  it("without memory nothing is under way, either", () => {
    const slab = make({ capacity: 1 << 20 });
    const kit = kitOf(slab);
    const kept: Address[] = [];
    const bytes = variant.isPool ? 100_000 : 8192;
    expectCode("ERR_OUT_OF_MEMORY", () => {
      for (;;) {
        kept.push(kit.allocate(bytes));
        kit.keep();
      }
    });
    assert.deepEqual(slab.check(), []);
    for (const address of kept) slab.deallocate(address);
    assertZeroResidue(slab);
  });

  it("any other call of the worker ends what is fresh", () => {
    for (const call of [
      (slab: SlabAllocator) => slab.cleanup(),
      (slab: SlabAllocator) => slab.deallocate(slab.allocate(1024)),
      (slab: SlabAllocator) => slab.detach(),
    ]) {
      const slab = make();
      const other = join(slab);
      kitOf(other).allocate(64);
      call(other);
      if (other.stats === undefined) continue;
      try {
        other.detach();
      } finally {
        assert.deepEqual(slab.check(), []);
      }
      assertZeroResidue(slab);
    }
  });

  it("an exchange of a cell that has changed meanwhile changes nothing", () => {
    const slab = make();
    const [kit, other] = [kitOf(slab), join(slab)];
    const cell = makeCell(slab);
    const [first, second] = [replace(slab, cell, 64), 0];
    const seen = kit.core.seeCell(cell);
    const stamp = kit.core.stampSeen();
    const theirs = replace(other, cell, 64);
    const mine = kit.allocate(64);
    assert.equal(kit.exchange(cell, seen, stamp, mine, seen), false);
    // The same value with another stamp is another, too.
    assert.equal(kit.exchange(cell, theirs, stamp, mine, theirs), false);
    kit.abandon();
    assert.deepEqual([kit.core.seeCell(cell) >>> 0, ownerOf(slab, mine)], [theirs, second]);
    assert.equal(ownerOf(slab, first), 130);
    other.detach();
    assert.equal(ownerOf(slab, first), 0);
    empty(slab, cell);
    slab.deallocate(cell);
    assertZeroResidue(slab);
  });

  it("what went out by a commit is the caller's, as it is", () => {
    const slab = make();
    const kit = kitOf(slab);
    const other = join(slab);
    const cell = makeCell(slab);
    const old = replace(other, cell, 64) as Address;
    assert.ok(exchangeNow(slab, cell, 0));
    kit.commit();
    assert.equal(ownerOf(slab, old), 129);
    kit.end(old);
    assert.equal(ownerOf(slab, old), 0);
    slab.deallocate(cell);
    other.detach();
    assertZeroResidue(slab);
  });
}

function testRetired(variant: Variant): void {
  const { make, join } = variant;
  for (const bytes of kindsOf(variant))
    it(`an object of ${bytes} bytes that is read does not end before its reader is done, or dead`, () => {
      for (const isDead of [false, true]) {
        const slab = make();
        const reader = join(slab);
        const cell = makeCell(slab);
        const old = replace(slab, cell, bytes);
        assert.equal(kitOf(reader).core.protect(1, cell) >>> 0, old);
        empty(slab, cell);
        assert.equal(ownerOf(slab, old), 129);
        assert.deepEqual(slab.check(), []);
        if (isDead) slab.reap(reader.workerId);
        else kitOf(reader).core.unprotect(1);
        slab.cleanup();
        assert.equal(ownerOf(slab, old), 0);
        slab.deallocate(cell);
        if (!isDead) reader.detach();
        assertZeroResidue(slab);
      }
    });

  it("a detached worker's retired objects end with the next in its place, or by a clean-up", () => {
    for (const isNext of [false, true]) {
      const slab = make({ maxWorkers: 2 });
      const other = join(slab);
      const cell = makeCell(slab);
      const old = replace(other, cell, 64);
      kitOf(slab).core.protect(0, cell);
      empty(other, cell);
      other.detach();
      assert.equal(ownerOf(slab, old), 130);
      assert.deepEqual(slab.check(), []);
      slab.cleanup();
      assert.notEqual(ownerOf(slab, old), 0, "it ended while it was read");
      kitOf(slab).core.unprotect(0);
      if (isNext) {
        const next = join(slab);
        next.cleanup();
        next.detach();
      }
      slab.cleanup();
      slab.cleanup();
      assert.equal(ownerOf(slab, old), 0);
      slab.deallocate(cell);
      assertZeroResidue(slab);
    }
  });

  it("a reader that leaves reads nothing any more", () => {
    const slab = make();
    const reader = join(slab);
    const cell = makeCell(slab);
    const old = replace(slab, cell, 64);
    kitOf(reader).core.protect(1, cell);
    empty(slab, cell);
    reader.detach();
    assert.equal(ownerOf(slab, old), 129);
    slab.cleanup();
    assert.equal(ownerOf(slab, old), 0);
    slab.deallocate(cell);
    assertZeroResidue(slab);
  });

  it("the list of retired objects is long enough, whatever is read", () => {
    const maxWorkers = 4;
    const slab = make({ maxWorkers });
    const readers = [join(slab), join(slab), join(slab)];
    const cells = Array.from({ length: 2 * readers.length }, () => makeCell(slab));
    for (const cell of cells) replace(slab, cell, 64);
    const held = cells.map(
      (cell, i) => kitOf(readers[i >> 1] as SlabAllocator).core.protect(i & 1, cell) >>> 0,
    );
    for (const cell of cells) replace(slab, cell, 64);
    // Far more than the list has space for, with the six that are read in it.
    for (let i = 0; i < 5 * mostRetiredOf(maxWorkers); i++) replace(slab, cells[i % 6] as number, 64);
    assert.deepEqual(slab.check(), []);
    for (const address of held) assert.equal(ownerOf(slab, address), 129);
    // Six cells, what is in them, what is read, and what waits for the next look.
    assert.ok(slab.stats().liveObjects <= 18 + 16, `${slab.stats().liveObjects}`);
    for (const reader of readers) for (const hazard of [0, 1]) kitOf(reader).core.unprotect(hazard);
    for (const cell of cells) {
      empty(slab, cell);
      slab.deallocate(cell);
    }
    for (const reader of readers) reader.detach();
    assertZeroResidue(slab);
  });

  it("what is read does not end, however many have been retired before it", () => {
    const slab = make({ maxWorkers: 20 });
    const reader = join(slab);
    const cell = makeCell(slab);
    const replaceOnly = () => {
      assert.ok(exchangeNow(slab, cell, kitOf(slab).allocate(64)));
      kitOf(slab).core.retire();
    };
    // Beyond those that one look at the hazards is for.
    for (let i = 0; i < 36; i++) replaceOnly();
    const old = kitOf(reader).core.protect(0, cell) >>> 0;
    replaceOnly();
    slab.cleanup();
    assert.deepEqual([ownerOf(slab, old), slab.stats().liveObjects], [129, 3]);
    kitOf(reader).core.unprotect(0);
    empty(slab, cell);
    slab.deallocate(cell);
    reader.detach();
    assertZeroResidue(slab);
  });

  it("what is noted of a stamp stays while its worker may ask, whatever older one is met then", () => {
    const slab = make();
    const { words, layout } = heapOf(slab);
    const dead = join(slab);
    const [cell, beside] = [makeCell(slab), makeCell(slab)];
    replace(dead, beside, 64);
    // As if it had made so many exchanges meanwhile that their order does not show.
    const countAt = layout.intentsAt + layout.intentWords + intentCount / 4;
    words[countAt] = (words[countAt] as number) + 2 ** 23;
    const old = replace(slab, cell, 64);
    assert.ok(exchangeNow(dead, cell, kitOf(dead).allocate(64)));
    replace(slab, cell, 64);
    replace(slab, beside, 64);
    slab.reap(dead.workerId, { live: true });
    slab.cleanup();
    assert.equal(ownerOf(slab, old), 0);
    for (const each of [cell, beside]) {
      empty(slab, each);
      slab.deallocate(each);
    }
    assertZeroResidue(slab);
  });

  it("what is inherited leaves space for one's own", () => {
    const slab = make({ maxWorkers: 3 });
    const most = mostRetiredOf(3);
    const { core } = kitOf(slab);
    const cell = makeCell(slab);
    // Never looked through: as an exception in each look would leave the list.
    const retireOnly = (worker: SlabAllocator) => {
      const kit = kitOf(worker);
      const fresh = kit.allocate(64);
      assert.ok(exchangeNow(worker, cell, fresh));
      kit.core.retire();
    };
    for (let i = 0; i < most - 1; i++) retireOnly(slab);
    const dead = join(slab);
    for (let i = 0; i < 5; i++) retireOnly(dead);
    for (let i = 0; i < 5; i++) core.inheritRetired(130 & 127);
    retireOnly(slab);
    assert.deepEqual(slab.check(), []);
    slab.reap(dead.workerId, { live: true });
    empty(slab, cell);
    slab.cleanup();
    slab.deallocate(cell);
    assertZeroResidue(slab);
  });
}

function testCheck(variant: Variant): void {
  const { make, join } = variant;
  it("check() names each word of structures that is not as it must be", () => {
    const slab = make();
    const other = join(slab);
    const { words, layout } = heapOf(slab);
    const intentAt = (worker: number) => layout.intentsAt + (worker - 1) * layout.intentWords;
    const [mine, theirs, nobodys] = [slab.allocate(64), other.allocate(64), slab.allocate(64)];
    slab.disown(nobodys);
    // As an object of a name has it: a kind and a name of a byte each.
    const lengthsAt = (nobodys + 4) / 4;
    slab.u32[lengthsAt] = 0x0101;
    const retiredIn = (worker: number) => intentAt(worker) + intent.retired;
    const root = layout.rootsAt + 2 * 5;
    const broken: [at: number, value: number, told: RegExp | undefined][] = [
      [intentAt(2), 1, /worker 2 has an intent of kind 1/],
      [intentAt(4), -7, /worker 4 has an intent of kind -7/],
      [retiredIn(1), mine, undefined],
      [retiredIn(1), theirs, new RegExp(`worker 1 has retired ${theirs}, which has state 130`)],
      [retiredIn(1) + 3, mine + 8, new RegExp(`worker 1 has retired ${mine + 8}, which has state 0`)],
      [retiredIn(2), nobodys, new RegExp(`worker 2 has retired ${nobodys}, which has state 128`)],
      [retiredIn(3), mine, new RegExp(`worker 3 has retired ${mine}, which has state 129`)],
      [retiredIn(1), -8, /worker 1 has retired 4294967288, which has state 0/],
      [root, nobodys, undefined],
      [root, mine, new RegExp(`the name in cell 5 is at ${mine}, which has state 129`)],
      [root, nobodys + 4, new RegExp(`the name in cell 5 is at ${nobodys + 4}, which has state 0`)],
      [root, -4, /the name in cell 5 is at 4294967292, which has state 0/],
    ];
    expectNamed(slab, broken);
    for (const lengths of [0, 0x0001, 0x0100, 0x4101, 0x0111, 0x10101]) {
      slab.u32[lengthsAt] = lengths;
      expectNamed(slab, [[root, nobodys, /the name in cell 5 is at \d+, where none stands/]]);
    }
    slab.u32[lengthsAt] = 0x0101;
    const [second, name] = [slab.allocate(64), slab.allocate(64)];
    slab.roots.set("a", { kind: "test", address: nobodys });
    const at = words
      .subarray(layout.rootsAt, layout.rootsAt + 128)
      .findIndex((word, i) => i % 2 === 0 && word !== 0);
    words[layout.rootsAt + at] = nobodys;
    words[retiredIn(1)] = mine;
    expectNamed(slab, [
      [retiredIn(1) + 1, second, undefined],
      [retiredIn(1) + 1, mine, new RegExp(`worker 1 has retired ${mine} twice`)],
      [layout.rootsAt + ((at + 2) % 128), nobodys, /the name in cell \d+ is at \d+, as that in cell \d+/],
      [
        layout.rootsAt + at,
        name,
        new RegExp(`the name in cell ${at / 2} is at ${name}, which has state 129`),
      ],
    ]);
  });
}

/** Makes one word another after the other what it must not be; check() names that word, and nothing else. */
function expectNamed(slab: SlabAllocator, broken: readonly [number, number, RegExp | undefined][]): void {
  const { words } = heapOf(slab);
  for (const [at, value, told] of broken) {
    const before = words[at] as number;
    words[at] = value;
    // Of a worker that is not at rest: the look comes from another, which settles nothing of it.
    const found = slab.check();
    words[at] = before;
    assert.deepEqual(
      found.map(({ invariant }) => invariant),
      told === undefined ? [] : ["structure"],
      `${at}: ${JSON.stringify(found)}`,
    );
    if (told !== undefined) assert.match(found[0]?.message as string, told);
  }
  assert.deepEqual(slab.check(), []);
}

for (const variant of variants)
  describe(`the kit: ${variant.name}`, () => {
    testFresh(variant);
    testRetired(variant);
    testCheck(variant);
    if (!variant.isPool) return;
    it("a reset forgets what anybody is about, reads, or has retired", () => {
      const pool = variant.make() as MemoryPool;
      const [reader, dead] = [variant.join(pool), variant.join(pool)];
      const cell = makeCell(pool);
      replace(pool, cell, 64);
      replace(pool, cell, 20_000);
      kitOf(reader).core.protect(0, cell);
      replace(pool, cell, 64);
      kitOf(dead).allocate(600_000);
      pool.reset();
      assertEmpty(pool);
      assert.deepEqual(pool.check(), []);
      // The memory serves other objects now: nothing of before ends one of them.
      const all = Array.from({ length: 200 }, () => pool.allocate(64));
      pool.cleanup();
      reader.cleanup();
      pool.reap(dead.workerId, { live: true });
      assert.deepEqual(
        all.filter((address) => ownerOf(pool, address) !== 129),
        [],
      );
      const head = SharedStack.create(kitOf(reader));
      const stack = new SharedStack(kitOf(reader), head);
      for (const value of [1, 2, 3]) stack.push(value);
      assert.deepEqual(
        [stack.top(), stack.pop(), stack.pop(), stack.pop(), stack.pop()],
        [3, 3, 2, 1, undefined],
      );
      for (const address of all) pool.deallocate(address);
      pool.deallocate(head);
      reader.detach();
      assertZeroResidue(pool);
    });
  });

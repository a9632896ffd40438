// check() looks into the maps and caches that have a name: what is whole it says nothing of, whatever was done to it; of each
// kind of damage, which is done by hand here, it names what is wrong. It ends, wherever a damaged word leads.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, type SlabAllocator } from "offheap";
import { SharedCache } from "offheap/cache";
import { SharedMap } from "offheap/map";
import { heapOf } from "./support/heaps.ts";
import { kitOf } from "./support/kits.ts";

/** Words of a map, and of an entry, as core/layout/structures.ts has them in bytes. */
const at = {
  log: 16,
  frozen: 20,
  owner: 24,
  closing: 32,
  packed: 40,
  root: 64,
  table: 72,
  rows: 1152,
  about: 8,
  lost: 12,
} as const;
const of = { stamp: 4, order: 8, word: 12, keyBytes: 16, valueBytes: 20, key: 24 } as const;
const packed = { size: 0, log: 8, shift: 12, first: 16, pieces: 24 } as const;
const books = { map: 4, ghosts: 8, ghostMask: 12, claims: 20 } as const;
const headBytes = 8;
const headsPerPiece = 512;
const marked = 1;
const toHead = 2;
const apart = 4;

/** What stands in a list: an entry, or the head of a bucket; and the cell that leads there. */
interface Link {
  readonly cell: number;
  readonly entry: number;
  readonly bucket: number;
}

class Damaged {
  readonly words: Int32Array;
  readonly pool: SlabAllocator;
  readonly map: number;

  constructor(pool: SlabAllocator, map: number) {
    this.pool = pool;
    this.map = map;
    this.words = heapOf(pool).whole;
  }

  read(address: number): number {
    return this.words[address / 4] as number;
  }

  /** Entries in the order of the list, and the heads of buckets, each with the cell before it. */
  list(): Link[] {
    const found: Link[] = [];
    for (let cell = this.headOf(0); ; ) {
      const link = this.read(cell) & ~(marked | (found.at(-1)?.entry === cell ? 0 : apart));
      if (link === 0) return found;
      const isHead = (link & toHead) !== 0;
      found.push({ cell, entry: isHead ? 0 : link, bucket: isHead ? link >>> 3 : -1 });
      cell = isHead ? this.headOf(link >>> 3) : link;
    }
  }

  headOf(bucket: number): number {
    const isFar = bucket >= headsPerPiece;
    const cell = isFar ? this.read(this.map + at.table) + (bucket >>> 9) * headBytes : this.map + at.root;
    return this.read(cell) + (bucket % headsPerPiece) * headBytes;
  }

  entries(): Link[] {
    return this.list().filter(({ entry }) => entry !== 0);
  }

  heads(): Link[] {
    return this.list().filter(({ bucket }) => bucket >= 0);
  }

  /** check() says what matches when a word is changed, and nothing when it is as it was. */
  expect(pattern: RegExp, address: number, value: number): void {
    const before = this.read(address);
    assert.deepEqual(this.pool.check(), []);
    this.words[address / 4] = value;
    const said = this.pool.check().map(({ invariant, message }) => `${invariant}: ${message}`);
    this.words[address / 4] = before;
    assert.ok(
      said.some((each) => pattern.test(each)),
      `${pattern} is not in ${said.join("\n")}`,
    );
    assert.deepEqual(this.pool.check(), []);
  }
}

function filled(count = 200): Damaged {
  const pool = new MemoryPool({ capacity: 8 << 20, maxWorkers: 3 });
  const map = new SharedMap(pool);
  pool.roots.set("sessions", map.handle);
  for (let i = 0; i < count; i++) map.set(`key ${i}`, "value ".repeat(i % 9));
  for (let i = 0; i < count; i += 7) map.delete(`key ${i}`);
  return new Damaged(pool, map.handle.address);
}

function filledCache(): { cache: SharedCache; damaged: Damaged; books: number } {
  const cache = new SharedCache({ maxBytes: 4 << 20, maxWorkers: 3 });
  for (let i = 0; i < 300; i++) cache.set(`key ${i}`, "value");
  for (let i = 0; i < 300; i += 3) cache.get(`key ${i}`);
  const at = cache.pool.roots.get("cache.books")?.address as number;
  const map = heapOf(cache.pool).whole[(at + books.map) / 4] as number;
  return { cache, damaged: new Damaged(cache.pool, map), books: at };
}

describe("check() of a map with a name", () => {
  it("says nothing of one that is whole: in slabs, page runs and spans of their own, grown, frozen, destroyed", () => {
    const pool = new MemoryPool({ capacity: 32 << 20, maxWorkers: 3 });
    const map = new SharedMap(pool);
    pool.roots.set("sessions", map.handle);
    pool.roots.set("the same", map.handle);
    pool.roots.set("no map", { kind: "map", address: pool.allocate(64) });
    for (let i = 0; i < 5000; i++) map.set(`key ${i}`, "v".repeat(i % 90));
    map.set("pages", "v".repeat(20_000));
    map.set("a span", "v".repeat(600_000));
    map.set("k".repeat(60_000), "");
    assert.deepEqual(pool.check(), []);
    map.clear();
    map.freeze();
    assert.deepEqual(pool.check(), []);
    map.destroy();
    assert.deepEqual(pool.check(), []);
  });

  it("names what leads to no live object of its own", () => {
    const damaged = filled();
    const [first, { entry }] = damaged.entries() as [Link, Link];
    damaged.expect(/entry at \d+ is at \d+, where no live object of 24 bytes begins/, first.cell, entry + 8);
    damaged.expect(/where no live object/, first.cell, 8);
    damaged.expect(/where no live object/, first.cell, -8);
    damaged.expect(/where no live object/, entry, damaged.read(entry) | apart);
    damaged.expect(/where no live object/, damaged.map + at.root, first.entry);
    damaged.expect(/has no list/, damaged.map + at.root, 0);
    damaged.expect(/where no live object of 4096 bytes begins/, damaged.map + at.table, first.entry);
    damaged.expect(/another part of a map/, damaged.map + at.table, damaged.read(damaged.map + at.root));
    const { states, core } = heapOf(damaged.pool);
    const slot = core.ownerAt(entry) - 1;
    assert.equal(states[slot], 128);
    states[slot] = 129;
    assert.ok(damaged.pool.check().some(({ message }) => /entry at \d+ is live by worker 1$/.test(message)));
    states[slot] = 128;
  });

  it("names a list that goes in a circle, or leads into another's", () => {
    const damaged = filled();
    const list = damaged.entries();
    const [first, last] = [list[3], list.at(-1)] as [Link, Link];
    damaged.expect(/another part of a map stands/, last.entry, first.entry);
    damaged.expect(/another part of a map stands/, last.entry, last.entry);
    const other = new SharedMap(damaged.pool);
    damaged.pool.roots.set("others", other.handle);
    other.set("key", "value");
    const its = new Damaged(damaged.pool, other.handle.address).entries()[0] as Link;
    damaged.expect(/another part of a map stands|its key/, last.entry, its.entry);
    const head = damaged.heads()[0] as Link;
    damaged.expect(/head of bucket \d+ is not in order/, last.entry, (head.bucket << 3) | toHead);
    damaged.expect(/bucket 100000 is in the list, and in no piece/, last.entry, (100_000 << 3) | toHead);
  });

  it("names what is not in order, and what is not where its key belongs", () => {
    const damaged = filled();
    const list = damaged.entries();
    const { entry } = list[20] as Link;
    damaged.expect(/has order \d+, its key \d+/, entry + of.order, damaged.read(entry + of.order) ^ 2);
    damaged.expect(/is not in order/, entry + of.order, 1);
    damaged.expect(/has order \d+, its key \d+/, entry + of.key, 0x6b6b6b6b);
    damaged.expect(/has order \d+, its key \d+/, entry + of.keyBytes, 3);
    damaged.expect(/is not in order|counts/, (list[19] as Link).cell, entry);
  });

  it("names lengths that do not fit, words that mean nothing, and stamps of nobody", () => {
    const damaged = filled();
    const { entry } = damaged.entries()[5] as Link;
    damaged.expect(/a value of \d+, which do not fit/, entry + of.valueBytes, 5000);
    damaged.expect(/a value of -1, which do not fit/, entry + of.valueBytes, -1);
    damaged.expect(/a value of 2147483647, which do not fit/, entry + of.valueBytes, 2 ** 31 - 1);
    damaged.expect(/a key of 65535 bytes/, entry + of.keyBytes, -1);
    damaged.expect(/its word says 32/, entry + of.word, 32);
    damaged.expect(/its word says 16/, entry + of.word, 16);
    damaged.expect(/exchanged by worker 100/, entry + of.stamp, 100 << 25);
    damaged.expect(/has 2\^26 buckets/, damaged.map + at.log, 26);
    damaged.expect(/has 2\^-1 buckets/, damaged.map + at.log, -1);
    damaged.expect(/is of a cache at 8, not 0/, damaged.map + at.owner, 8);
  });

  it("names a bucket that is open, and not in the list; one that is closed, and its piece is not; and one that is never closed", () => {
    const damaged = filled();
    const [first] = damaged.heads() as [Link];
    const head = damaged.headOf(first.bucket);
    damaged.expect(
      new RegExp(`bucket ${first.bucket} is open, its head is not in the list`),
      first.cell,
      damaged.read(head),
    );
    damaged.expect(
      new RegExp(`bucket ${first.bucket} is closed, and its piece is not`),
      head,
      damaged.read(head) | marked,
    );
    for (const bucket of [1, 511, -1, 2 ** 25])
      damaged.expect(new RegExp(`is about to close bucket ${bucket}`), damaged.map + at.closing, bucket);
  });

  it("names counts that are not those of what is there, unless a worker died in a change", () => {
    const damaged = filled();
    const row = damaged.map + at.rows + 16;
    const [size, eights] = [damaged.read(row), damaged.read(row + 4)];
    damaged.expect(/counts \d+ entries of \d+ × 8 bytes, has \d+ of \d+ × 8/, row, size + 1);
    damaged.expect(/counts \d+ entries/, row + 4, eights - 1);
    damaged.expect(/counts 1 entries/, row, 1);
    for (const note of [at.about, at.lost]) {
      damaged.words[row / 4] = size + 1;
      damaged.words[(row + note) / 4] = 1;
      assert.deepEqual(damaged.pool.check(), []);
      damaged.words[(row + note) / 4] = 0;
      damaged.words[row / 4] = size;
    }
  });

  it("says nothing of what the dead may leave: a marked entry, a head that is not known to be in the list", () => {
    const damaged = filled();
    const { entry } = damaged.entries()[5] as Link;
    const [first] = damaged.heads() as [Link];
    const head = damaged.headOf(first.bucket);
    damaged.words[(damaged.map + at.rows + 16 + at.about) / 4] = 1;
    damaged.words[entry / 4] = damaged.read(entry) | marked;
    damaged.words[head / 4] = damaged.read(head) | apart;
    assert.deepEqual(damaged.pool.check(), []);
    damaged.words[(entry + of.word) / 4] = 16;
    assert.deepEqual(damaged.pool.check(), []);
    // Whose destroyer died has what is left of it.
    damaged.words[(damaged.map + at.frozen) / 4] = 2;
    damaged.words[(damaged.map + at.root) / 4] = 0;
    assert.deepEqual(damaged.pool.check(), []);
  });

  it("ends where a long list is damaged anywhere", () => {
    const damaged = filled(3000);
    for (const { cell } of damaged.list()) damaged.words[cell / 4] = damaged.read(damaged.map + at.root);
    const start = performance.now();
    assert.ok(damaged.pool.check().length > 0);
    assert.ok(performance.now() - start < 2000);
  });
});

describe("check() of a map whose entries are packed", () => {
  function frozen(): Damaged & { index: number; pack: number; piece: number } {
    const pool = new MemoryPool({ capacity: 8 << 20, maxWorkers: 3 });
    const map = new SharedMap(pool);
    pool.roots.set("map", map.handle);
    for (let i = 0; i < 2000; i++) map.set(`key ${i}`, "v".repeat(i % 50));
    map.freeze();
    const damaged = new Damaged(pool, map.handle.address);
    const index = damaged.read(damaged.map + at.packed);
    const [pack, piece] = [damaged.read(index + packed.first), damaged.read(index + packed.pieces)];
    return Object.assign(damaged, { index, pack, piece });
  }

  it("says nothing of what a death has left: an index that is not whole, and a list that is", () => {
    const pool = new MemoryPool({ capacity: 8 << 20, maxWorkers: 3 });
    const map = new SharedMap(pool);
    pool.roots.set("map", map.handle);
    for (let i = 0; i < 100; i++) map.set(`key ${i}`, "");
    const { core } = kitOf(pool);
    const { packEntry } = core;
    let left = 50;
    core.packEntry = (entry, to) => {
      if (left-- === 0) throw new Error("cut short");
      packEntry(entry, to);
    };
    assert.throws(() => map.freeze(), /cut short/);
    core.packEntry = packEntry;
    assert.equal(map.get("key 1"), "");
    assert.deepEqual(pool.check(), []);
    map.freeze();
    assert.notEqual(core.packedOf(map.handle.address), 0);
    assert.deepEqual(pool.check(), []);
  });

  it("names an index, pieces and packs that are none", () => {
    const damaged = frozen();
    const { map, index, pack } = damaged;
    damaged.expect(/packed: it is not frozen/, map + at.frozen, 0);
    damaged.expect(/its index is at \d+, where no live object begins/, map + at.packed, index + 8);
    damaged.expect(/its index has 2\^0 buckets/, index + packed.log, 0);
    damaged.expect(/2\^12 a piece/, index + packed.shift, 12);
    damaged.expect(/piece 0 is at \d+, where no live object/, index + packed.pieces, pack + 8);
    damaged.expect(/pack 0 is at \d+, where another part of a map stands/, index + packed.first, index);
    damaged.expect(/counts 1999 entries/, index + packed.size, 1999);
    damaged.expect(/pack 0 has no end that leads to the next|pack 1 is at/, pack, 0);
  });

  it("names entries that are not in order, or not where the index leads to", () => {
    const damaged = frozen();
    const { pack, piece } = damaged;
    const first = pack + 8;
    damaged.expect(/has a key of \d+ bytes and a value of -1/, first + 4, -1);
    damaged.expect(
      /is not in order|where a bucket ends|index leads to/,
      first + 8,
      damaged.read(first + 8) + 1,
    );
    damaged.expect(
      /is where a bucket ends|is not where a bucket ends/,
      first,
      damaged.read(first) ^ (1 << 31),
    );
    const empty = Array.from({ length: 1024 }, (_, i) => piece + i * 4).find(
      (word) => damaged.read(word) === 0,
    );
    damaged.expect(/the index has an entry of bucket \d+ at/, empty as number, first);
    const used = Array.from({ length: 1024 }, (_, i) => piece + i * 4).find(
      (word) => damaged.read(word) !== 0,
    );
    damaged.expect(/is not what the index leads to/, used as number, first + 8);
  });
});

describe("check() of a cache", () => {
  it("says nothing of one that is whole, and full", () => {
    const { cache } = filledCache();
    for (let i = 0; i < 40_000; i++) cache.set(`key ${i}`, "v".repeat(i % 500), { ttl: 1 + (i % 1000) });
    assert.deepEqual(cache.pool.check(), []);
    cache.clear();
    assert.deepEqual(cache.pool.check(), []);
    cache.destroy();
  });

  it("names damage of its books, of its maps, and of entries", () => {
    const { damaged, books: its, cache } = filledCache();
    damaged.expect(/has a map at 8, where none begins/, its + books.map, 8);
    damaged.expect(/has a map at 8, where none begins/, its + books.claims, 8);
    damaged.expect(/another part of a map stands/, its + books.claims, damaged.map);
    damaged.expect(/what it remembers is at 8/, its + books.ghosts, 8);
    damaged.expect(/remembers 6 hashes/, its + books.ghostMask, 5);
    damaged.expect(/what it remembers is at/, its + books.ghostMask, 2 ** 22 - 1);
    damaged.expect(/is of a cache at 0, not \d+/, damaged.map + at.owner, 0);
    const { entry } = damaged.entries()[5] as Link;
    damaged.expect(/its word says 20/, entry + of.word, 20);
    damaged.expect(/do not fit/, entry + of.valueBytes, 70_000);
    cache.destroy();
  });
});

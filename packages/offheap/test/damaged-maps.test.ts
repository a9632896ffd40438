// Calls on maps and caches of which words were overwritten: of their own objects, of entries, of the books. As in
// damaged-calls.test.ts, what they answer nobody can say, but each comes to an end, and an error is an AllocatorError.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HeapHandle, MemoryPool } from "offheap";
import { SharedCache } from "offheap/cache";
import { SharedMap } from "offheap/map";
import { mapWords, packedWords } from "#src/layout/index.js";
import { bufferOf } from "#src/memory/kind.js";
import { type Original, type Region, regionsOf } from "./support/fuzz/damaged.ts";
import { type Calls, endsWell } from "./support/fuzz/damaged-calls.ts";
import { heapOf } from "./support/heaps.ts";
import { kitOf } from "./support/kits.ts";

const wordsOfMap = 320;
const pieceWords = 1024;
const entryWords = 64;
const at = { root: 64, table: 72 } as const;
const books = { map: 4, claims: 20 } as const;

/** The words of a map: itself, its pieces and tables, some entries. */
function regionsIn(pool: MemoryPool, map: number, name: string): Record<string, Region> {
  const { whole } = heapOf(pool);
  const read = (address: number) => whole[address / 4] as number;
  const found: Record<string, Region> = { [name]: [map / 4, map / 4 + wordsOfMap] };
  const piece = read(map + at.root);
  found[`${name}: piece`] = [piece / 4, piece / 4 + pieceWords];
  const table = read(map + at.table);
  if (table !== 0) {
    found[`${name}: table`] = [table / 4, table / 4 + 8];
    const second = read(table + 8);
    if (second !== 0) found[`${name}: second piece`] = [second / 4, second / 4 + pieceWords];
  }
  let entries = 0;
  for (let cell = piece; entries < 12; ) {
    const link = read(cell) & ~5;
    if (link === 0) break;
    const isHead = (link & 2) !== 0;
    if (isHead && link >>> 3 >= 512) break;
    cell = isHead ? piece + (link >>> 3) * 8 : link;
    if (!isHead) found[`${name}: entry ${entries++}`] = [cell / 4, cell / 4 + entryWords];
  }
  return found;
}

function originalOf(pool: MemoryPool, regions: Record<string, Region>): Original {
  const { layout, source } = heapOf(pool);
  const bytes = Buffer.from(Buffer.from(bufferOf(source) as ArrayBuffer));
  const all = { ...regionsOf(layout), ...regions };
  return { bytes, layout, live: new Map(), inStructures: [], version: pool.handle.version, regions: all };
}

function makeMap(): Original {
  const memory = new SharedArrayBuffer(2 << 20);
  const pool = new MemoryPool({ memory, maxWorkers: 3 });
  const map = new SharedMap(pool);
  pool.roots.set("map", map.handle);
  for (let i = 0; i < 1200; i++) map.set(`key ${i}`, "value ".repeat(i % 7));
  return originalOf(pool, regionsIn(pool, map.handle.address, "map"));
}

/** The words of a map whose entries are packed. */
function makeFrozen(): Original {
  const memory = new SharedArrayBuffer(2 << 20);
  const pool = new MemoryPool({ memory, maxWorkers: 3 });
  const map = new SharedMap(pool);
  pool.roots.set("map", map.handle);
  for (let i = 0; i < 1200; i++) map.set(`key ${i}`, "value ".repeat(i % 7));
  map.freeze();
  const { whole } = heapOf(pool);
  const { address } = map.handle;
  const index = whole[(address + mapWords.packed) / 4] as number;
  const first = whole[(index + packedWords.first) / 4] as number;
  const piece = whole[(index + packedWords.pieces) / 4] as number;
  return originalOf(pool, {
    map: [address / 4, address / 4 + wordsOfMap],
    index: [index / 4, index / 4 + 8],
    piece: [piece / 4, piece / 4 + pieceWords],
    pack: [first / 4, first / 4 + 8192],
  });
}

function makeCache(): Original {
  const cache = new SharedCache({ maxBytes: 4 << 20, maxWorkers: 3, engine: "js" });
  for (let i = 0; i < 900; i++) cache.set(`key ${i}`, "v".repeat(2000 + (i % 3000)));
  const { pool } = cache;
  const its = pool.roots.get("cache.books")?.address as number;
  const read = (address: number) => heapOf(pool).whole[address / 4] as number;
  return originalOf(pool, {
    books: [its / 4, its / 4 + 80],
    ...regionsIn(pool, read(its + books.map), "map"),
    ...regionsIn(pool, read(its + books.claims), "claims"),
  });
}

/** Said, so that damage makes no numbers of texts. */
const kinds = { keys: "text", values: "text" } as const;

interface Opened<C> {
  readonly pool: MemoryPool;
  readonly on: C;
}

const keyFor = (choice: number) => `key ${choice % 1300}`;
const valueFor = (choice: number) => "new ".repeat(choice % 300);

/** The calls that maps and caches have. */
function callsOf<C extends SharedMap | SharedCache>(): Calls<Opened<C>> {
  return {
    get: ({ on }, choice) => on.get(keyFor(choice)),
    has: ({ on }, choice) => on.has(keyFor(choice)),
    "get of many": ({ on }, choice) => {
      for (let i = 0; i < 50; i++) on.get(keyFor(choice + i));
    },
    getInto: ({ on }, choice) => on.getInto(keyFor(choice), new Uint8Array(9000)),
    read: ({ on }, choice) =>
      on.read(keyFor(choice), (view, from, length) => view.slice(from, from + length)),
    set: ({ on }, choice) => on.set(keyFor(choice), valueFor(choice)),
    "set of many": ({ on }, choice) => {
      for (let i = 0; i < 50; i++) on.set(keyFor(choice + i), valueFor(choice));
    },
    insert: ({ on }, choice) => on.insert(keyFor(choice), valueFor(choice)),
    update: ({ on }, choice) => on.update(keyFor(choice), (old) => `${(old ?? "").slice(0, 99)}+`),
    delete: ({ on }, choice) => on.delete(keyFor(choice)),
    size: ({ on }) => on.size,
    bytes: ({ on }) => on.bytes,
    iteration: ({ on }) => [...on].length,
    keys: ({ on }) => [...on.keys()].length,
    clear: ({ on }, choice) => choice % 5 === 0 && on.clear(),
    cleanup: ({ pool }) => pool.cleanup(),
    check: ({ pool }) => pool.check(),
    reap: ({ pool }, choice) => pool.reap(129 + (choice % 3), { live: true }),
  };
}

const mapCalls: Calls<Opened<SharedMap>> = {
  ...callsOf<SharedMap>(),
  replace: ({ on }, choice) => on.replace(keyFor(choice), "value ".repeat(choice % 7), "another"),
  freeze: ({ on }, choice) => choice % 9 === 0 && on.freeze(),
  destroy: ({ on }, choice) => choice % 9 === 0 && on.destroy(),
};

const cacheCalls: Calls<Opened<SharedCache>> = {
  ...callsOf<SharedCache>(),
  touch: ({ on }, choice) => on.touch(keyFor(choice), { ttl: choice + 1 }),
  "set with a time to live": ({ on }, choice) => on.set(keyFor(choice), valueFor(choice), { ttl: 1 }),
  "set of a large value": ({ on }, choice) => on.set(keyFor(choice), "v".repeat(choice * 20)),
  peek: ({ on }, choice) => on.peek(keyFor(choice)),
  stats: ({ on }) => on.stats(),
};

function mapOf(handle: HeapHandle): Opened<SharedMap> {
  const pool = MemoryPool.attach(handle);
  return { pool, on: SharedMap.attach(pool, pool.roots.get("map"), kinds) };
}

function cacheOf(heap: HeapHandle): Opened<SharedCache> {
  const on = SharedCache.attach({ kind: "cache", heap }, kinds);
  return { pool: on.pool, on };
}

describe("calls on what was damaged end, and throw nothing but AllocatorErrors", () => {
  it("a map", async () => {
    await endsWell(makeMap(), mapOf, mapCalls, 600);
  });

  it("a map that is frozen", async () => {
    await endsWell(makeFrozen(), mapOf, mapCalls, 600);
  });

  it("a map of which nobody knows how many buckets it has: as many steps as there are such numbers", () => {
    const pool = new MemoryPool({ capacity: 2 << 20 });
    const map = new SharedMap(pool, kinds);
    const { core } = kitOf(pool);
    const { growMap } = core;
    let steps = 0;
    core.growMap = (at, log) => {
      assert.ok(++steps < 1000);
      return growMap(at, log);
    };
    core.putWord(map.handle.address + mapWords.log, -(2 ** 31));
    for (let i = 0; i < 100; i++) map.set(keyFor(i), "");
    assert.ok(steps > 0);
  });

  it("a cache", async () => {
    await endsWell(makeCache(), cacheOf, cacheCalls, 300);
  });
});

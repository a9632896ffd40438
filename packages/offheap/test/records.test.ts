// Records by example: C's layout, fields of each type, handles that tell when they are stale, records of workers that die.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool, SlabAllocator } from "offheap";
import {
  array,
  atomic,
  bool,
  bytes,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  Records,
  ref,
  struct,
  u8,
  u16,
  u32,
  u64,
  utf8,
} from "offheap/records";
import { attachPoolTo, attachTo, expectCode, heapOf } from "./support/heaps.ts";

const Vec = struct({ x: f64, y: f64 });
const Connection = struct({
  id: u32,
  bytesIn: f64,
  state: u8,
  peer: ref(() => Connection),
  name: utf8(24),
  tags: array(u16, 8),
  seen: atomic(u32),
  at: Vec,
  path: array(Vec, 2),
});

const capacity = 8 * 2 ** 20;
const kinds = {
  "slabs, shared": () => new SlabAllocator({ capacity }),
  "slabs, JavaScript, local": () => new SlabAllocator({ capacity, engine: "js", memory: "local" }),
  "slabs in an ArrayBuffer": () =>
    new SlabAllocator({ memory: new ArrayBuffer(capacity + 2 ** 16), offset: 2 ** 16 }),
  "a pool, shared": () => new MemoryPool({ capacity }),
  "a pool, JavaScript, SharedArrayBuffer": () =>
    new MemoryPool({ memory: new SharedArrayBuffer(capacity), engine: "js" }),
};

describe("struct", () => {
  it("has C's offsets, size and alignment", () => {
    assert.equal(Connection.alignment, 8);
    assert.equal(Connection.size, 128);
    assert.deepEqual(Object.values(Connection.offsets), [0, 8, 16, 24, 32, 56, 72, 80, 96]);
    const odd = struct({ a: u8, b: i16, c: bool, d: f32, e: array(struct({ a: u16, b: u8 }), 3), f: u8 });
    assert.deepEqual({ ...odd.offsets }, { a: 0, b: 2, c: 4, d: 8, e: 12, f: 24 });
    assert.deepEqual([odd.size, odd.alignment], [28, 4]);
  });

  it("packed, has no space between fields, and reads them all the same", () => {
    const packed = struct({ a: u8, b: f64, c: i16, d: i64, e: f32, f: ref(() => packed) }, { packed: true });
    assert.deepEqual(Object.values(packed.offsets), [0, 1, 9, 11, 19, 23]);
    assert.deepEqual([packed.size, packed.alignment], [31, 1]);
    const heap = new SlabAllocator({ capacity });
    const records = new Records(heap, packed);
    const at = records.at(
      records.create({ a: 255, b: -0.5, c: -2, d: -(2n ** 63n), e: 0.25, f: 2 ** 53 - 1 }),
    );
    assert.deepEqual([at.a, at.b, at.c, at.d, at.e, at.f], [255, -0.5, -2, -(2n ** 63n), 0.25, 2 ** 53 - 1]);
    at.b = Math.PI;
    at.c = -3;
    assert.deepEqual([at.a, at.b, at.c, at.d], [255, Math.PI, -3, -(2n ** 63n)]);
  });

  it("reads and writes fields at any address", () => {
    const heap = new MemoryPool({ capacity });
    const address = heap.allocate(Connection.size);
    Connection.set(heap, address, "name", "naïve");
    Connection.set(heap, address, "tags", [1, 2]);
    Connection.set(heap, address, "at", { y: 4 });
    assert.equal(Connection.get(heap, address, "name"), "naïve");
    assert.deepEqual(Connection.get(heap, address, "tags"), [1, 2, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual(Connection.get(heap, address, "at"), { x: 0, y: 4 });
    assert.equal(heap.u16[(address + Connection.offsets.tags) / 2 + 1], 2);
  });
});

for (const [name, make] of Object.entries(kinds)) {
  describe(`records in ${name}`, () => {
    it("hold what they are set to, zeros elsewhere, and are the same cursor each time", () => {
      const heap = make();
      const connections = new Records(heap, Connection);
      const handle = connections.create({ id: 7, name: "λ", tags: [5], path: [{ x: 1 }, { y: 2 }] });
      const at = connections.at(handle);
      at.bytesIn += 10;
      at.peer = handle;
      at.seen.add(2);
      at.path.get(0).y = 3;
      at.at.x = -1;
      at.tags.set(7, 65_535);
      assert.deepEqual([at.id, at.bytesIn, at.name, at.state, at.handle], [7, 10, "λ", 0, handle]);
      assert.deepEqual([...at.tags], [5, 0, 0, 0, 0, 0, 0, 65_535]);
      assert.deepEqual([at.path.get(0).x, at.path.get(0).y, at.path.get(1).y], [1, 3, 2]);
      assert.equal(at.seen.compareExchange(2, 9), 2);
      assert.equal(at.seen.exchange(4) + at.seen.load(), 13);
      assert.equal(connections.at(at.peer), at);
      connections.at(connections.create());
      assert.deepEqual([at.id, at.name, at.seen.load(), at.path.get(0).y], [0, "", 0, 0]);
      assert.deepEqual(heap.check(), []);
    });

    it("are stale once freed, whatever their slot serves then", () => {
      const heap = make();
      const connections = new Records(heap, Connection);
      const others = new Records(heap, struct({ other: bytes(Connection.size) }));
      const handle = connections.create({ id: 1 });
      connections.free(handle);
      const addresses = new Set<number>();
      for (let round = 0; round < 3; round++) {
        const again = connections.createMany(200);
        const foreign = Array.from({ length: 200 }, () => others.create());
        for (const each of [...again, ...foreign]) addresses.add(each % 2 ** 32);
        expectCode("ERR_STALE_HANDLE", () => connections.at(handle));
        expectCode("ERR_STALE_HANDLE", () => connections.free(handle));
        expectCode("ERR_STALE_HANDLE", () => connections.at(foreign[0] as number));
        assert.equal(connections.has(handle), false);
        for (const each of again) connections.free(each);
        for (const each of foreign) others.free(each);
        heap.cleanup({ all: true });
      }
      assert.ok(addresses.has(handle % 2 ** 32), "the slot was used again");
      assert.deepEqual(heap.check(), []);
      assert.equal(connections.size, 0);
    });

    it("are met once each by an iteration, in spans, and counted", () => {
      const heap = make();
      const points = new Records(heap, Vec);
      const handles = points.createMany(5000);
      handles.forEach((handle, i) => {
        points.at(handle).x = i;
      });
      for (const handle of handles.filter((_, i) => i % 3 === 0)) points.free(handle);
      const left = handles.filter((_, i) => i % 3 !== 0);
      const sum = left.reduce((total, handle) => total + points.at(handle).x, 0);
      assert.equal(points.size, left.length);
      assert.deepEqual(Array.from(points, (each) => each.handle).sort(), [...left].sort());
      let [total, count, runs] = [0, 0, 0];
      for (const span of points.spans()) {
        const { values, first, step } = span.f64("x");
        for (let i = 0; i < span.count; i++) {
          if (span.isLive(i)) total += values[first + i * step] as number;
          if (span.handle(i) !== 0) count++;
        }
        for (let i = span.nextLive(0); i < span.count; i = span.nextLive(span.nextFree(i)))
          runs += span.nextFree(i) - i;
      }
      assert.deepEqual([total, count, runs], [sum, left.length, left.length]);
      for (const each of points) points.free(each.handle);
      assert.equal(points.size, 0);
      assert.deepEqual(heap.check(), []);
    });

    it("go with destroy, and leave nothing behind but what generations need", () => {
      const heap = make();
      new Records(heap, Vec).destroy();
      const before = heap.stats().liveObjects;
      const points = new Records(heap, Vec);
      points.createMany(100);
      points.destroy();
      expectCode("ERR_DETACHED", () => points.create());
      const leaves = 1;
      assert.equal(heap.stats().liveObjects, before + leaves);
      assert.deepEqual(heap.check(), []);
    });
  });
}

describe("records of several workers", () => {
  it("are the same by the handle, and refused by another schema, which names the field", () => {
    const heap = new SlabAllocator({ capacity });
    const other = attachTo(heapOf(heap));
    const here = new Records(heap, Connection);
    const there = Records.attach(other, structuredClone(here.handle), Connection);
    const handle = here.create({ id: 3 });
    there.at(handle).name = "there";
    assert.equal(here.at(handle).name, "there");
    there.free(handle);
    expectCode("ERR_STALE_HANDLE", () => here.at(handle));
    const wrong = struct({ id: u32, bytesIn: f64, state: i8, peer: ref(() => wrong) });
    const { message } = expectCode("ERR_INCOMPATIBLE_HEAP", () => Records.attach(other, here.handle, wrong));
    assert.match(message, /field 3 is "state u8" at byte 16 there, "state i8" at byte 16 here/);
    assert.deepEqual(heap.check(), []);
  });

  it("are the same by their name", () => {
    const heap = new MemoryPool({ capacity: 4 << 20 });
    const made = new Records(heap, Connection);
    const handle = made.create({ id: 3 });
    assert.throws(() => Records.attach(heap, heap.roots.get("visits"), Connection), {
      code: "ERR_INCOMPATIBLE_HEAP",
    });
    heap.roots.set("visits", made.handle);
    assert.equal(Records.attach(heap, heap.roots.get("visits"), Connection).at(handle).id, 3);
    assert.deepEqual(heap.check(), []);
  });

  it("die with their worker until they are published, and with whoever adopts them", () => {
    for (const isPool of [false, true]) {
      const heap = isPool ? new MemoryPool({ capacity }) : new SlabAllocator({ capacity });
      const dead = isPool ? attachPoolTo(heapOf(heap)) : attachTo(heapOf(heap));
      const here = new Records(heap, Vec);
      const there = Records.attach(dead, here.handle, Vec);
      const [own, published, adopted] = there.createMany(3) as [number, number, number];
      there.publish(published);
      here.adopt(adopted);
      const mine = here.create({ x: 1 });
      heap.reap(dead.workerId, { live: true });
      expectCode("ERR_STALE_HANDLE", () => here.at(own));
      for (const handle of [published, adopted, mine]) assert.equal(here.at(handle).y, 0);
      assert.equal(here.size, 3);
      assert.deepEqual(heap.check(), []);
      for (const handle of [published, adopted, mine]) here.free(handle);
    }
  });

  it("survive a reap that keeps objects", () => {
    const heap = new SlabAllocator({ capacity });
    const dead = attachTo(heapOf(heap));
    const here = new Records(heap, Vec);
    const handle = Records.attach(dead, here.handle, Vec).create({ x: 2 });
    heap.reap(dead.workerId);
    assert.equal(here.at(handle).x, 2);
    here.free(handle);
    assert.deepEqual(heap.check(), []);
  });
});

describe("records", () => {
  it("that a scope owns end with it", () => {
    const points = new Records(new SlabAllocator({ capacity }), Vec);
    const owned = points.own(points.create());
    assert.equal(points.has(owned.handle), true);
    owned[Symbol.dispose]();
    assert.equal(points.has(owned.handle), false);
    expectCode("ERR_STALE_HANDLE", () => points.own(owned.handle));
  });

  it("are gone with a reset of their pool, and no handle of before is good again", () => {
    const pool = new MemoryPool({ capacity });
    const points = new Records(pool, Vec);
    const before = points.createMany(100);
    for (let i = 0; i < 1000; i++) points.free(points.create());
    pool.reset();
    expectCode("ERR_STALE_HANDLE", () => points.at(before[0] as number));
    expectCode("ERR_DETACHED", () => points.create());
    const after = new Records(pool, Vec);
    const handles = after.createMany(2000);
    for (const handle of before) expectCode("ERR_STALE_HANDLE", () => after.at(handle));
    assert.equal(new Set(handles).size, 2000);
    assert.deepEqual(pool.check(), []);
  });

  it("are stale when their chunk serves shorter objects, and then longer ones again", () => {
    const heap = new SlabAllocator({ capacity: 2 ** 20, cleanupInterval: 0 });
    const sizes = [512, 32, 2048, 64];
    const all = sizes.map((size) => new Records(heap, struct({ fill: bytes(size) })));
    const old: number[] = [];
    for (let round = 0; round < 3; round++) {
      for (const records of all) {
        const handles = records.createMany(40);
        for (const each of all)
          for (const handle of old) expectCode("ERR_STALE_HANDLE", () => each.at(handle));
        assert.deepEqual(heap.check(), []);
        for (const handle of handles) records.free(handle);
        old.push(...handles.slice(0, 10));
        heap.cleanup({ all: true });
      }
    }
    assert.equal(new Set(old).size, old.length);
  });

  it("end when memory does, whole, and none of many is left", () => {
    const heap = new SlabAllocator({ capacity: 2 ** 20 });
    const points = new Records(heap, struct({ fill: bytes(1000) }));
    expectCode("ERR_OUT_OF_MEMORY", () => points.createMany(2000));
    assert.equal(points.size, 0);
    const held: number[] = [];
    expectCode("ERR_OUT_OF_MEMORY", () => {
      for (;;) held.push(points.create());
    });
    assert.equal(points.size, held.length);
    assert.deepEqual(heap.check(), []);
    for (const handle of held) points.free(handle);
    assert.deepEqual(heap.check(), []);
  });

  it("read on after the memory has grown and left the views empty", () => {
    const memory = new (
      globalThis as unknown as {
        WebAssembly: { Memory: new (d: object) => { buffer: ArrayBuffer; grow(pages: number): number } };
      }
    ).WebAssembly.Memory({ initial: capacity / 65_536 });
    const heap = new SlabAllocator({ memory });
    const points = new Records(heap, Vec);
    const handle = points.create({ x: 5 });
    memory.grow(1);
    assert.equal(points.at(handle).x, 5);
    assert.equal([...points].length, 1);
    points.free(handle);
    assert.deepEqual(heap.check(), []);
  });

  it("below stay where their heap's objects are too short for generations", () => {
    const tiny = new SlabAllocator({ capacity: 2 ** 20, sizeClasses: [64, 128] });
    expectCode("ERR_INVALID_SIZE", () => new Records(tiny, Vec));
    const medium = new SlabAllocator({ capacity: 2 ** 20, sizeClasses: [64, 512] });
    const points = new Records(medium, Vec);
    assert.equal(points.at(points.create({ y: 1 })).y, 1);
    expectCode("ERR_INVALID_SIZE", () => new Records(medium, struct({ fill: bytes(513) })));
    assert.deepEqual(medium.check(), []);
  });

  it("count u64 and i32 atomics", () => {
    const records = new Records(
      new SlabAllocator({ capacity }),
      struct({ a: atomic(u64), b: atomic(i32.wrap) }),
    );
    const at = records.at(records.create({ a: 2n ** 64n - 1n, b: -1 }));
    assert.equal(at.a.add(2n), 2n ** 64n - 1n);
    assert.deepEqual([at.a.load(), at.b.add(2), at.b.load()], [1n, -1, 1]);
  });
});

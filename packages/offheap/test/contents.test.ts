// readText, writeText, copyIn and copyOut of both allocators: bounds against the object that they begin in, from any
// address in it, wherever the heap lies; what they refuse; and that nothing but what they are to write is written.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runInNewContext } from "node:vm";
import { type ErrorCode, type HeapOptions, MemoryPool, SlabAllocator } from "offheap";
import { expectCode, heapOf } from "./support/heaps.ts";
import { Random } from "./support/random.ts";
import { fillUp } from "./support/residue.ts";
import { wasmMemory } from "./support/wasm.ts";

const MiB = 2 ** 20;
const makers: Record<string, (options: HeapOptions) => SlabAllocator> = {
  "a slab allocator": (options) => new SlabAllocator(options),
  "a pool": (options) => new MemoryPool(options) as unknown as SlabAllocator,
};
const places: Record<string, () => HeapOptions> = {
  "shared memory": () => ({ capacity: 6 * MiB, maxWorkers: 2 }),
  "local memory": () => ({ capacity: 6 * MiB, maxWorkers: 2, memory: "local" }),
  "a memory's last 6 MiB, at 2^32": () => ({
    memory: wasmMemory(65_536, 65_536, true),
    offset: 2 ** 32 - 6 * MiB,
    maxWorkers: 2,
  }),
  "the middle of a memory, across 2^31": () => ({
    memory: wasmMemory(65_536, 65_536, true),
    offset: 2 ** 31 - 2 * MiB,
    capacity: 6 * MiB,
    maxWorkers: 2,
  }),
};

function bytesOf(length: number, seed: number): Uint8Array {
  const random = new Random(seed);
  return Uint8Array.from({ length }, () => random.below(256));
}

/** All that a heap has in its memory. */
function snapshot(heap: SlabAllocator): Buffer {
  const { offset, layout } = heapOf(heap);
  return Buffer.from(heap.u8.slice(offset, offset + layout.capacityBytes));
}

/** A call that must fail with this code and leave every byte of the heap as it was. */
function unharmed(heap: SlabAllocator, code: ErrorCode, call: () => unknown): void {
  const before = snapshot(heap);
  expectCode(code, call);
  assert.ok(before.equals(snapshot(heap)), `${code} was thrown after something had been written`);
}

/** Runs a call that may change the bytes from `from` to `end`, and none else. */
function changing<T>(heap: SlabAllocator, from: number, end: number, call: () => T): T {
  const { offset } = heapOf(heap);
  const before = snapshot(heap);
  const result = call();
  const after = snapshot(heap);
  before.copy(after, from - offset, from - offset, end - offset);
  assert.ok(before.equals(after), `a byte outside of ${from} to ${end} was written`);
  return result;
}

for (const [name, make] of Object.entries(makers)) {
  for (const [place, options] of Object.entries(places)) {
    describe(`${name} in ${place}`, () => {
      const heap = make(options());
      const isPool = heap instanceof MemoryPool;
      const sizes = isPool ? [8, 100, 8192, 9000, 20_000, 448 * 1024, 600_000] : [8, 100, 1000, 8192];
      // What lies around each object is live, too.
      const objects = sizes.flatMap((size) => [1, 2, 3].map(() => heap.allocate(size)).slice(1, 2));

      it("every object takes as many bytes as it has, from each place in it, and not one more", () => {
        for (const address of objects) {
          const bytes = heap.sizeOf(address);
          const inside = [0, 1, 3, 7, 8, bytes >> 1, bytes - 8, bytes - 1].filter(
            (at) => at >= 0 && at < bytes,
          );
          for (const at of new Set(inside)) {
            const from = address + at;
            const rest = bytes - at;
            const given = bytesOf(rest, from);
            changing(heap, from, from + rest, () => heap.copyIn(from, given));
            assert.deepEqual(heap.copyOut(from, rest), given);
            assert.equal(
              changing(heap, from, from + rest, () => heap.writeText(from, "x".repeat(rest + 5))),
              rest,
            );
            assert.equal(heap.readText(from, rest), "x".repeat(rest));
            unharmed(heap, "ERR_INVALID_SIZE", () => heap.copyIn(from, bytesOf(rest + 1, 1)));
            for (const call of [
              () => heap.copyOut(from, rest + 1),
              () => heap.readText(from, rest + 1),
              () => heap.writeText(from, "text", rest + 1),
            ])
              expectCode("ERR_INVALID_SIZE", call);
          }
        }
      });

      it("nothing is nothing, but only in an object", () => {
        const [address] = objects as [number];
        const before = snapshot(heap);
        assert.equal(heap.readText(address, 0), "");
        assert.equal(heap.writeText(address, "text that is long enough for the host", 0), 0);
        assert.equal(heap.writeText(address, ""), 0);
        heap.copyIn(address, new Uint8Array(0));
        assert.equal(heap.copyOut(address, 0).length, 0);
        assert.ok(before.equals(snapshot(heap)));
        expectCode("ERR_INVALID_ADDRESS", () => heap.readText(heapOf(heap).offset, 0));
      });

      it("a code point that does not fit whole is left out, and what is behind it stays", () => {
        const address = objects[1] as number;
        const text = "0123456789é漢😀\ud800 end";
        const ends = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 19, 22, 23, 24, 25, 26];
        for (let limit = 0; limit <= 30; limit++) {
          heap.u8.fill(0xee, address, address + 40);
          const right = Math.max(0, ...ends.filter((end) => end <= limit));
          assert.equal(
            changing(heap, address, address + right, () => heap.writeText(address, text, limit)),
            right,
          );
          assert.ok(heap.u8.subarray(address + right, address + 40).every((byte) => byte === 0xee));
          const whole = "0123456789é漢😀\ufffd end";
          assert.ok(whole.startsWith(heap.readText(address, right)));
        }
      });

      it("bytes of the heap itself may overlap, also by another view of the memory", () => {
        const address = objects.at(-1) as number;
        const most = Math.min(heap.sizeOf(address), 20_000);
        const views = [heap.u8];
        if (place !== "local memory") views.push(new Uint8Array(structuredClone(heap.u8.buffer)));
        for (const view of views)
          for (const [from, to] of [
            [0, 3],
            [3, 0],
            [0, 1000],
            [1001, 0],
            [0, 0],
          ] as const) {
            const length = most - 1001;
            const given = bytesOf(most, from * 7 + to);
            heap.copyIn(address, given);
            heap.copyIn(address + to, view.subarray(address + from, address + from + length));
            given.copyWithin(to, from, from + length);
            assert.deepEqual(heap.copyOut(address, most), given);
          }
      });

      it("is whole in the end", () => {
        assert.deepEqual(heap.check(), []);
        heap.destroy();
      });
    });
  }
}

describe("where objects begin and end", () => {
  /** What is left of the object at an address, by a plain list of all. */
  function left(live: ReadonlyMap<number, number>, address: number): number {
    for (const [start, bytes] of live)
      if (address >= start && address < start + bytes) return start + bytes - address;
    return 0;
  }

  const shapes: Record<string, () => SlabAllocator> = {
    slabs: () => new SlabAllocator({ capacity: 2 * MiB, maxWorkers: 2, sizeClasses: [24, 1000, 9008] }),
    "a pool": () => new MemoryPool({ capacity: 3 * MiB, maxWorkers: 2 }) as unknown as SlabAllocator,
    "a pool of few pages": () =>
      new MemoryPool(
        { capacity: 3 * MiB, maxWorkers: 2 },
        { tiny: { slotsPerSlab: 40, slabChunks: 3 } },
      ) as unknown as SlabAllocator,
  };
  for (const [name, make] of Object.entries(shapes))
    it(`${name}: every address of the data is in the object that a list says, or in none`, () => {
      const random = new Random(7);
      const heap = make();
      const { dataAt, layout } = heapOf(heap);
      const sizes = heap instanceof MemoryPool ? [16, 3000, 9000, 30_000, 100_000, 500_000] : [24, 900, 9000];
      const live = new Map<number, number>();
      for (let step = 0; step < 400; step++) {
        const [first] = live.keys();
        if (live.size > 60 || (first !== undefined && random.chance(40))) {
          const address = [...live.keys()][random.below(live.size)] as number;
          heap.deallocate(address);
          live.delete(address);
          continue;
        }
        try {
          const address = heap.allocate(random.pick(sizes));
          live.set(address, heap.sizeOf(address));
        } catch {
          for (const address of live.keys()) heap.deallocate(address);
          live.clear();
        }
      }
      const end = dataAt + layout.chunkCount * 65_536;
      const edges = [...live].flatMap(([start, bytes]) => [
        start - 1,
        start,
        start + 1,
        start + bytes - 1,
        start + bytes,
      ]);
      const all = Array.from(
        { length: (end - dataAt) / 512 },
        (_, i) => dataAt + i * 512 + random.below(512),
      );
      let found = 0;
      for (const address of [...edges, ...all].filter((each) => each >= dataAt && each < end)) {
        const rest = left(live, address);
        if (rest === 0) expectCode("ERR_INVALID_ADDRESS", () => heap.copyOut(address, 0));
        else {
          found++;
          assert.equal(heap.copyOut(address, rest).length, rest);
          expectCode("ERR_INVALID_SIZE", () => heap.copyOut(address, rest + 1));
        }
      }
      assert.ok(found > 100, `${found} addresses were in an object`);
      for (const address of live.keys()) heap.deallocate(address);
      assert.deepEqual(heap.check(), []);
    });

  it("the last object of all may end at 2^32", () => {
    const memory = wasmMemory(65_536, 65_536, true);
    const at = { memory, offset: 2 ** 32 - 2 * MiB, maxWorkers: 1 };
    const heap = new SlabAllocator({ ...at, sizeClasses: [65_536] });
    const last = Math.max(...fillUp(heap, 65_536));
    assert.equal(last + 65_536, 2 ** 32);
    assert.equal(heap.writeText(2 ** 32 - 10, "äöüßäöüß"), 10);
    assert.equal(heap.readText(2 ** 32 - 10, 10), "äöüßä");
    heap.copyIn(2 ** 32 - 1, Uint8Array.of(7));
    assert.deepEqual(heap.copyOut(2 ** 32 - 1, 1), Uint8Array.of(7));
    expectCode("ERR_INVALID_SIZE", () => heap.copyOut(2 ** 32 - 1, 2));
    expectCode("ERR_INVALID_ADDRESS", () => heap.copyOut(2 ** 32, 0));
    heap.destroy();
    const pool = new MemoryPool(at);
    const whole = pool.allocate(heapOf(pool as unknown as SlabAllocator).layout.chunkCount * 65_536);
    const text = "é".repeat(5000);
    assert.equal(pool.writeText(2 ** 32 - 9999, text), 9998);
    assert.equal(pool.readText(2 ** 32 - 9999, 9998), text.slice(1));
    const bytes = bytesOf(50_001, 3);
    pool.copyIn(2 ** 32 - 50_001, bytes);
    assert.deepEqual(pool.copyOut(2 ** 32 - 50_001, 50_001), bytes);
    pool.deallocate(whole);
    assert.deepEqual(pool.check(), []);
  });

  it("an object over 2 GiB takes a text anywhere", () => {
    const pool = new MemoryPool({ capacity: 2 ** 32, maxWorkers: 1 });
    const address = pool.allocate(2.5 * 2 ** 30);
    const far = address + 2.5 * 2 ** 30 - 30;
    assert.equal(pool.writeText(address, "a text of more than a few units, with 漢 in it"), 47);
    assert.equal(pool.writeText(far, "a text of more than a few units"), 30);
    assert.equal(pool.readText(far, 30), "a text of more than a few unit");
    expectCode("ERR_INVALID_SIZE", () => pool.readText(address, 2 ** 29 - 23));
    pool.destroy();
  });
});

describe("what they refuse", () => {
  const heap = new SlabAllocator({ capacity: 6 * MiB, maxWorkers: 3 });
  const address = heap.allocate(64);
  const freed = heap.allocate(64);
  heap.deallocate(freed);
  const bytes = new Uint8Array(8);

  function each(at: number): (() => unknown)[] {
    return [
      () => heap.readText(at, 1),
      () => heap.writeText(at, "x"),
      () => heap.copyIn(at, bytes),
      () => heap.copyOut(at, 1),
    ];
  }

  it("addresses where no live object is", () => {
    const { dataAt, layout, offset } = heapOf(heap);
    const end = dataAt + layout.chunkCount * 65_536;
    const wrong = [
      freed,
      freed + 9,
      offset,
      dataAt - 1,
      end,
      end - 1,
      -1,
      2 ** 32,
      address + 0.5,
      Number.NaN,
    ];
    for (const at of [...wrong, undefined, null, "8", 8n, {}] as number[])
      for (const call of each(at)) unharmed(heap, "ERR_INVALID_ADDRESS", call);
  });

  it("lengths that are none", () => {
    for (const length of [-1, 0.5, 65, 2 ** 32, Number.NaN, null, "8", 8n, {}] as number[]) {
      expectCode("ERR_INVALID_SIZE", () => heap.readText(address, length));
      expectCode("ERR_INVALID_SIZE", () => heap.copyOut(address, length));
      unharmed(heap, "ERR_INVALID_SIZE", () => heap.writeText(address, "x", length));
    }
    expectCode("ERR_INVALID_SIZE", () => heap.readText(address, undefined as unknown as number));
  });

  it("what is no text, and what are no bytes", () => {
    const gone = new Uint8Array(8);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    for (const text of [undefined, null, 5, {}, Object("x"), Symbol("x")] as string[])
      unharmed(heap, "ERR_INVALID_OPTION", () => heap.writeText(address, text));
    const none = [undefined, null, "abc", [1, 2], new ArrayBuffer(8), new DataView(new ArrayBuffer(8)), gone];
    for (const some of [...none, new Int8Array(8), new Uint8ClampedArray(8), new Proxy(bytes, {})])
      unharmed(heap, "ERR_INVALID_OPTION", () => heap.copyIn(address, some as Uint8Array));
  });

  it("no bytes of another realm, and no Buffer", () => {
    heap.copyIn(address, runInNewContext("Uint8Array.of(1, 2, 3)") as Uint8Array);
    assert.deepEqual(heap.copyOut(address, 3), Uint8Array.of(1, 2, 3));
    heap.copyIn(address + 1, Buffer.from("abc"));
    assert.equal(heap.readText(address + 1, 3), "abc");
    assert.equal(heap.readText(address + 2, 1), "b");
  });

  it("everything after detach and after destroy", () => {
    const other = SlabAllocator.attach(heap.handle);
    const calls = [
      () => other.readText(address, 1),
      () => other.writeText(address, "x"),
      () => other.copyIn(address, bytes),
      () => other.copyOut(address, 1),
    ];
    for (const call of calls) call();
    other.detach();
    for (const call of calls) unharmed(heap, "ERR_DETACHED", call);
    assert.deepEqual(heap.check(), []);
    heap.destroy();
    for (const call of each(address)) expectCode("ERR_DETACHED", call);
  });
});

describe("a copy", () => {
  it("has a buffer of its own, as long as it is, which is not shared", () => {
    const heap = new MemoryPool({ capacity: 6 * MiB, maxWorkers: 1 });
    const address = heap.allocate(100_000);
    for (const length of [0, 1, 63, 64, 65, 511, 512, 513, 8191, 8192, 8193, 90_001])
      for (let at = 0; at < 9; at++) {
        const given = bytesOf(length + 1, length).subarray(1);
        heap.copyIn(address + at, given);
        const copy = heap.copyOut(address + at, length);
        assert.deepEqual(copy, Uint8Array.from(given));
        assert.ok(copy.buffer instanceof ArrayBuffer);
        assert.deepEqual([copy.byteOffset, copy.buffer.byteLength], [0, length]);
      }
    assert.deepEqual(heap.check(), []);
  });

  it("still works when a memory that is not shared has grown", () => {
    const memory = wasmMemory(64, 70, false);
    const heap = new SlabAllocator({ memory, maxWorkers: 1 });
    const address = heap.allocate(64);
    heap.writeText(address, "before");
    memory.grow(3);
    assert.equal(heap.readText(address, 6), "before");
    memory.grow(3);
    heap.copyIn(address, Uint8Array.of(65));
    assert.equal(heap.readText(address, 6), "Aefore");
  });
});

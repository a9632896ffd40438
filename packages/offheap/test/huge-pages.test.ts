// Huge pages: asked for before anything is written, the data begins where one does, spans lie within one where
// they can; and the options that have to do with the OS.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HeapOptions, type Os, SlabAllocator } from "offheap";
import { isSlab, lengthOf } from "#src/arena/claim.js";
import { expectCode, heapOf } from "./support/heaps.ts";
import { pretendOs } from "./support/pretend-os.ts";
import { Random } from "./support/random.ts";
import { assertZeroResidue, fillUp } from "./support/residue.ts";

const mib = 2 ** 20;

describe("huge pages", () => {
  it("are asked for over all of the data, once", () => {
    const os = pretendOs();
    const { dataAt, layout } = heapOf(new SlabAllocator({ capacity: 64 * mib, os, hugePages: true }));
    assert.deepEqual(os.advised, [{ offset: dataAt, bytes: layout.chunkCount * 65_536 }]);
  });

  it("begin where the data begins, wherever the memory lies", () => {
    for (const base of [0x7000_0000_0000n, 0x7000_0001_0000n, 0x7000_001f_0000n, 0x7000_000c_0000n]) {
      for (const [capacity, offset] of [
        [64 * mib, 0],
        [65 * mib, 65_536],
        [200 * mib, 5 * 65_536],
      ] as const) {
        const os = pretendOs({ addressOf: () => base });
        const memory = new SharedArrayBuffer(capacity + offset);
        const allocator = new SlabAllocator({ memory, offset, capacity, os, hugePages: true });
        const { dataAt, layout } = heapOf(allocator);
        assert.equal((base + BigInt(dataAt)) % BigInt(2 * mib), 0n, `${base} + ${dataAt}`);
        const attached = SlabAllocator.attach(allocator.handle, { os });
        assert.equal(heapOf(attached).dataAt, dataAt);
        assert.ok(layout.bookBytes + layout.chunkCount * 65_536 <= capacity);
        assert.deepEqual(attached.check(), []);
      }
    }
  });

  it("are as near as chunks can come in a memory that lies a few bytes past a page", () => {
    const os = pretendOs({ addressOf: () => 0x7000_0000_0010n });
    const { dataAt } = heapOf(new SlabAllocator({ capacity: 64 * mib, os, hugePages: true }));
    assert.equal((16 + dataAt) % (2 * mib), 16);
  });

  it("cost a small heap no chunk", () => {
    const os = pretendOs({ addressOf: () => 0x7000_0001_0000n });
    const options = { capacity: 4 * mib, maxWorkers: 1 };
    const plain = heapOf(new SlabAllocator(options)).layout.chunkCount;
    assert.equal(heapOf(new SlabAllocator({ ...options, os, hugePages: true })).layout.chunkCount, plain);
  });

  it("of another size than 2 MiB cost no chunk, for no run of chunks is one", () => {
    const addressOf = () => 0x7000_0001_0000n;
    const options = { capacity: 64 * mib, hugePages: true };
    const usual = new SlabAllocator({ ...options, os: pretendOs({ addressOf }) });
    const large = new SlabAllocator({ ...options, os: pretendOs({ addressOf, hugePageBytes: 512 * mib }) });
    const plain = heapOf(new SlabAllocator({ capacity: 64 * mib })).layout.chunkCount;
    assert.equal(heapOf(large).layout.chunkCount, plain);
    assert.ok(heapOf(usual).layout.chunkCount < plain);
  });

  it("have spans that lie within one, while there is room for that", () => {
    const os = pretendOs();
    const allocator = new SlabAllocator({ capacity: 128 * mib, maxWorkers: 1, os, hugePages: true });
    const { layout, words } = heapOf(allocator);
    const random = new Random(7);
    const live: number[] = [];
    const bytes = layout.objectBytes;
    while (allocator.stats().spanBytes < 60 * mib) {
      for (let i = 0; i < 100; i++) live.push(allocator.allocate(random.pick(bytes)));
    }
    let spans = 0;
    for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
      const claim = words[layout.claimsAt + chunk] as number;
      if (!isSlab(claim)) continue;
      spans++;
      assert.equal(chunk >> 5, (chunk + lengthOf(claim) - 1) >> 5, `the span at ${chunk}`);
    }
    assert.ok(spans > 60);
    for (const address of live) allocator.deallocate(address);
    assertZeroResidue(allocator);
  });

  it("lose no chunk to the order of spans", () => {
    const os = pretendOs();
    const options = { capacity: 64 * mib, maxWorkers: 1, sizeClasses: [8, 65_536] };
    const plain = fillUp(new SlabAllocator(options), 65_536).length;
    const huge = fillUp(new SlabAllocator({ ...options, os, hugePages: true }), 65_536);
    assert.ok(huge.length >= plain - 32, `${huge.length} of ${plain}`);
  });

  it("are counted by stats(), and 0 where they were not asked for", () => {
    const os = pretendOs({ hugeBytes: () => 4 * mib });
    const allocator = new SlabAllocator({ capacity: 8 * mib, maxWorkers: 2, os, hugePages: true });
    assert.equal(allocator.stats().hugeBytes, 4 * mib);
    assert.equal(SlabAllocator.attach(allocator.handle).stats().hugeBytes, 0);
    assert.equal(new SlabAllocator({ capacity: mib, maxWorkers: 1, os }).stats().hugeBytes, 0);
    const shy = pretendOs({ hugeBytes: () => -1 });
    assert.equal(
      new SlabAllocator({ capacity: mib, maxWorkers: 1, os: shy, hugePages: true }).stats().hugeBytes,
      0,
    );
  });
});

describe("the options", () => {
  const memory = new SharedArrayBuffer(4 * mib);
  const expectUntouched = (code: "ERR_INVALID_OPTION" | "ERR_OS_UNAVAILABLE", options: object) => {
    const error = expectCode(code, () => new SlabAllocator({ memory, ...options } as HeapOptions));
    assert.ok(
      new Uint8Array(memory).every((byte) => byte === 0),
      "something was written",
    );
    return error.message;
  };

  it("want an os for huge pages, one that has them, and that grants them; nothing is written before", () => {
    assert.match(expectUntouched("ERR_OS_UNAVAILABLE", { hugePages: true }), /loadOs/);
    const none = pretendOs({ hugePages: { available: false, reason: "the moon is full" } });
    assert.match(expectUntouched("ERR_OS_UNAVAILABLE", { hugePages: true, os: none }), /moon/);
    const refuses = pretendOs({ adviseHuge: () => false });
    assert.match(expectUntouched("ERR_OS_UNAVAILABLE", { hugePages: true, os: refuses }), /refused/);
    new SlabAllocator({ capacity: mib, maxWorkers: 1, os: none, hugePages: false });
  });

  it("take nothing but true and false, and nothing but an os", () => {
    for (const hugePages of [1, 0, "true", null, {}, () => true])
      expectUntouched("ERR_INVALID_OPTION", { hugePages, os: pretendOs() });
    const whole = pretendOs();
    const parts = Object.keys(whole).filter((key) => !["given", "advised", "time"].includes(key));
    assert.ok(parts.length >= 10);
    const damaged = parts.map((part) => ({ ...whole, [part]: undefined }));
    const odd = [
      { ...whole, decommit: { available: "yes", reason: "" } },
      { ...whole, hugePageBytes: -1 },
    ];
    for (const os of [null, 1, "linux", () => whole, {}, [], ...damaged, ...odd]) {
      expectUntouched("ERR_INVALID_OPTION", { os });
      const heap = new SlabAllocator({ capacity: mib, maxWorkers: 2 });
      expectCode("ERR_INVALID_OPTION", () => SlabAllocator.attach(heap.handle, { os: os as Os }));
      assert.equal(heap.stats().workers.length, 1);
    }
    const heap = new SlabAllocator({ capacity: mib, maxWorkers: 2 });
    for (const options of [null, 1, "os"])
      expectCode("ERR_INVALID_OPTION", () => SlabAllocator.attach(heap.handle, options as unknown as object));
  });
});

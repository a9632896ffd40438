// The bare floor is an allocator: what it hands out is apart, of its class, and comes back.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SizeClasses } from "offheap";
import { Random } from "offheap-tools";
import { Bare, barePeer } from "#src/peers/bare.js";
import { StreamBuilder } from "#src/stream/builder.js";
import { buildReplace } from "#src/workloads/loops.js";

const CHUNK_BYTES = 65_536;
const slotBytes = (size: number): number => SizeClasses.fine.find((bytes) => bytes >= size) ?? 0;

describe("bare", () => {
  it("keeps live objects apart, whatever is freed in between", () => {
    const bare = new Bare(2 ** 24);
    const random = new Random(3);
    const bytes = new Uint8Array(bare.buffer);
    const live = new Map<number, { size: number; fill: number }>();
    for (let step = 0; step < 20_000; step++) {
      const size = 1 + random.below(step % 8 === 0 ? 8192 : 300);
      const address = bare.allocate(size);
      assert.ok(address >= CHUNK_BYTES && address % 8 === 0 && !live.has(address), `${address}`);
      bytes.fill(step & 255, address, address + size);
      live.set(address, { size, fill: step & 255 });
      if (live.size > 400) {
        const [[victim, { size: held, fill }]] = [...live].slice(random.below(live.size)).slice(0, 1);
        assert.ok(
          bytes.subarray(victim, victim + held).every((byte) => byte === fill),
          `${victim} was written over`,
        );
        live.delete(victim);
        bare.deallocate(victim);
      }
    }
  });

  it("gives a freed slot to the next request of its class, and no other", () => {
    const bare = new Bare(2 ** 20);
    const [a, b] = [bare.allocate(100), bare.allocate(100)];
    assert.equal(b - a, slotBytes(100));
    bare.deallocate(a);
    assert.notEqual(bare.allocate(slotBytes(100) + 1), a);
    assert.equal(bare.allocate(slotBytes(100)), a);
  });

  it("uses every whole slot of its chunks, then is full", () => {
    const chunks = 3; // the first is nobody's
    const bare = new Bare(chunks * CHUNK_BYTES);
    for (let i = 0; i < 2 * Math.floor(CHUNK_BYTES / slotBytes(7000)); i++) bare.allocate(7000);
    assert.throws(() => bare.allocate(7000), /full/);
  });

  it("refuses large objects and more than it has addresses for", () => {
    const large = new StreamBuilder();
    large.allocate(8193);
    assert.match(String(barePeer.refuses?.(large.finish(), "time")), /8192/);
    const small = buildReplace(10, "64", 10);
    assert.equal(barePeer.refuses?.(small, "time"), undefined);
    assert.throws(() => barePeer.open(small, { ballast: 2 ** 18 }), /2 GiB/);
  });
});

// disown: an object is nobody's from then on, whatever its kind, and no worker's death ends it, until it is adopted.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SlabAllocator } from "offheap";
import { expectCode, expectUnharmed, heapOf } from "./support/heaps.ts";
import { kitOf, type Variant, variants } from "./support/kits.ts";
import { assertZeroResidue } from "./support/residue.ts";

/** Bytes of an object of each kind: slots, a page run, a span of its own. */
function kindsOf({ isPool }: Variant): number[] {
  return isPool ? [64, 8192, 20_000, 600_000] : [64, 1024, 8192];
}

/** Whose an object is, as a state byte: 128 nobody's, 128 + w that worker's. */
function ownerOf(slab: SlabAllocator, address: number): number {
  const { core } = kitOf(slab);
  return core.ownerIn(core.ownerAt(address));
}

for (const variant of variants) {
  const { make, join } = variant;
  const kinds = kindsOf(variant);

  describe(`disown: ${variant.name}`, () => {
    it("makes an object nobody's, and adopt the caller's again", () => {
      const slab = make();
      const other = join(slab);
      for (const size of kinds) {
        const address = slab.allocate(size);
        assert.equal(ownerOf(slab, address), 129);
        for (let times = 0; times < 2; times++) {
          other.disown(address);
          assert.equal(ownerOf(slab, address), 128);
        }
        assert.ok(slab.sizeOf(address) >= size);
        assert.deepEqual(slab.check(), []);
        other.adopt(address);
        assert.equal(ownerOf(slab, address), 130);
        slab.disown(address);
        slab.deallocate(address);
      }
      other.detach();
      assertZeroResidue(slab);
    });

    it("spares an object at its worker's death, and only that", () => {
      const slab = make({ capacity: 4 << 20 });
      for (const size of kinds) {
        const dead = join(slab);
        const [kept, lost, back] = [dead.allocate(size), dead.allocate(size), dead.allocate(size)];
        dead.disown(kept);
        dead.disown(back);
        dead.adopt(back);
        assert.equal(slab.reap(dead.workerId, { live: true }).freedObjects, 2);
        assert.ok(slab.sizeOf(kept) >= size);
        assert.deepEqual([ownerOf(slab, lost), ownerOf(slab, back)], [0, 0]);
        assert.equal(slab.stats().liveObjects, 1);
        slab.deallocate(kept);
      }
      assertZeroResidue(slab);
    });

    it("refuses all that is no live object's address", () => {
      const slab = make();
      const heap = heapOf(slab);
      const [address, freed] = [slab.allocate(64), slab.allocate(64)];
      slab.deallocate(freed);
      const end = heap.dataAt + heap.layout.chunkCount * 65_536;
      expectUnharmed(heap, "ERR_DOUBLE_FREE", () => slab.disown(freed));
      const wrong = [address + 8, address + 1, 0, -1, 0.5, NaN, heap.dataAt - 8, end, 2 ** 32, 2 ** 53];
      for (const each of [...wrong, undefined, null, "64", {}] as number[])
        expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => slab.disown(each));
      if (variant.isPool) {
        const [run, span] = [slab.allocate(20_000), slab.allocate(600_000)];
        for (const each of [run + 2048, run + 8, span + 65_536, span + 8])
          expectUnharmed(heap, "ERR_INVALID_ADDRESS", () => slab.disown(each));
        for (const each of [run, span]) slab.deallocate(each);
      }
      slab.deallocate(address);
      slab.detach();
      expectCode("ERR_DETACHED", () => slab.disown(address));
    });
  });
}

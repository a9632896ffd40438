// A worker whose calls are cut short before any store, on a tiny heap in which its magazine is full.

import assert from "node:assert/strict";
import type { HeapOptions, MemoryPool, SlabAllocator } from "offheap";
import { claimClaimed, claimUnclaimed, classOf, lengthOf } from "#src/arena/claim.js";
import type { WorkerPlace } from "#src/base/brands.js";
import type { TinyGeometry } from "#src/format/options.js";
import { slotLive } from "#src/layout/slot-state.js";
import type { Heap } from "#src/memory/heap.js";
import { CountingAccess } from "./counting.ts";
import { attachPoolTo, attachTo, makeHeap, makePoolHeap } from "./heaps.ts";
import { assertZeroResidue } from "./residue.ts";

export const size = 64;
const tiny = { slotsPerSlab: 12, slabChunks: 1, roundLimit: 3 };

class Cut extends Error {}

/** An access whose calls may be cut short. */
export interface Cutter {
  readonly access: CountingAccess;
  /** Runs a call up to its store `n`; whether it came so far. */
  cut(n: number, call: () => void): boolean;
}

export function cutter(): Cutter {
  let left = Number.POSITIVE_INFINITY;
  const access = new CountingAccess(() => {
    if (--left < 0) throw new Cut();
  });
  return {
    access,
    cut(n, call) {
      left = n;
      try {
        call();
        return false;
      } catch (error) {
        if (!(error instanceof Cut)) throw error;
        return true;
      } finally {
        left = Number.POSITIVE_INFINITY;
      }
    },
  };
}

export interface CutPool {
  readonly heap: Heap;
  readonly pool: MemoryPool;
  readonly victim: MemoryPool;
  readonly access: CountingAccess;
  readonly cut: Cutter["cut"];
}

/** A pool with two workers, of whom the calls of one, the victim, may be cut short. */
export function cutPool(options: HeapOptions, tiny: TinyGeometry): CutPool {
  const heap = makePoolHeap(options, tiny);
  const { access, cut } = cutter();
  return { heap, pool: attachPoolTo(heap), victim: attachPoolTo(heap, access), access, cut };
}

export interface Fixture {
  readonly heap: Heap;
  readonly victim: SlabAllocator;
  readonly heir: SlabAllocator;
  /** Objects of the heir, in the first slab, by address. */
  readonly objects: number[];
  /** Runs a call of the victim up to its store `n`; whether it came so far. */
  cut(n: number, call: () => void): boolean;
  hold(): void;
  letGo(): void;
}

/** The victim's magazine is full, with three rounds of the first slab. */
export function fixture(): Fixture {
  const heap = makeHeap({ capacity: 2 << 20, maxWorkers: 4, sizeClasses: [size, 128] }, tiny);
  const { access, cut } = cutter();
  const heir = attachTo(heap);
  const victim = attachTo(heap, access);
  const holder = attachTo(heap)["slow"].place;
  const objects = Array.from({ length: 12 }, () => heir.allocate(size)).sort((a, b) => a - b);
  for (const address of objects.splice(0, 3)) victim.deallocate(address);
  const { words, layout } = heap;
  const claim = words[layout.claimsAt] as number;
  return {
    heap,
    victim,
    heir,
    objects,
    cut,
    hold: () => {
      words[layout.claimsAt] = claimClaimed(classOf(claim), lengthOf(claim), holder as WorkerPlace);
    },
    letGo: () => {
      words[layout.claimsAt] = claimUnclaimed(classOf(claim), lengthOf(claim));
    },
  };
}

/** Each store of a call in turn, on a heap of its own; returns how many there are. */
export function atEachStore(
  call: (made: Fixture) => void,
  verify: (made: Fixture, n: number) => void,
): number {
  for (let n = 0; ; n++) {
    const made = fixture();
    const isCut = made.cut(n, () => call(made));
    verify(made, n);
    if (!isCut) return n;
  }
}

export const counts = ({ heir }: Fixture): [number, number] => [heir.stats().allocs, heir.stats().deallocs];

/** With every object freed and every cache home. */
export function end({ victim, heir, heap }: Fixture, isDead: boolean): void {
  if (!isDead) victim.cleanup();
  const { chunkCount, stateShift } = heap.layout;
  for (let chunk = 0; chunk < chunkCount; chunk++) {
    for (let i = 0; i < tiny.slotsPerSlab; i++) {
      const isObject = (heap.states[(chunk << stateShift) + i] as number) >= slotLive;
      if (isObject) heir.deallocate(heap.dataAt + chunk * 65_536 + i * size);
    }
  }
  heir.cleanup();
  assert.deepEqual(heir.check(), []);
  assert.equal(heir.stats().liveObjects, 0);
  assertZeroResidue(heir);
}

export function slotOf(heap: Heap, address: number): number {
  return (address - heap.dataAt) / size;
}

export function isLive(heap: Heap, address: number): boolean {
  return (heap.states[slotOf(heap, address)] as number) >= slotLive;
}

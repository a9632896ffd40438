// allocate and deallocate, as far as they need no other worker: no atomic, no lock, no call.
//
//   allocate    top of the magazine; its byte is w; byte = 128 + w; allocs + 1
//   deallocate  map → slot; byte ≥ 128; room; push; byte = w; frees + 1
//
// The byte comes before the counter in both, which is what settle.ts rests on. No call stands between two
// stores, so no stack overflow can part them.
//
// Why closures over constants, and a table of numbers instead of objects: V8 folds what a closure holds for
// good (views, their lengths, offsets) into the code, and a load from an Int32Array needs no map check.
// free(allocate(64)): methods over fields and class objects 14.6 ns, this 11.6 ns (docs/measurements.md).

import { mapClassMask, mapDistanceShift } from "../arena/span-map.ts";
import type { Address, WorkerSlot } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import { chunkBytes, counter, maxSlotsPerSlab } from "../memory/layout.ts";
import { classByGranule, granuleShift, type SizeClass } from "./class-table.ts";
import { carryMask, mendCarries } from "./counters.ts";
import { liveBy, slotLive } from "./slot-state.ts";

// A constant of this module is folded into the code; an imported one is loaded and checked at every use:
// 22.7 → 14.6 ns for free(allocate(64)). `| 0` on sums of indexes drops the overflow checks.
const classMask = mapClassMask;
const distanceShift = mapDistanceShift;
const slotLimit = maxSlotsPerSlab;
const live = slotLive;
const crossing = carryMask;
const bytesOfChunk = chunkBytes;
const granules = granuleShift;
const allocsWord = counter.allocs;
const freesWord = counter.frees;
const baseWord = counter.base;

/** What a class is, as eight words of a table. */
const rowShift = 3;
const row = { inverse: 0, shift: 1, rounds: 2, objectBytes: 3, countersAt: 4, magazineAt: 5 } as const;
const inverseWord = row.inverse;
const shiftWord = row.shift;
const roundsWord = row.rounds;
const bytesWord = row.objectBytes;
const countersWord = row.countersAt;
const magazineWord = row.magazineAt;

export interface FastPath {
  readonly allocate: (size: number) => Address;
  readonly deallocate: (address: Address, size?: number) => void;
  /** Makes every later call, also of one that someone kept, end in its slow half. */
  readonly close: () => void;
}

/** The slow halves: same meaning, all cases. */
export interface SlowHalves {
  readonly allocateSlow: (size: number) => Address;
  readonly deallocateSlow: (address: Address, size: number | undefined) => void;
}

/** Rows of no class: every offset is that of slot 0, and there is never room for a round. */
function emptyRows(table: Int32Array): void {
  table.fill(0);
  for (let at = row.rounds; at < table.length; at += 1 << rowShift) table[at] = -(2 ** 31);
}

function tableOf(classes: readonly SizeClass[]): Int32Array {
  const table = new Int32Array(classes.length << rowShift);
  emptyRows(table);
  for (const sizeClass of classes) {
    if (sizeClass.index === 0) continue;
    const at = sizeClass.index << rowShift;
    table[at + row.inverse] = sizeClass.inverse;
    table[at + row.shift] = sizeClass.shift;
    table[at + row.rounds] = sizeClass.rounds;
    table[at + row.objectBytes] = sizeClass.objectBytes;
    table[at + row.countersAt] = sizeClass.countersAt;
    table[at + row.magazineAt] = sizeClass.magazineAt;
  }
  return table;
}

export function fastPath(
  heap: Heap,
  self: WorkerSlot,
  classes: readonly SizeClass[],
  slow: SlowHalves,
): FastPath {
  const { words, states, layout } = heap;
  const { mapAt, stateShift, chunkCount } = layout;
  const { allocateSlow, deallocateSlow } = slow;
  const dataAt = heap.dataAt;
  const firstChunk = dataAt / bytesOfChunk;
  const worker: number = self;
  const liveState = liveBy(self);
  const classOf = classByGranule(layout);
  const table = tableOf(classes);

  function allocate(size: number): Address {
    if (typeof size !== "number" || (size | 0) !== size || size <= 0) return allocateSlow(size);
    const index = classOf[(size + 7) >> granules];
    if (index === undefined) return allocateSlow(size);
    const entryAt = index << rowShift;
    const at = table[(entryAt + countersWord) | 0] as number;
    const allocs = words[(at + allocsWord) | 0] as number;
    const filled = (words[(at + baseWord) | 0] as number) + (words[(at + freesWord) | 0] as number);
    const rounds = (filled - allocs) | 0;
    if (rounds <= 0 || index === 0) return allocateSlow(size);
    const slot = words[((table[(entryAt + magazineWord) | 0] as number) + rounds - 1) | 0] as number;
    const chunk = slot >>> stateShift;
    const entry = words[(mapAt + chunk) | 0] as number;
    if (states[slot] !== worker || (entry & classMask) !== index) return allocateSlow(size);
    const next = (allocs + 1) | 0;
    states[slot] = liveState;
    words[(at + allocsWord) | 0] = next;
    if ((next & crossing) === 0) mendCarries(heap, classes[index] as SizeClass);
    const head = (chunk - (entry >>> distanceShift)) | 0;
    const offset = Math.imul(slot - (head << stateShift), table[(entryAt + bytesWord) | 0] as number);
    return dataAt + head * bytesOfChunk + offset;
  }

  function deallocate(address: Address, size?: number): void {
    if (typeof address !== "number" || address >>> 0 !== address) return deallocateSlow(address, size);
    const chunk = ((address >>> 16) - firstChunk) >>> 0;
    if (chunk >= chunkCount) return deallocateSlow(address, size);
    const entry = words[(mapAt + chunk) | 0] as number;
    const distance = entry >>> distanceShift;
    const entryAt = (entry & classMask) << rowShift;
    const offset = (distance << 16) | (address & 0xffff);
    const product = Math.imul(offset, table[(entryAt + inverseWord) | 0] as number);
    const shift = table[(entryAt + shiftWord) | 0] as number;
    const index = ((product >>> shift) | (product << (32 - shift))) >>> 0;
    if (index >= slotLimit) return deallocateSlow(address, size);
    const slot = (((chunk - distance) << stateShift) + index) | 0;
    // Written so that an empty view, whose bytes are undefined, goes the slow way, too.
    if (!((states[slot] as number) >= live)) return deallocateSlow(address, size);
    if (size !== undefined) {
      const isInteger = typeof size === "number" && size >>> 0 === size;
      if (!isInteger || classOf[(size + 7) >>> granules] !== (entry & classMask))
        return deallocateSlow(address, size);
    }
    const at = table[(entryAt + countersWord) | 0] as number;
    const frees = words[(at + freesWord) | 0] as number;
    const filled = (words[(at + baseWord) | 0] as number) + frees;
    const rounds = (filled - (words[(at + allocsWord) | 0] as number)) | 0;
    if (rounds >= (table[(entryAt + roundsWord) | 0] as number)) return deallocateSlow(address, size);
    const next = (frees + 1) | 0;
    words[((table[(entryAt + magazineWord) | 0] as number) + rounds) | 0] = slot;
    states[slot] = worker;
    words[(at + freesWord) | 0] = next;
    if ((next & crossing) === 0) mendCarries(heap, classes[entry & classMask] as SizeClass);
  }

  function close(): void {
    classOf.fill(0);
    emptyRows(table);
  }

  return { allocate, deallocate, close };
}

// From an address to its slot, with every reason why it may be none: the careful twin of the few lines in
// deallocate, for the calls that are rare and for those that are wrong.

import { classOf, isSlab, lengthOf } from "../arena/claim.ts";
import { mapClassMask, mapDistanceShift } from "../arena/span-map.ts";
import type { SlotIndex } from "../base/brands.ts";
import { AllocatorError, show } from "../base/errors.ts";
import type { Heap } from "../memory/heap.ts";
import { chunkBytes, slotCountOf } from "../memory/layout.ts";
import type { SizeClass } from "./class-table.ts";
import { slotLive } from "./slot-state.ts";

export interface Located {
  readonly sizeClass: SizeClass;
  readonly slot: SlotIndex;
  /** The state byte as it was read: a live one. */
  readonly state: number;
}

function invalid(address: unknown, why: string): AllocatorError {
  return new AllocatorError("ERR_INVALID_ADDRESS", `address ${show(address)} ${why}`);
}

/**
 * The slot of a live object.
 * @throws ERR_INVALID_ADDRESS for what is no start of a slot; ERR_DOUBLE_FREE when the slot is not live
 */
export function locate(heap: Heap, classes: readonly SizeClass[], address: unknown): Located {
  const { layout, words, states, dataAt } = heap;
  if (typeof address !== "number" || !Number.isInteger(address)) throw invalid(address, "is no integer");
  const end = dataAt + layout.chunkCount * chunkBytes;
  if (address < dataAt || address >= end)
    throw invalid(address, `is outside the heap's data, ${dataAt} to ${end}`);
  const chunk = (address >>> 16) - (dataAt >>> 16);
  const entry = words[layout.mapAt + chunk] as number;
  const distance = entry >>> mapDistanceShift;
  const head = chunk - distance;
  // A plain load: who calls with a live object's address had it by a hand-over that is ordered after the claim.
  const claim = head >= 0 ? (words[layout.claimsAt + head] as number) : 0;
  const sizeClass = classes[entry & mapClassMask];
  if (
    sizeClass === undefined ||
    sizeClass.index === 0 ||
    !isSlab(claim) ||
    classOf(claim) !== sizeClass.index
  ) {
    throw invalid(address, "lies in no slab");
  }
  const offset = (distance << 16) | (address & 0xffff);
  const index = divide(offset, sizeClass);
  if (index * sizeClass.objectBytes !== offset) {
    throw invalid(
      address,
      `is ${offset % sizeClass.objectBytes} bytes into a slot of ${sizeClass.objectBytes}`,
    );
  }
  if (index >= slotCountOf(layout, sizeClass.index, lengthOf(claim))) {
    throw invalid(address, "lies behind the last slot of its slab");
  }
  const slot = (head << layout.stateShift) + index;
  const state = states[slot] as number;
  if (state < slotLive) {
    const found = state === 0 ? "free" : `cached by worker ${state}`;
    throw new AllocatorError("ERR_DOUBLE_FREE", `the slot at ${address} is not live: it is ${found}`);
  }
  return { sizeClass, slot: slot as SlotIndex, state };
}

/** The slot that a byte offset in a slab begins; beyond every slot if it is within one (class-table.ts). */
function divide(offset: number, { inverse, shift }: SizeClass): number {
  const product = Math.imul(offset, inverse);
  return ((product >>> shift) | (product << (32 - shift))) >>> 0;
}

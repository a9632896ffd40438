// From an address to its slot, with every reason why it may be none: the careful twin of the few lines in
// deallocate, for the calls that are rare and for those that are wrong.

import { classOf, isSlab, lengthOf, mapClassMask, mapDistanceShift } from "../arena/index.ts";
import { AllocatorError, type SlotIndex, show } from "../base/index.ts";
import { chunkBytes, chunkShift, type SizeClass, slotCountOf, slotLive } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";

export interface Located {
  readonly sizeClass: SizeClass;
  readonly slot: SlotIndex;
  /** The state byte as it was read: a live one. */
  readonly state: number;
}

export function invalidAddress(address: unknown, why: string): AllocatorError {
  return new AllocatorError("ERR_INVALID_ADDRESS", `address ${show(address)} ${why}`);
}

/** Above 2 GiB an address that went through an Int32Array, or a WebAssembly function, is negative. */
function outside(address: number, dataAt: number, end: number): AllocatorError {
  const unsigned = address >>> 0;
  const isSigned = address < 0 && address === (unsigned | 0) && unsigned >= dataAt && unsigned < end;
  const meant = `${unsigned}, as a signed 32-bit number (of an Int32Array, or a WebAssembly function)`;
  const why = isSigned ? `is ${meant}: use address >>> 0` : `is outside the heap's data, ${dataAt} to ${end}`;
  return invalidAddress(address, why);
}

/** The class of the slab that an address lies in. @throws ERR_INVALID_ADDRESS */
function classAt(heap: Heap, classes: readonly SizeClass[], address: unknown): SizeClass {
  const { layout, words, dataAt } = heap;
  if (typeof address !== "number" || !Number.isInteger(address))
    throw invalidAddress(address, "is no integer");
  const end = dataAt + layout.chunkCount * chunkBytes;
  if (address < dataAt || address >= end) throw outside(address, dataAt, end);
  const head = headAt(heap, address);
  const claim = head >= 0 ? (words[layout.claimsAt + head] as number) : 0;
  const sizeClass = classes[(words[layout.mapAt + chunkAt(heap, address)] as number) & mapClassMask];
  if (
    sizeClass === undefined ||
    sizeClass.index === 0 ||
    !isSlab(claim) ||
    classOf(claim) !== sizeClass.index
  ) {
    throw invalidAddress(address, "lies in no slab");
  }
  return sizeClass;
}

function chunkAt({ dataAt }: Heap, address: number): number {
  return (address >>> chunkShift) - (dataAt >>> chunkShift);
}

/** The first chunk of the span that an address lies in. */
function headAt(heap: Heap, address: number): number {
  const chunk = chunkAt(heap, address);
  return chunk - ((heap.words[heap.layout.mapAt + chunk] as number) >>> mapDistanceShift);
}

/** Slots of a slab. A plain load: who has a live object's address had it by a hand-over that is ordered after the claim. */
function slotsAt({ layout, words }: Heap, head: number, { index }: SizeClass): number {
  return slotCountOf(layout, index, lengthOf(words[layout.claimsAt + head] as number));
}

/**
 * The slot of a live object.
 * @throws ERR_INVALID_ADDRESS for what is no start of a slot; ERR_DOUBLE_FREE when the slot is not live
 */
export function locate(heap: Heap, classes: readonly SizeClass[], address: number): Located {
  const { layout, states, dataAt } = heap;
  const sizeClass = classAt(heap, classes, address);
  const head = headAt(heap, address);
  const offset = address - dataAt - head * chunkBytes;
  const index = divide(offset, sizeClass);
  if (index * sizeClass.objectBytes !== offset) {
    throw invalidAddress(
      address,
      `is ${offset % sizeClass.objectBytes} bytes into a slot of ${sizeClass.objectBytes}`,
    );
  }
  if (index >= slotsAt(heap, head, sizeClass)) {
    throw invalidAddress(address, "lies behind the last slot of its slab");
  }
  const slot = (head << layout.stateShift) + index;
  const state = states[slot] as number;
  if (state < slotLive) {
    throw new AllocatorError("ERR_DOUBLE_FREE", `the slot at ${address} is not live: ${whatIs(state)}`);
  }
  return { sizeClass, slot: slot as SlotIndex, state };
}

/** Bytes from an address in a live object to the object's end. @throws ERR_INVALID_ADDRESS */
export function bytesToEnd(heap: Heap, classes: readonly SizeClass[], address: number): number {
  const { layout, states, dataAt } = heap;
  const sizeClass = classAt(heap, classes, address);
  const head = headAt(heap, address);
  const offset = address - dataAt - head * chunkBytes;
  const index = (offset / sizeClass.objectBytes) | 0;
  if (index >= slotsAt(heap, head, sizeClass))
    throw invalidAddress(address, "lies behind the last slot of its slab");
  const state = states[(head << layout.stateShift) + index] as number;
  if (state < slotLive) throw invalidAddress(address, `lies in no live object: ${whatIs(state)}`);
  return (index + 1) * sizeClass.objectBytes - offset;
}

function whatIs(state: number): string {
  return state === 0 ? "it is free" : `it is cached by worker ${state}`;
}

/** The slot that a byte offset in a slab begins; beyond every slot if it is within one (layout/class-table.ts). */
function divide(offset: number, { inverse, shift }: SizeClass): number {
  const product = Math.imul(offset, inverse);
  return ((product >>> shift) | (product << (32 - shift))) >>> 0;
}

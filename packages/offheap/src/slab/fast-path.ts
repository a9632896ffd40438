// allocate and deallocate, as far as they need no other worker: no atomic, no lock, no call.
//
//   allocate    top of the magazine; its byte is w; byte = 128 + w; gauge: one allocation more, one round less
//   deallocate  map → slot; byte ≥ 128; room; push; byte = w; gauge: one round more
//
// The byte comes before the gauge in both, which is what settle.ts rests on. From the first store on there is no
// call, not even of Math.imul: in V8's interpreter each is a place where the stack can overflow, and an object
// would be live whose address nobody got (found by the storm).
//
// What V8 makes of them, ns an operation of free(allocate(64)) (docs/measurements.md):
//   11.0 → 8.6  the gauge: one word for rounds and allocations, where there were three; rounds with their address
//    8.6 → 6.6  closures over constants: V8 folds the heap's views and numbers into the code of a call whose target
//               it knows, which it does where one heap is used; where one call meets two heaps 8.7 → 11.5
//   12.5 → 10.0 (one call, several heaps) the constants are parameters: a `const` of an outer function is tested for
//               being initialized at each use, and a parameter is not
//    6.6 → 4.8  (Node 20) slow halves too large to be inlined beside the calls: their caller has room to be inlined
//               itself, and all is constant. For the same reason `| 0` stands only where a sum may overflow

import { mapClassMask, mapDistanceShift } from "../arena/span-map.ts";
import type { Address, WorkerSlot } from "../base/brands.ts";
import type { Heap } from "../memory/heap.ts";
import {
  chunkBytes,
  gauge,
  gaugesAt,
  magazineTopAt,
  maxClassCount,
  maxSlotsPerSlab,
} from "../memory/layout.ts";
import { classByGranule, granuleShift, type SizeClass } from "./class-table.ts";
import { liveBy, slotLive } from "./slot-state.ts";

// One table of numbers: the largest request and the chunks of the heap, both 0 once it is closed; inverse and shift
// of each class; the class of each request in granules.
const requestsAt = 2 + 2 * (maxClassCount + 1);

/** Where a call ends up that the fast path does not serve. */
export interface SlowHalves<Options> {
  allocateSlow(size: number, options: Options | undefined): Address;
  deallocateSlow(address: Address, size: number | undefined): void;
}

export type Allocate<Options> = (size: number, options?: Options) => Address;
export type Deallocate = (address: Address, size?: number) => void;

/** Closed: until it is opened every call ends in its slow half. */
export function tableOf(heap: Heap, classes: readonly SizeClass[]): Int32Array {
  const classOf = classByGranule(heap.layout);
  const table = new Int32Array(requestsAt + classOf.length);
  table.set(classOf, requestsAt);
  // The row of no class stays zero: every offset in it is that of slot 0, and its magazine has no room.
  for (const { index, inverse, shift } of classes) {
    if (index !== 0) table.set([inverse, shift], 2 + 2 * index);
  }
  return table;
}

/** Lets allocations be served. */
export function openAllocations(table: Int32Array): void {
  table[0] = (table.length - 1 - requestsAt) << granuleShift;
}

/** Lets frees be served. */
export function openFrees(table: Int32Array, heap: Heap): void {
  table[1] = heap.layout.chunkCount;
}

/** From now on every call ends in its slow half. */
export function closeTable(table: Int32Array): void {
  table.fill(0, 0, 2);
}

/** Index of the class that a request rounds to; 0 for what is no valid size. */
export function indexFor(table: Int32Array, size: unknown): number {
  if (typeof size !== "number" || !Number.isInteger(size) || size <= 0) return 0;
  return table[requestsAt + Math.ceil(size / 8)] ?? 0;
}

export function allocateOver<Options>(
  heap: Heap,
  worker: WorkerSlot,
  table: Int32Array,
  slow: SlowHalves<Options>,
): Allocate<Options> {
  const { words, roundStates, layout } = heap;
  return allocateWith(
    words,
    roundStates,
    table,
    requestsAt,
    gaugesAt(layout, worker),
    magazineTopAt(layout, worker, 0),
    layout.magazineWords,
    gauge.room,
    gauge.oneAlloc + 1,
    layout.mapAt - ((heap.dataAt / chunkBytes) | 0),
    mapClassMask,
    worker,
    liveBy(worker),
    slow,
  );
}

/**
 * @param oneMore of the gauge: one allocation more, one round less
 * @param mapAt where the map's entry would be for the memory's first chunk
 */
function allocateWith<Options>(
  words: Int32Array,
  states: Uint8Array,
  table: Int32Array,
  from: number,
  gaugeOfNone: number,
  topOfNone: number,
  magazineWords: number,
  room: number,
  oneMore: number,
  mapAt: number,
  classMask: number,
  worker: number,
  live: number,
  slow: SlowHalves<Options>,
): Allocate<Options> {
  return function allocate(size, options) {
    // A request of 0 bytes is of class 0, whose magazine is always empty.
    if (
      options === undefined &&
      typeof size === "number" &&
      size >>> 0 === size &&
      size <= (table[0] as number)
    ) {
      const index = table[(from + ((size + 7) >>> 3)) | 0] as number;
      const gaugeAt = (gaugeOfNone + index) | 0;
      const filled = words[gaugeAt] as number;
      const roundAt = (topOfNone + index * magazineWords - ((filled & room) << 1)) | 0;
      const address = (words[roundAt] as number) >>> 0;
      const state = words[(roundAt + 1) | 0] as number;
      // An empty magazine's top is no round: its state is that of no slot, and 0.
      if (
        states[state] === worker &&
        ((words[(mapAt + (address >>> 16)) | 0] as number) & classMask) === index
      ) {
        states[state] = live;
        words[gaugeAt] = (filled + oneMore) | 0;
        return address as Address;
      }
    }
    return (slow.allocateSlow(size, options) >>> 0) as Address;
  };
}

export function deallocateOver<Options>(
  heap: Heap,
  worker: WorkerSlot,
  table: Int32Array,
  slow: SlowHalves<Options>,
): Deallocate {
  const { words, roundStates, layout } = heap;
  const { room } = gauge;
  return deallocateWith(
    words,
    roundStates,
    table,
    (heap.dataAt / chunkBytes) | 0,
    layout.mapAt,
    mapClassMask,
    mapDistanceShift,
    layout.stateShift,
    maxSlotsPerSlab,
    slotLive,
    gaugesAt(layout, worker),
    room,
    (1 << 31) | (room - 1),
    magazineTopAt(layout, worker, 0) + 2,
    layout.magazineWords,
    worker,
    slow,
  );
}

/**
 * @param firstChunk chunks of the memory before the heap's first data chunk
 * @param roomAndSign with these bits above 1: there is room, and the allocations have not run over into the sign
 */
function deallocateWith<Options>(
  words: Int32Array,
  states: Uint8Array,
  table: Int32Array,
  firstChunk: number,
  mapAt: number,
  classMask: number,
  distanceShift: number,
  stateShift: number,
  slotLimit: number,
  live: number,
  gaugeOfNone: number,
  room: number,
  roomAndSign: number,
  aboveOfNone: number,
  magazineWords: number,
  worker: number,
  slow: SlowHalves<Options>,
): Deallocate {
  return function deallocate(address, size) {
    if (typeof address === "number" && address >>> 0 === address) {
      const chunk = ((address >>> 16) - firstChunk) >>> 0;
      if (chunk < (table[1] as number)) {
        const entry = words[(mapAt + chunk) | 0] as number;
        const index = entry & classMask;
        const distance = entry >>> distanceShift;
        const rowAt = ((index << 1) + 2) | 0;
        const product = Math.imul((distance << 16) | (address & 0xffff), table[rowAt] as number);
        const shift = table[(rowAt + 1) | 0] as number;
        const position = ((product >>> shift) | (product << (32 - shift))) >>> 0;
        const state = (((chunk - distance) << stateShift) + position + 1) | 0;
        if (
          position < slotLimit &&
          (states[state] as number) >= live &&
          (size === undefined || indexFor(table, size) === index)
        ) {
          const gaugeAt = (gaugeOfNone + index) | 0;
          const filled = words[gaugeAt] as number;
          if ((filled & roomAndSign) > 1) {
            const roundAt = (aboveOfNone + index * magazineWords - ((filled & room) << 1)) | 0;
            words[roundAt] = address;
            words[(roundAt + 1) | 0] = state;
            states[state] = worker;
            words[gaugeAt] = (filled - 1) | 0;
            return;
          }
        }
      }
    }
    slow.deallocateSlow(address, size);
  };
}

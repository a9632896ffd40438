// allocate and deallocate, as far as they need no other worker: no atomic, no lock, no call.
//
//   allocate    class of the size; top of the magazine; its byte is w; byte = 128 + w; gauge: one allocation more, one round less
//   deallocate  map → slot; byte ≥ 128; space; push; byte = w; gauge: one round more
//
// The byte comes before the gauge in both, which is what slab/settle.ts rests on. From the first store on there is no
// call, not even of Math.imul: in V8's interpreter each is a place where the stack can overflow, and an object
// would be live whose address nobody got (found by the storm).
//
// What V8 makes of them, ns an operation of free(allocate(64)) (docs/measurements.md):
//   11.0 → 8.6  the gauge: one word for rounds and allocations, where there were three; rounds with their address
//    8.6 → 6.6  closures over constants: V8 folds the heap's views and numbers into the code of a call whose target
//               it knows, which it does where one heap is used
//    6.6 → 4.8  (Node 20) slow halves too large to be inlined beside the calls: their caller has room to be inlined
//               itself, and all is constant. For the same reason `| 0` stands only where a sum may overflow
//   10.0 → 8.0  (one call, several heaps) one object of constants, whose fields V8 knows the kinds of, where it tests
//               what each closure holds at each use; and of those that are the same for all heaps, the literals

import type { mapClassMask, mapDistanceShift, mapDivisorShift } from "../arena/index.ts";
import type { Address } from "../base/index.ts";
import type {
  chunkShift,
  gauge,
  granuleShift,
  inverseOfNone,
  mapWord,
  maxSlotsPerSlab,
  slotLive,
} from "../layout/index.ts";
import type { Lookup } from "./lookup.ts";

// A literal takes least bytecode, of which V8 inlines only so much; its type says what it stands for, and is checked.
type ChunkShift = typeof chunkShift;
type GranuleShift = typeof granuleShift;
type TopIndex = typeof gauge.index;
type ToRounds = typeof gauge.toRounds;
type ToAbove = typeof gauge.toAbove;
type Inverses = typeof inverseOfNone;
type MapAt = typeof mapWord;
type Allocated = typeof gauge.allocated;
type ClassMask = typeof mapClassMask;
type DivisorShift = typeof mapDivisorShift;
type DistanceShift = typeof mapDistanceShift;
type SlotLimit = typeof maxSlotsPerSlab;
type Live = typeof slotLive;

/** Where a call ends up that the fast path does not serve. */
export interface SlowHalves<Options> {
  allocateSlow(size: number, options: Options | undefined): Address;
  deallocateSlow(address: Address, size: number | undefined): void;
}

export type Allocate<Options> = (size: number, options?: Options) => Address;
export type Deallocate = (address: Address, size?: number) => void;

export function allocateOver<Options>(at: Lookup, slow: SlowHalves<Options>): Allocate<Options> {
  return function allocate(size, options) {
    const { words, bytes } = at;
    // A request of 0 bytes is of class 0, whose magazine is always empty.
    if (options === undefined && typeof size === "number" && size >>> 0 === size && size <= at.mostBytes) {
      const index = bytes[(size + 7) >>> (3 satisfies GranuleShift)] as number;
      const gaugeAt = at.gaugeOfNone + index;
      const filled = words[gaugeAt] as number;
      const roundAt =
        (at.gaugeOfNone + (64 satisfies ToRounds) + ((filled & (0xffff satisfies TopIndex)) << 1)) | 0;
      const address = (words[roundAt] as number) >>> 0;
      const stateAt = words[roundAt + 1] as number;
      // An empty magazine's top is no round: its byte is the class of a request of 0 bytes, which is 0.
      const { worker } = at;
      if (
        bytes[stateAt] === worker &&
        ((words[at.mapFrom + (address >>> (16 satisfies ChunkShift))] as number) &
          (63 satisfies ClassMask)) ===
          index
      ) {
        bytes[stateAt] = worker | (128 satisfies Live);
        words[gaugeAt] = (filled + (0x1ffff satisfies Allocated)) | 0;
        return address as Address;
      }
    }
    return (slow.allocateSlow(size, options) >>> 0) as Address;
  };
}

export function deallocateOver<Options>(at: Lookup, slow: SlowHalves<Options>): Deallocate {
  return function deallocate(address, size) {
    if (typeof address === "number" && address >>> 0 === address) {
      const chunk = ((address >>> (16 satisfies ChunkShift)) - at.firstChunk) >>> 0;
      if (chunk < at.chunks) {
        const { words, bytes } = at;
        const entry = words[(320 satisfies MapAt) + chunk] as number;
        const index = entry & (63 satisfies ClassMask);
        const distance = entry >>> (13 satisfies DistanceShift);
        // The offset in the slab, divided (layout/class-table.ts).
        const product = Math.imul(
          (distance << (16 satisfies ChunkShift)) | (address & 0xffff),
          words[(62 satisfies Inverses) + (index << 2)] as number,
        );
        const shift = entry >>> (8 satisfies DivisorShift);
        const position = ((product >>> shift) | (product << (32 - shift))) >>> 0;
        const stateAt = (((chunk - distance) << at.stateShift) + position + at.tableBytes) | 0;
        if (
          position < (16_384 satisfies SlotLimit) &&
          (bytes[stateAt] as number) >= (128 satisfies Live) &&
          (size === undefined || at.classFor(size) === index)
        ) {
          const gaugeAt = at.gaugeOfNone + index;
          const filled = words[gaugeAt] as number;
          if ((filled & at.spaceMask) > 1) {
            const roundAt =
              (at.gaugeOfNone + (66 satisfies ToAbove) + ((filled & (0xffff satisfies TopIndex)) << 1)) | 0;
            words[roundAt] = address;
            words[roundAt + 1] = stateAt;
            bytes[stateAt] = at.worker;
            words[gaugeAt] = (filled + 1) | 0;
            return;
          }
        }
      }
    }
    slow.deallocateSlow(address, size);
  };
}

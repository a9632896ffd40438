// The leaf of a chunk, made when the first record begins in it, or one with a finer stride when it serves shorter objects.
//
// Who makes it has a slot in that chunk, so the chunk keeps its class: the only others who write its entry want the same.
// A new leaf belongs to its worker until a compare-exchange has put it into the directory, and to nobody from then on; a
// worker that dies in between is settled by the directory (recovery.ts). The leaf before stays: late readers may be in it.

import { type Address, AllocatorError } from "../base/index.ts";
import { chunkBytes, header } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { chunkOf, entryOf, leafBytes, strideShiftFor, strideShiftOf, stubIn } from "./directory.ts";
import { generationAfter, generationShift, nextGeneration } from "./stub.ts";

/** Where objects come from, as their worker's; and are made nobody's. */
export interface ObjectSource {
  /** 0 where none can be had. */
  allocate(bytes: number): Address;
  deallocate(address: Address): void;
  disown(address: Address): void;
}

/** Somebody else's leaf is as good as one's own: the second look finds it. */
const mostTries = 4;

/** The entry of the leaf for a slot of the caller's, of so many bytes; 0 where none can be had. */
export function ensureLeaf(heap: Heap, address: Address, objectBytes: number, source: ObjectSource): number {
  const at = heap.layout.generationsAt + chunkOf(heap, address);
  const wanted = strideShiftFor(objectBytes);
  for (let tries = 0; tries < mostTries; tries++) {
    const seen = heap.atomics.load(heap.words, at);
    if (seen !== 0 && strideShiftOf(seen) <= wanted) return seen;
    const leaf = source.allocate(leafBytes(wanted));
    if (leaf === 0) return 0;
    const made = entryOf(leaf, wanted) | 0;
    writeStubs(heap, made, seen);
    // Publishes the stubs: who reads this entry sees them.
    if (heap.atomics.swap(heap.words, at, seen, made)) {
      source.disown(leaf);
      return made;
    }
    source.deallocate(leaf);
  }
  throw new AllocatorError(
    "ERR_CORRUPT_HEAP",
    `the generations of the chunk at ${address} change under a live slot`,
  );
}

/** Each stub goes on where the one before it stood; without one, behind all generations of before the last reset. */
function writeStubs(heap: Heap, made: number, before: number): void {
  const { whole, words } = heap;
  const stride = 1 << strideShiftOf(made);
  const first = nextGeneration(words[header.generationsFrom] as number);
  for (let offset = 0; offset < chunkBytes; offset += stride) {
    const next = before === 0 ? first : generationAfter(whole[stubIn(before, offset)] as number);
    whole[stubIn(made, offset)] = next << generationShift;
  }
}

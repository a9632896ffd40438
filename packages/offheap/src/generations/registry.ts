// The table of all Records of a heap: an object of the heap, named by the header. Entry n is 0, or the address of the
// object that the Records of number n is known by. Cells carry the number, so none is used twice at a time.

import { type Address, AllocatorError } from "../base/index.ts";
import { header } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { mostNumber } from "./cell.ts";
import type { ObjectSource } from "./leaf.ts";

const wordShift = 2;
/** Bytes of the table, in a heap whose objects have that many. */
const usualBytes = 1024 * 4;

export const registryAt = ({ words, atomics }: Heap): number => atomics.load(words, header.registry) >>> 0;

/** Calls back for each number in use. */
export function forEachListed(heap: Heap, act: (number: number, address: number) => void): void {
  const table = registryAt(heap) >>> wordShift;
  if (table === 0) return;
  for (let number = 1; number <= numbersOf(heap); number++) {
    const address = heap.atomics.load(heap.whole, table + number) >>> 0;
    if (address !== 0) act(number, address);
  }
}

/** Where the entry of a number is, in `Heap.whole`. */
export const entryAt = (heap: Heap, number: number): number => (registryAt(heap) >>> wordShift) + number;

/** Numbers that a table of the heap has, from 1 on. */
export function numbersOf({ layout }: Heap): number {
  const largest = layout.objectBytes.at(-1) as number;
  return Math.min(mostNumber, (Math.min(largest, usualBytes) >>> wordShift) - 1);
}

/** Lists an object of the caller's under a number of its own, and makes it nobody's. @throws ERR_OUT_OF_MEMORY */
export function listObject(heap: Heap, object: Address, source: ObjectSource): number {
  const { whole, atomics } = heap;
  if (registryAt(heap) === 0) makeRegistry(heap, source);
  for (let number = 1; number <= numbersOf(heap); number++) {
    const at = entryAt(heap, number);
    if (whole[at] !== 0) continue;
    // Publishes the object: who finds it in the table sees what it holds.
    if (!atomics.swap(whole, at, 0, object | 0)) continue;
    source.disown(object);
    return number;
  }
  throw new AllocatorError("ERR_OUT_OF_MEMORY", `a heap has at most ${numbersOf(heap)} Records at a time`);
}

function makeRegistry(heap: Heap, source: ObjectSource): void {
  const { whole, words, atomics } = heap;
  const numbers = numbersOf(heap);
  const table = source.allocate((numbers + 1) << wordShift);
  for (let number = 0; number <= numbers; number++) whole[(table >>> wordShift) + number] = 0;
  // Publishes the table. The second to make one gives it back.
  if (atomics.swap(words, header.registry, 0, table | 0)) source.disown(table);
  else source.deallocate(table);
}

// The table of all Records of a heap: an object of the heap, named by the header. Entry n is 0, or the address of the
// object that the Records of number n is known by. Stubs carry the number, so none is used twice at a time. Entry 0 is the
// highest number that was ever used.

import type { Address } from "../base/index.ts";
import { header } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import type { ObjectSource } from "./leaf.ts";
import { mostNumber } from "./stub.ts";

const wordShift = 2;
/** Bytes of the table, in a heap whose objects have that many. */
const usualBytes = 1024 * 4;

/** 0: there is none yet, or the header is damaged. */
export function registryAt(heap: Heap): number {
  const address = heap.atomics.load(heap.words, header.registry) >>> 0;
  return (address >>> wordShift) + numbersOf(heap) < heap.whole.length ? address : 0;
}

/** Calls back for each number in use. */
export function forEachListed(heap: Heap, act: (number: number, address: number) => void): void {
  const table = registryAt(heap) >>> wordShift;
  if (table === 0) return;
  const highest = Math.min(heap.atomics.load(heap.whole, table), numbersOf(heap));
  for (let number = 1; number <= highest; number++) {
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

/** Lists an object of the caller's under a number of its own, and makes it nobody's; 0 when all numbers are in use. */
export function listObject(heap: Heap, object: Address, source: ObjectSource): number {
  const { whole, atomics } = heap;
  for (let number = 1; number <= numbersOf(heap); number++) {
    const at = entryAt(heap, number);
    if (atomics.load(whole, at) !== 0) continue;
    raiseHighest(heap, number);
    // Publishes the object: who finds it in the table sees what it holds.
    if (!atomics.swap(whole, at, 0, object | 0)) continue;
    source.disown(object);
    return number;
  }
  return 0;
}

/** Before the entry, so that none is passed by. */
function raiseHighest(heap: Heap, number: number): void {
  const at = entryAt(heap, 0);
  for (let tries = 0; tries <= mostNumber; tries++) {
    const seen = heap.atomics.load(heap.whole, at);
    if (seen >= number || heap.atomics.swap(heap.whole, at, seen, number)) return;
  }
}

/** Sees to it that the heap has a table; false where it cannot be had. */
export function ensureRegistry(heap: Heap, source: ObjectSource): boolean {
  if (registryAt(heap) !== 0) return true;
  const { whole, words, atomics } = heap;
  const numbers = numbersOf(heap);
  const table = source.allocate((numbers + 1) << wordShift);
  if (table === 0) return false;
  for (let number = 0; number <= numbers; number++) whole[(table >>> wordShift) + number] = 0;
  // Publishes the table. The second to make one gives it back.
  if (atomics.swap(words, header.registry, 0, table | 0)) source.disown(table);
  else source.deallocate(table);
  return true;
}

// What check() looks at of records: a leaf is a live object; the table of Records, and all that those are known by, are nobody's;
// the table is as long as it must be, and empty from the highest number on; a live stub's record is in a live slot, under the
// number of a Records; no generation is above the highest.

import type { ChunkIndex } from "../base/index.ts";
import {
  chunkOf,
  forEachListed,
  generationOf,
  isLive,
  leafBytes,
  leafOf,
  numberOf,
  numbersOf,
  objectBytesAt,
  registryAt,
  slotAt,
  slotStartFrom,
  strideShiftOf,
  stubIn,
} from "../generations/index.ts";
import { chunkBytes, header, slotLive } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import type { Report } from "./violation.ts";

export function checkGenerations(heap: Heap, report: Report): void {
  const { layout, words, states } = heap;
  const stateOf = (address: number) => states[slotAt(heap, address)] as number;
  const numbers = new Set<number>();
  const table = registryAt(heap);
  if (table !== 0) {
    if (stateOf(table) !== slotLive || !isTable(heap, table))
      return report("generation", `the table of Records is at ${table}, where none stands`);
    forEachListed(heap, (number, address) => {
      numbers.add(number);
      if (stateOf(address) !== slotLive)
        report("generation", `the object of Records ${number} is at ${address}, where none stands`);
    });
  }
  for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
    const entry = words[layout.generationsAt + chunk] as number;
    if (entry === 0) continue;
    const leaf = leafOf(entry);
    if (!(stateOf(leaf) >= slotLive))
      report("generation", `the leaf of chunk ${chunk} at ${leaf} is not live`);
    else if (objectBytesAt(heap, chunkOf(heap, leaf)) < leafBytes(strideShiftOf(entry)))
      report("generation", `the leaf of chunk ${chunk} at ${leaf} is too short to be one`);
    else checkLeaf(heap, chunk as ChunkIndex, entry, numbers, report);
  }
}

/** Whether an object is as long as the table, and has nothing behind the highest number. */
function isTable(heap: Heap, address: number): boolean {
  const numbers = numbersOf(heap);
  if (objectBytesAt(heap, chunkOf(heap, address)) < (numbers + 1) * 4) return false;
  const table = heap.whole.subarray(address / 4, address / 4 + numbers + 1);
  const highest = table[0] as number;
  return highest >= 0 && highest <= numbers && table.subarray(highest + 1).every((entry) => entry === 0);
}

function checkLeaf(
  heap: Heap,
  chunk: ChunkIndex,
  entry: number,
  numbers: ReadonlySet<number>,
  report: Report,
): void {
  const stride = 1 << strideShiftOf(entry);
  const highest = heap.words[header.generations] as number;
  for (let offset = 0; offset < chunkBytes; offset += stride) {
    const stub = heap.whole[stubIn(entry, offset)] as number;
    if (generationOf(stub) === 0)
      return report(
        "generation",
        `stub ${offset / stride} of chunk ${chunk} has no generation: it is in no leaf`,
      );
    if (!isLive(stub)) continue;
    const generation = generationOf(stub);
    const name = `stub ${offset / stride} of chunk ${chunk}, of Records ${numberOf(stub)}`;
    if (generation > highest) report("generation", `${name}, has generation ${generation}, above ${highest}`);
    if (!numbers.has(numberOf(stub))) report("generation", `${name}, is live, and there are no such Records`);
    const start = startOf(heap, chunk, offset);
    const state = heap.states[slotAt(heap, start)] as number;
    if (start === 0 || !(state >= slotLive)) report("generation", `${name}, is live, its slot is not`);
  }
}

/** The address of the slot that a stub is about; 0 where the chunk is in no slab. */
function startOf(heap: Heap, chunk: ChunkIndex, offset: number): number {
  const objectBytes = objectBytesAt(heap, chunk);
  if (objectBytes === 0) return 0;
  return heap.dataAt + chunk * chunkBytes + slotStartFrom(heap, chunk, offset, objectBytes);
}

// What check() looks at of records: a leaf and all that Records are known by are live objects, a live stub's record is in a
// live slot, under the number of a Records, and no generation is above the highest.

import type { ChunkIndex } from "../base/index.ts";
import {
  chunkOf,
  forEachListed,
  generationOf,
  isLive,
  leafBytes,
  leafOf,
  numberOf,
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
  const isLiveAt = (address: number) => (states[slotAt(heap, address)] as number) >= slotLive;
  const numbers = new Set<number>();
  const table = registryAt(heap);
  if (table !== 0) {
    if (!isLiveAt(table)) return report("generation", `the table of Records at ${table} is not live`);
    forEachListed(heap, (number, address) => {
      numbers.add(number);
      if (!isLiveAt(address))
        report("generation", `the object of Records ${number} at ${address} is not live`);
    });
  }
  for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
    const entry = words[layout.generationsAt + chunk] as number;
    if (entry === 0) continue;
    const leaf = leafOf(entry);
    if (!isLiveAt(leaf)) report("generation", `the leaf of chunk ${chunk} at ${leaf} is not live`);
    else if (objectBytesAt(heap, chunkOf(heap, leaf)) < leafBytes(strideShiftOf(entry)))
      report("generation", `the leaf of chunk ${chunk} at ${leaf} is too short to be one`);
    else checkLeaf(heap, chunk as ChunkIndex, entry, numbers, report);
  }
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
